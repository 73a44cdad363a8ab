#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "actors/domain/effects.h"
#include "actors/domain/program.h"
#include "actors/domain/quantities.h"

/// What a member has, as the oracle sees it: single grants in time. There are no lots; what the rules
/// say of a lot is asked of all grants that agree in their terms.
namespace wutong::oracle {

/// What makes grants one lot.
struct Terms {
  domain::PartyId party;
  std::int64_t price = 0;
  std::int32_t last_day = 0;

  friend auto operator<=>(const Terms&, const Terms&) = default;
};

/// Points that came at one time from one line.
struct SingleGrant {
  std::int64_t came = 0;
  Terms terms;
  /// When the first grant of these terms came to this member: the serial of the lot.
  std::int64_t first_came = 0;
  std::int64_t left = 0;
  /// Of `left`: set aside.
  std::int64_t held = 0;
};

/// What one hold sets aside of one grant.
struct SetAside {
  std::int64_t came = 0;
  std::int64_t points = 0;
};
struct OpenHold {
  domain::RecordKey hold;
  domain::Instant lapses_at;
  std::vector<SetAside> parts;
};

struct Owed {
  domain::Instant order_at;
  domain::RecordKey order;
  std::size_t line = 0;
  domain::PartyId party;
  std::int64_t points = 0;
};

/// Points used of one lot and accepted by one party.
struct Use {
  Terms terms;
  domain::PartyId accepted_by;
  std::int64_t points = 0;
};

struct Claim {
  domain::Reason reason = domain::Reason::claw_back;
  domain::Instant order_at;
  domain::RecordKey order;
  std::size_t line = 0;
  Terms terms;
  std::int64_t points = 0;
};

/// Sums of what moved: into the purse positive, out of it negative.
struct MovementKind {
  domain::Reason reason = domain::Reason::earn;
  domain::PartyId counterparty;
  Terms terms;

  friend auto operator<=>(const MovementKind&, const MovementKind&) = default;
};
struct Changes {
  std::map<MovementKind, std::int64_t> moved;
  std::int64_t debts_incurred = 0;
  std::int64_t debts_repaid = 0;
  std::int64_t counted_as_expired = 0;
  std::int64_t set_aside = 0;
  std::int64_t set_free = 0;

  [[nodiscard]] std::int64_t sum(domain::Reason reason) const;
};

/// What there is of some terms.
struct Holding {
  std::int64_t points = 0;
  std::int64_t held = 0;

  friend bool operator==(const Holding&, const Holding&) = default;
};

class Purse {
 public:
  /// Told apart by whoever comes next: since the last `begin`.
  Changes changes;
  void begin() {
    changes = {};
    came_now_.clear();
  }

  /// Remembers what came, for `repay`.
  void give(domain::Reason reason, domain::PartyId from, const Terms& terms, std::int64_t points);

  /// Takes `points` in burn order (D4), of what is usable on `today` or of what `hold` sets aside; a
  /// captured hold is over. `accepting` says who accepts how many, in order.
  struct Accepting {
    domain::PartyId party;
    std::int64_t points = 0;
  };
  std::vector<Use> use(const std::vector<Accepting>& accepting, std::int32_t today,
                       std::optional<domain::RecordKey> hold);

  /// D6. Tells how many points nothing covers; whether they are owed is said by `owe`.
  [[nodiscard]] std::int64_t claw_back(const Claim& claim);
  void owe(const Claim& claim, std::int64_t points);

  /// What came since `begin` repays debts, one line after the other, as far as there are still points of
  /// its terms.
  void repay();

  /// Points that nobody holds and whose day is before `today` are gone.
  void expire(std::int32_t today, const domain::Program& program);

  void set_aside(domain::RecordKey hold, domain::Instant lapses_at, std::int64_t points,
                 std::int32_t today);
  /// How many points it freed.
  std::int64_t set_free(domain::RecordKey hold);
  /// Frees what lapses at or before `now`; tells whether anything did.
  bool lapse(domain::Instant now);
  [[nodiscard]] std::optional<std::int64_t> held_by(domain::RecordKey hold) const;

  [[nodiscard]] std::int64_t usable(std::int32_t today) const;
  [[nodiscard]] std::int64_t held() const;
  [[nodiscard]] std::int64_t debt() const;
  [[nodiscard]] const std::vector<Owed>& debts() const { return debts_; }
  [[nodiscard]] std::map<Terms, Holding> holdings() const;

 private:
  void move(domain::Reason reason, domain::PartyId counterparty, SingleGrant& grant,
            std::int64_t points);
  std::int64_t take_free(const Claim& claim, std::int64_t points,
                         const std::function<bool(const SingleGrant&)>& from);
  SingleGrant* find(std::int64_t came);
  void sweep();

  /// In burn order: by last day, then by when the first of these terms came, then by when it came.
  std::vector<SingleGrant> grants_;
  std::vector<OpenHold> holds_;
  /// Oldest order first, then its lines in their order.
  std::vector<Owed> debts_;
  std::map<Terms, std::int64_t> first_came_;
  /// Expired and not counted by a claw-back yet.
  std::map<Terms, std::int64_t> expired_;
  std::int64_t last_came_ = 0;
  struct Came {
    Terms terms;
    std::int64_t points = 0;
  };
  std::vector<Came> came_now_;
};

}  // namespace wutong::oracle
