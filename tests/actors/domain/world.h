#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "actors/domain/decide.h"
#include "tests/support/program_p0.h"

namespace wutong::testing {

/// An order as a test tells it. All of the rest is paid in cash.
struct Order {
  std::string id;
  std::string venue = "M1";
  domain::Money amount;
  domain::Points use;
  domain::Money excluded;
  domain::Instant paid_at;
};

[[nodiscard]] domain::RecordKey order_key(const std::string& venue, const std::string& id);
[[nodiscard]] domain::RecordKey refund_key(const std::string& venue, const std::string& id);
/// Of a kind of its own: "hold", "release", "grant", "revocation".
[[nodiscard]] domain::RecordKey key_of_kind(const std::string& kind, const std::string& id);

/// One member, run as a shard runs it: what is due first, then the command; accepted events are
/// stamped, applied and their records kept.
class World {
 public:
  World();

  domain::Program program = program_p0();
  domain::RiskPolicy policy{.version = 1};
  domain::Member member;
  std::vector<domain::Event> events;

  /// The instant that commands without one of their own are received at; never falls.
  domain::Instant now = at("2026-11-02 10:00:00");

  [[nodiscard]] domain::Checkout checkout(const Order& order) const;
  [[nodiscard]] domain::Refund refund(const std::string& id, const Order& order,
                                      domain::RefundScope scope) const;

  /// At M1, and now.
  [[nodiscard]] domain::Hold hold(const std::string& id, domain::Points points) const;
  [[nodiscard]] domain::Release release(const std::string& hold) const;
  [[nodiscard]] domain::Grant grant(const std::string& id, domain::Points points,
                                    const std::string& party = "MALL") const;
  [[nodiscard]] domain::RevokeGrant revocation(const std::string& id,
                                               const std::string& grant) const;
  /// The order with a hold to capture.
  [[nodiscard]] domain::Checkout capture(const Order& order, const std::string& hold) const;

  domain::Decision run(const domain::Command& command);
  /// What must come of the command.
  template <typename Happened>
  Happened done(const domain::Command& command) {
    const domain::Decision decision = run(command);
    const auto* accepted = std::get_if<domain::Accepted>(&decision);
    if (accepted == nullptr || !std::holds_alternative<Happened>(accepted->event)) {
      tell_unexpected(decision);
      return {};
    }
    return std::get<Happened>(accepted->event);
  }
  /// Only what is due.
  void pass_time();
  /// What no command brings about: stamped, applied and kept like what one does.
  void happen(domain::Event event);

  /// The record of what must be accepted.
  domain::CheckedOut buy(const Order& order);
  domain::CheckedOut buy(const domain::Checkout& checkout);
  domain::Refunded give_back(const std::string& id, const Order& order, domain::RefundScope scope);
  /// The refusal of what must be refused, and must change nothing.
  domain::Refused refusal(const domain::Command& command);

  [[nodiscard]] domain::Balances balances() const;

 private:
  static void tell_unexpected(const domain::Decision& decision);

  std::uint64_t next_sequence_ = 1;
};

/// Earned points line by line: {58, 30}.
[[nodiscard]] std::vector<std::int64_t> points_of(const std::vector<domain::AwardLine>& awards);
[[nodiscard]] std::int64_t earned(const domain::CheckedOut& order);

/// Movements as text: "use -250 POOL->MALL 700000".
[[nodiscard]] std::vector<std::string> postings(const domain::Effects& effects);
/// What each direction sums to: {"MALL->POOL", 264000}.
[[nodiscard]] std::map<std::string, std::int64_t> owed(const domain::Effects& effects);
/// Lots with points: "MALL 500 until 2027-12-31".
[[nodiscard]] std::vector<std::string> lots(const domain::Member& member);
/// What the pool owes for the member's lots.
[[nodiscard]] std::int64_t pool_owes(const domain::Member& member);
[[nodiscard]] std::int64_t clawed_back_in_total(const domain::Refunded& refund, std::size_t line);

}  // namespace wutong::testing
