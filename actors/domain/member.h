#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "actors/domain/event.h"
#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"

namespace wutong::domain {

enum class MemberStatus : std::uint8_t { active = 1, suspended = 2, closed = 3 };

/// Points of one funding party with one expiry and one price. Lots that agree in party, price, expiry
/// and `available_from` are one.
struct Lot {
  /// From its first creation in this member; the tie-break of the burn order.
  std::uint32_t serial = 0;
  PartyId party;
  MilliMoney price;
  /// Usable until the first instant of the civil day after this one.
  Day expires_on;
  Instant available_from;
  Points points;
  /// Of `points`: set aside by holds.
  Points held;
  /// Expired and not yet counted by a claw-back.
  Points expired_uncounted;

  [[nodiscard]] Points free() const { return points - held; }

  friend bool operator==(const Lot&, const Lot&) = default;
};

/// What is owed for one award line of a refunded order, or for a revoked grant.
struct Debt {
  RecordKey order;
  Instant order_occurred_at;
  std::uint32_t line = 0;
  PartyId party;
  Points points;

  friend bool operator==(const Debt&, const Debt&) = default;
};

/// What one hold sets aside of one lot for a payment under way: used by its capture alone, never clawed
/// back, and not expiring before it is freed.
struct HeldPoints {
  RecordKey hold;
  /// The first instant at which it is not held any more.
  Instant lapses_at;
  std::uint32_t lot_serial = 0;
  Points points;

  friend bool operator==(const HeldPoints&, const HeldPoints&) = default;
};

/// An award line under review: no points of the member's yet.
struct PendingAward {
  RecordKey order;
  Instant order_occurred_at;
  std::uint32_t line = 0;
  /// The terms of the lot that they go into once they are approved, as they were decided.
  PartyId party;
  MilliMoney price;
  Day expires_on;
  Instant available_from;
  Points points;

  friend bool operator==(const PendingAward&, const PendingAward&) = default;
};

/// What limits and the progress of tiers go by.
struct Counter {
  Measure measure = Measure::points_earned;
  Window window = Window::calendar_day;
  /// The first of the window.
  Day day;
  std::int64_t value = 0;
  /// As in `CounterMove`.
  LimitId shadow;

  friend bool operator==(const Counter&, const Counter&) = default;
};

/// What was counted for sliding windows of one length in one sixtieth of it, on a grid from the epoch
/// on: it stays in the window as long as the last of it does.
struct SlidingCount {
  Measure measure = Measure::orders;
  std::int32_t seconds = 0;
  Instant last;
  std::int64_t value = 0;
  /// As in `CounterMove`.
  LimitId shadow;

  friend bool operator==(const SlidingCount&, const SlidingCount&) = default;
};

/// What the member is known by beside its id.
struct LinkedIdentity {
  IdentityKind kind = IdentityKind::phone;
  IdentityKey identity;
  Instant linked_at;

  friend bool operator==(const LinkedIdentity&, const LinkedIdentity&) = default;
};

/// The state of one member. Changed by `apply` alone; read by everybody who has it. A plain value.
///
/// `records` is no state but a window on the history: whoever runs the member puts the records that a
/// decision may ask for there before it, and may take any out afterwards. `apply` leaves it alone.
struct Member {
  std::string id;
  MemberStatus status = MemberStatus::active;
  std::uint32_t next_lot_serial = 1;
  Position position;
  Instant last_event_at;
  /// In burn order: by expiry, then serial. An emptied lot stays while it can still be needed.
  std::vector<Lot> lots;
  /// Oldest order first, then its lines in their order.
  std::vector<Debt> debts;
  /// Soonest to lapse first, then by hold and lot.
  std::vector<HeldPoints> holds;
  /// Oldest order first, then its lines in their order.
  std::vector<PendingAward> pending;
  /// By measure, then window, then day; the real one before shadows.
  std::vector<Counter> counters;
  /// By measure, then length, the real ones before shadows, then oldest first.
  std::vector<SlidingCount> sliding;
  /// By source, then first day. Which of them is the highest is the program's to say.
  std::vector<TierSpan> tiers;
  /// By kind, then hash; at most `identities_max`.
  std::vector<LinkedIdentity> identities;
  std::vector<Record> records;

  /// Not enrolled yet.
  [[nodiscard]] bool empty() const { return id.empty(); }

  friend bool operator==(const Member&, const Member&) = default;
};

/// Takes the records out, and their room with them: few commands ask for any, and one takes about as much as
/// all else of a member.
inline void drop_records(Member& member) {
  if (member.records.capacity() > 0) std::vector<Record>().swap(member.records);
}

/// Gives back the room that `member` has beyond what it holds: it is left by what has been more for a while,
/// such as counts within a sliding window.
void trim(Member& member);

/// Points usable at `today`, held, under review and owed. Ignores lots whose day has passed and lots
/// not available yet at `now`; a hold that has lapsed by `now` holds nothing.
[[nodiscard]] Balances balances_of(const Member& member, Day today, Instant now);

/// The earliest day on which a lot with points that nobody holds ends; a far-off day if there is none.
[[nodiscard]] Day next_expiry(const Member& member);

/// When time brings something about next, told without the program: far off where it never does.
struct NextDue {
  /// `next_expiry`.
  Day expires_on;
  /// The first instant at which the first hold has lapsed.
  Instant lapses_at;

  friend bool operator==(const NextDue&, const NextDue&) = default;
};
inline constexpr Instant never{std::numeric_limits<std::int64_t>::max()};
[[nodiscard]] NextDue next_due(const Member& member);
/// It has come by `now`, on `today` in the program's zone.
[[nodiscard]] inline bool is_due(NextDue next, Day today, Instant now) {
  return next.expires_on < today || next.lapses_at <= now;
}

/// What the hold still sets aside at `now`; nothing if it is unknown, over or has lapsed.
[[nodiscard]] Points held_by(const Member& member, RecordKey hold, Instant now);

/// The record with `key` that took effect, or nothing. Declines are looked for by `find_decline`.
[[nodiscard]] const Record* find_record(const Member& member, RecordKey key);
[[nodiscard]] const CheckedOut* find_order(const Member& member, RecordKey order);

/// The same, or the latest decline of the id.
[[nodiscard]] const Record* find_receipt(const Member& member, RecordKey key);

/// The decline of a request with `key` whose content is `content`, or nothing.
template <typename Content>
[[nodiscard]] const Record* find_decline(const Member& member, RecordKey key,
                                         const Content& content) {
  for (const Record& record : member.records) {
    const auto* declined = std::get_if<Declined>(&record);
    if (declined == nullptr || declined->key != key) continue;
    const auto* known = std::get_if<Content>(&declined->content);
    if (known != nullptr && *known == content) return &record;
  }
  return nullptr;
}

/// The totals of the last refund of `order` among the records, or nothing if there was none.
[[nodiscard]] const RefundTotals* find_totals(const Member& member, RecordKey order);

/// What is broken in the state, or an empty text. Checked after every `apply`.
[[nodiscard]] std::string broken_invariant(const Member& member);

}  // namespace wutong::domain
