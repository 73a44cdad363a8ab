#pragma once

#include <absl/container/inlined_vector.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "actors/domain/event.h"
#include "actors/domain/lots.h"
#include "actors/domain/member.h"
#include "actors/domain/program.h"

namespace wutong::domain {

/// The most points that one member's lots may have in all, what has expired included. Far beyond any
/// real member, and small enough that no sum of the domain overflows.
inline constexpr std::int64_t member_points_max = 1'000'000'000'000;

/// A member's lots as an event under decision would leave them: points of holds that have lapsed are
/// free from the start, those of open holds are not touched. Every change is written down as an
/// effect at once, so that applying the effects to the member gives what stands here.
/// A value on the stack of one decision; the member outlives it.
class Draft {
 public:
  Draft(const Member& member, Day today, Instant now);

  /// What a movement is for: the reason, the line it concerns and who settles it with the pool.
  struct Cause {
    Reason reason = Reason::earn;
    std::uint32_t line = 0;
    PartyId counterparty;
  };

  /// Whether `incoming` more points keep the member within `member_points_max`.
  [[nodiscard]] bool has_room_for(Points incoming) const;

  /// Into the lot of these terms, which is made if there is none: under `former_serial` if it had one
  /// before it was emptied and forgotten (0 if not). REQUIRES: there is room.
  void put(Cause cause, const LotTerms& terms, Points points, std::uint32_t former_serial = 0);

  /// Out of usable lots in burn order; each lot is a line of its own, the first is `cause.line`.
  /// Returns how many there were. REQUIRES: as much is available.
  std::uint32_t take_usable(Cause cause, Points points);

  /// Out of the lot of these terms; as much as it has, at most `points`. Returns what was taken.
  Points take_from(Cause cause, const LotTerms& terms, Points points);

  /// Counts what of the lot of these terms has expired as taken, at most `points`. Returns how much.
  Points count_expired(std::uint32_t line, const LotTerms& terms, Points points);

  /// Out of all lots in burn order, usable or not, but not what is held; at most `points`. Returns what
  /// was taken.
  Points take_from_all(Cause cause, Points points);

  /// Sets usable points aside, in burn order. REQUIRES: as much is available.
  void hold(RecordKey hold, Instant lapses_at, Points points);

  /// As `take_usable`, out of what the hold sets aside, whether its day has passed or not.
  /// REQUIRES: it holds as much.
  std::uint32_t take_held(Cause cause, RecordKey hold, Points points);

  /// Frees what the hold still sets aside. Returns how much that was.
  Points free_hold(RecordKey hold);

  void owe(const DebtChange& debt);

  /// All points that this event brought and that still lie in their lots repay debts, the oldest
  /// order's first.
  void repay_debts();

  /// Takes out what lies in lots whose day has passed.
  void expire(const Program& program);

  /// So many moves of counters may come.
  void expect_moves(std::size_t moves) { effects_.counters.reserve(moves); }
  void count(const CounterMove& move) { effects_.counters.push_back(move); }
  void count(const SlidingMove& move) { effects_.sliding.push_back(move); }

  [[nodiscard]] Balances balances() const;

  /// The effects so far, moved out: the last call.
  [[nodiscard]] Effects take_effects() { return std::move(effects_); }

 private:
  using Lots = absl::InlinedVector<Lot, 6>;

  void let_holds_lapse();
  void change_hold(HeldPoints& part, Lot& lot, Points by);
  [[nodiscard]] Lot* find(const LotTerms& terms);
  Lot& find_or_make(const LotTerms& terms, std::uint32_t former_serial);
  Points take(Cause cause, Lot& lot, Points at_most);
  void record(Cause cause, const Lot& lot, Points points);

  const Member* member_;
  Day today_;
  Instant now_;
  std::uint32_t next_serial_;
  /// In burn order, like the member's.
  Lots lots_;
  /// Those that have not lapsed.
  std::vector<HeldPoints> holds_;
  Effects effects_;
};

}  // namespace wutong::domain
