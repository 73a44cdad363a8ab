#include <algorithm>
#include <iterator>
#include <vector>

#include "actors/domain/decide.h"
#include "actors/domain/ensure.h"
#include "actors/domain/identities.h"
#include "actors/domain/keeping.h"
#include "actors/domain/lots.h"
#include "actors/domain/rows.h"
#include "actors/domain/windows.h"

namespace wutong::domain {
namespace {

Lot& lot_of(Member& member, const Movement& movement) {
  if (Lot* lot = find_lot(member.lots, movement.lot_serial)) return *lot;
  const Lot made{.serial = movement.lot_serial,
                 .party = movement.party,
                 .price = movement.price,
                 .expires_on = movement.expires_on,
                 .available_from = movement.available_from};
  member.next_lot_serial = std::max(member.next_lot_serial, made.serial + 1);
  return insert_row(member.lots, std::ranges::upper_bound(member.lots, made, burns_before), made);
}

/// Adds `made` to the row in its place, or makes it that row; a row that comes to nothing goes.
template <typename Row, typename Count>
void add(std::vector<Row>& rows, const Row& made, Count Row::*count) {
  const auto at = std::ranges::lower_bound(rows, place_of(made), {},
                                           [](const Row& row) { return place_of(row); });
  if (at == rows.end() || place_of(*at) != place_of(made)) {
    insert_row(rows, at, made);
    return;
  }
  (*at).*count += made.*count;
  if ((*at).*count == Count{}) rows.erase(at);
}

void apply_to(Member& member, const Movement& movement) {
  Lot& lot = lot_of(member, movement);
  ENSURE(terms_of(lot) == terms_of(movement), "a movement names another lot than it describes");
  lot.points += movement.points;
  if (movement.reason == Reason::expire) lot.expired_uncounted -= movement.points;
}

void apply_to(Member& member, const ExpiredCount& count) {
  Lot* lot = find_lot(member.lots, count.lot_serial);
  ENSURE(lot != nullptr, "expired points of a forgotten lot are counted");
  lot->expired_uncounted -= count.points;
}

void apply_to(Member& member, const DebtChange& change) {
  add(member.debts,
      {.order = change.order,
       .order_occurred_at = change.order_occurred_at,
       .line = change.line,
       .party = change.party,
       .points = change.points},
      &Debt::points);
}

void apply_to(Member& member, const HoldChange& change) {
  Lot* lot = find_lot(member.lots, change.lot_serial);
  ENSURE(lot != nullptr, "points of a lot that there is not are held or freed");
  lot->held += change.points;
  add(member.holds,
      {.hold = change.hold,
       .lapses_at = change.lapses_at,
       .lot_serial = change.lot_serial,
       .points = change.points},
      &HeldPoints::points);
}

void apply_to(Member& member, const PendingChange& change) {
  add(member.pending,
      {.order = change.order,
       .order_occurred_at = change.order_occurred_at,
       .line = change.line,
       .party = change.party,
       .price = change.price,
       .expires_on = change.expires_on,
       .available_from = change.available_from,
       .points = change.points},
      &PendingAward::points);
}

void apply_to(Member& member, const CounterMove& move) {
  add(member.counters,
      {.measure = move.measure,
       .window = move.window,
       .day = move.day,
       .value = move.delta,
       .shadow = move.shadow},
      &Counter::value);
}

void apply_to(Member& member, const SlidingMove& move, Instant now) {
  const SlidingCount made{.measure = move.measure,
                          .seconds = move.seconds,
                          .last = now,
                          .value = move.delta,
                          .shadow = move.shadow};
  const auto after = std::ranges::upper_bound(
      member.sliding, place_of(made), {}, [](const SlidingCount& row) { return place_of(row); });
  if (after != member.sliding.begin()) {
    SlidingCount& before = *std::prev(after);
    if (counted_together(before, made)) {
      before.last = now;
      before.value += made.value;
      return;
    }
  }
  insert_row(member.sliding, after, made);
}

void apply_to(Member& member, const TierSpan& span) {
  const auto at = std::ranges::lower_bound(member.tiers, place_of(span), {},
                                           [](const TierSpan& known) { return place_of(known); });
  const bool known = at != member.tiers.end() && place_of(*at) == place_of(span);
  ENSURE(known || !span.tier.empty(), "a tier ends that the member does not have");
  if (span.tier.empty()) {
    member.tiers.erase(at);
  } else if (known) {
    *at = span;
  } else {
    insert_row(member.tiers, at, span);
  }
}

void apply_to(Member& member, const Effects& effects, Instant now) {
  for (const Movement& movement : effects.movements) apply_to(member, movement);
  for (const ExpiredCount& count : effects.expired_counts) apply_to(member, count);
  for (const DebtChange& change : effects.debts) apply_to(member, change);
  for (const HoldChange& change : effects.holds) apply_to(member, change);
  for (const PendingChange& change : effects.pending) apply_to(member, change);
  for (const CounterMove& move : effects.counters) apply_to(member, move);
  for (const SlidingMove& move : effects.sliding) apply_to(member, move, now);
  for (const TierSpan& span : effects.tiers) apply_to(member, span);
}

void apply_to(Member& member, const Enrolled& enrolled) { member.id = enrolled.member_id; }

void apply_to(Member&, const Declined&) {}

void apply_to(Member& member, const IdentityLinked& linked) {
  ENSURE(!has_identity(member, linked.identity), "an identity is linked twice");
  const LinkedIdentity made{
      .kind = linked.kind, .identity = linked.identity, .linked_at = linked.header.received_at};
  const auto at =
      std::ranges::lower_bound(member.identities, place_of(made), {},
                               [](const LinkedIdentity& known) { return place_of(known); });
  insert_row(member.identities, at, made);
}

void apply_to(Member& member, const IdentityUnlinked& unlinked) {
  const auto gone = std::erase_if(member.identities, [&](const LinkedIdentity& known) {
    return place_of(known) == place_of(unlinked);
  });
  ENSURE(gone == 1, "an identity is unlinked that the member does not have");
}

template <typename Happened>
void apply_to(Member& member, const Happened& happened) {
  apply_to(member, happened.effects, happened.header.received_at);
}

}  // namespace

void apply(Member& member, const Event& event) {
  std::visit([&](const auto& happened) { apply_to(member, happened); }, event);
  const EventHeader& header = header_of(event);
  member.position = header.position;
  member.last_event_at = std::max(member.last_event_at, header.received_at);
  forget_what_is_past(member);
  const std::string broken = broken_invariant(member);
  ENSURE(broken.empty(), broken);
}

}  // namespace wutong::domain
