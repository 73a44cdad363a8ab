#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/time/civil_time.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/earning.h"
#include "load/rules.h"

/// What a member's points should be, step by step (D3 to D6, D8), for one member and in the order in
/// which the gateway decided. Independent of the gateway's code, as load/earning.h is.
namespace wutong::load {

struct Lot {
  std::string party;
  absl::CivilDay expires_on;
  std::uint32_t serial = 0;
  std::int64_t points = 0;
  /// Expired out of it and not yet counted by a claw-back.
  std::int64_t expired = 0;
};

/// Points that were in one lot when an order used them.
struct LotUse {
  std::string party;
  absl::CivilDay expires_on;
  std::int64_t points = 0;
};

struct RefundScope {
  enum class Kind : std::uint8_t { amount, lines, whole };
  Kind kind = Kind::whole;
  std::int64_t amount_minor = 0;
  std::int64_t excluded_minor = 0;
  std::vector<std::uint32_t> lines;
};

struct CheckoutResult {
  Earning earning;
  absl::CivilDay expires_on;
  std::vector<LotUse> used;
  std::int64_t debt_repaid = 0;
};

struct RefundResult {
  std::int64_t amount_minor = 0;
  std::int64_t excluded_minor = 0;
  std::int64_t offset_money_minor = 0;
  std::int64_t cash_back_minor = 0;
  std::int64_t clawed_back = 0;
  std::int64_t given_back = 0;
  std::int64_t total_amount_minor = 0;
  std::int64_t total_clawed_back = 0;
  std::int64_t total_given_back = 0;
  /// Of `clawed_back`: gone already, and owed now.
  std::int64_t clawed_back_as_expired = 0;
  std::int64_t debt_incurred = 0;
  std::int64_t debt_repaid = 0;
};

/// A value; what it computes depends on nothing else.
class Account {
 public:
  /// REQUIRES: `rules` lives longer.
  explicit Account(const Rules& rules) : rules_(&rules) {}

  /// Points that were there before the first step.
  void start_with(Lot lot) { lots_.push_back(std::move(lot)); }
  /// Points earned on `day` before the first step; counts only if nothing was counted yet.
  void start_counter(absl::CivilDay day, std::int64_t earned) { earned_.emplace(day, earned); }

  /// Changes that are not judged: points into (or, negative, out of) a lot, debts, the day's counter.
  void adjust_lot(const std::string& party, absl::CivilDay expires_on, std::int64_t points);
  void adjust_debt(std::int64_t points) { debt_ += points; }
  void adjust_counter(absl::CivilDay day, std::int64_t points);

  /// What the gateway calls a lot: two lots with one last day are used up by their serials. False if
  /// that contradicts what it said before.
  [[nodiscard]] bool name_lot(const std::string& party, absl::CivilDay expires_on,
                              std::uint32_t serial);

  /// Takes an accepted order; `caps` are the bounds of the live caps on points earned a day. Nothing
  /// if the rules would refuse it (not in steps, above the share or the balance, below the threshold).
  [[nodiscard]] std::optional<CheckoutResult> checkout(const std::string& order_key,
                                                       const Order& order,
                                                       std::int64_t received_at_unix_ms,
                                                       const std::vector<std::int64_t>& caps);

  /// Takes an accepted refund. Nothing if the rules would refuse it (no such order, more than left).
  [[nodiscard]] std::optional<RefundResult> refund(const std::string& order_key,
                                                   const RefundScope& scope,
                                                   std::int64_t received_at_unix_ms);

  /// Points whose day has passed at `now` are gone.
  void expire(std::int64_t now_unix_ms);

  [[nodiscard]] std::int64_t available() const;
  [[nodiscard]] std::int64_t debt() const { return debt_; }
  /// Points earned on `day` as limits count them; nothing if no order of that day was seen.
  [[nodiscard]] std::optional<std::int64_t> earned_on(absl::CivilDay day) const;
  [[nodiscard]] const std::vector<Lot>& lots() const { return lots_; }

 private:
  /// An order taken, and what refunds have taken of it so far.
  struct Taken {
    Order order;
    CheckoutResult result;
    std::int64_t refunded_minor = 0;
    std::int64_t refunded_excluded_minor = 0;
    std::int64_t offset_back_minor = 0;
    std::vector<std::uint32_t> refunded_lines;
    std::vector<std::int64_t> clawed_back;
    std::vector<std::int64_t> given_back;
  };
  struct Incoming {
    std::uint32_t lot = 0;
    std::int64_t points = 0;
  };

  [[nodiscard]] std::optional<RefundScope> judged(const Taken& taken,
                                                  const RefundScope& scope) const;
  std::size_t lot_of(const std::string& party, absl::CivilDay expires_on);
  std::vector<std::size_t> burn_order() const;
  std::vector<LotUse> use(std::int64_t points);
  void claw_back(const std::string& party, absl::CivilDay expires_on, std::int64_t points,
                 RefundResult& result);
  std::int64_t repay(const std::vector<Incoming>& incoming);

  const Rules* rules_;
  std::vector<Lot> lots_;
  std::int64_t debt_ = 0;
  std::uint32_t next_serial_ = 1;
  std::map<absl::CivilDay, std::int64_t> earned_;
  absl::flat_hash_map<std::string, Taken> taken_;
};

}  // namespace wutong::load
