#pragma once

#include <cstdint>
#include <vector>

#include "actors/domain/quantities.h"
#include "actors/domain/risk_policy.h"
#include "actors/domain/symbol.h"

/// What an event does to a member: results, which `apply` carries out without a decision of its own.
namespace wutong::domain {

enum class Reason : std::uint8_t {
  earn = 1,        ///< into a lot; `line` is the award line
  use = 2,         ///< out of a lot; `line` is the index among the uses
  give_back = 3,   ///< into a lot; `line` is the original's use
  claw_back = 4,   ///< out of a lot; `line` is the original's award line
  repay_debt = 5,  ///< out of a lot; `line` is the debt's award line
  expire = 6,      ///< out of a lot
  grant = 7,       ///< into a lot, by no order
  revoke = 8,      ///< out of a lot: granted points are taken back
};

/// `points` into (positive) or out of (negative) one lot. The lot is named by what makes it one, so
/// that applying it can make the lot. It is also the posting: `counterparty` owes the pool
/// `points` × `price`; a negative product is what the pool owes the counterparty.
struct Movement {
  Reason reason = Reason::earn;
  std::uint32_t line = 0;
  std::uint32_t lot_serial = 0;
  PartyId party;
  MilliMoney price;
  Day expires_on;
  Instant available_from;
  Points points;
  PartyId counterparty;

  friend bool operator==(const Movement&, const Movement&) = default;
};

/// A change of what a member owes for one award line of one order, or for a grant, which is an order of
/// one line here.
struct DebtChange {
  RecordKey order;
  Instant order_occurred_at;
  std::uint32_t line = 0;
  PartyId party;
  Points points;

  friend bool operator==(const DebtChange&, const DebtChange&) = default;
};

/// `points` of a lot that had expired are counted as clawed back; they are used up for later counts.
struct ExpiredCount {
  std::uint32_t lot_serial = 0;
  std::uint32_t line = 0;
  Points points;

  friend bool operator==(const ExpiredCount&, const ExpiredCount&) = default;
};

/// Points of one lot that a hold sets aside, or, negative, sets free. They stay in their lot and the
/// member's, so nothing is posted.
struct HoldChange {
  RecordKey hold;
  Instant lapses_at;
  std::uint32_t lot_serial = 0;
  Points points;

  friend bool operator==(const HoldChange&, const HoldChange&) = default;
};

/// Points of an award line that begin to wait for a review, or, negative, wait no longer. They are not
/// issued and not posted; once they are approved they go into the lot of these terms.
struct PendingChange {
  RecordKey order;
  Instant order_occurred_at;
  std::uint32_t line = 0;
  PartyId party;
  MilliMoney price;
  Day expires_on;
  Instant available_from;
  Points points;

  friend bool operator==(const PendingChange&, const PendingChange&) = default;
};

/// Where a tier comes from.
enum class TierSource : std::uint8_t {
  reached = 1,  ///< by the progress of the period
  kept = 2,     ///< from the period before
  given = 3,    ///< by hand
};

/// The member has `tier` from `from` on until `until`, both included, unless another span gives a
/// higher one. As an effect it takes the place of the span from the same source and day; an empty tier
/// takes that away.
struct TierSpan {
  TierSource source = TierSource::reached;
  Day from;
  Day until;
  TierId tier;

  friend bool operator==(const TierSpan&, const TierSpan&) = default;
};

/// A move of the member's counter of `measure` in the calendar window that `day` is the first day of.
struct CounterMove {
  Measure measure = Measure::points_earned;
  Window window = Window::calendar_day;
  Day day;
  std::int64_t delta = 0;
  /// Empty: what was really done. Else what this limit would have let through, were it live.
  LimitId shadow;

  friend bool operator==(const CounterMove&, const CounterMove&) = default;
};

/// Something counted in the sliding window that ends with the event's `received_at`.
struct SlidingMove {
  Measure measure = Measure::orders;
  std::int32_t seconds = 0;
  std::int64_t delta = 0;
  /// As in `CounterMove`.
  LimitId shadow;

  friend bool operator==(const SlidingMove&, const SlidingMove&) = default;
};

/// All that an event does to a member's points and counters; `apply` does no more and no less.
struct Effects {
  std::vector<Movement> movements;
  std::vector<DebtChange> debts;
  std::vector<HoldChange> holds;
  std::vector<PendingChange> pending;
  std::vector<ExpiredCount> expired_counts;
  std::vector<CounterMove> counters;
  std::vector<SlidingMove> sliding;
  std::vector<TierSpan> tiers;

  friend bool operator==(const Effects&, const Effects&) = default;
};

struct Balances {
  Points available;
  Points held;
  Points pending;
  Points debt;

  friend bool operator==(const Balances&, const Balances&) = default;
};

}  // namespace wutong::domain
