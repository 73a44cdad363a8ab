#include <algorithm>
#include <tuple>

#include "actors/domain/decide.h"
#include "actors/domain/ensure.h"
#include "actors/domain/keeping.h"
#include "actors/domain/lots.h"

namespace wutong::domain {
namespace {

Lot& lot_of(Member& member, const Movement& movement) {
  const auto found = std::ranges::find(member.lots, movement.lot_serial, &Lot::serial);
  if (found != member.lots.end()) return *found;
  const Lot made{.serial = movement.lot_serial,
                 .party = movement.party,
                 .price = movement.price,
                 .expires_on = movement.expires_on,
                 .available_from = movement.available_from};
  member.next_lot_serial = std::max(member.next_lot_serial, made.serial + 1);
  return *member.lots.insert(std::ranges::upper_bound(member.lots, made, burns_before), made);
}

void apply_to(Member& member, const Movement& movement) {
  Lot& lot = lot_of(member, movement);
  ENSURE(terms_of(lot) == terms_of(movement), "a movement names another lot than it describes");
  lot.points += movement.points;
  if (movement.reason == Reason::expire) lot.expired_uncounted -= movement.points;
}

void apply_to(Member& member, const ExpiredCount& count) {
  const auto lot = std::ranges::find(member.lots, count.lot_serial, &Lot::serial);
  ENSURE(lot != member.lots.end(), "expired points of a forgotten lot are counted");
  lot->expired_uncounted -= count.points;
}

void apply_to(Member& member, const DebtChange& change) {
  const auto at = std::ranges::lower_bound(
      member.debts, change, [](const auto& a, const auto& b) { return repaid_before(a, b); });
  const bool known = at != member.debts.end() && !repaid_before(change, *at);
  if (!known) {
    member.debts.insert(at, {.order = change.order,
                             .order_occurred_at = change.order_occurred_at,
                             .line = change.line,
                             .party = change.party,
                             .points = change.points});
    return;
  }
  at->points += change.points;
  if (at->points == Points{}) member.debts.erase(at);
}

void apply_to(Member& member, const CounterMove& move) {
  const auto place = [](const auto& counter) { return std::tie(counter.measure, counter.day); };
  const auto at = std::ranges::lower_bound(member.counters, place(move), {}, place);
  const bool known = at != member.counters.end() && place(*at) == place(move);
  if (!known) {
    member.counters.insert(at, {.measure = move.measure, .day = move.day, .value = move.delta});
    return;
  }
  at->value += move.delta;
  if (at->value == 0) member.counters.erase(at);
}

void apply_to(Member& member, const Effects& effects) {
  for (const Movement& movement : effects.movements) apply_to(member, movement);
  for (const ExpiredCount& count : effects.expired_counts) apply_to(member, count);
  for (const DebtChange& change : effects.debts) apply_to(member, change);
  for (const CounterMove& move : effects.counters) apply_to(member, move);
}

void apply_to(Member& member, const Enrolled& enrolled) { member.id = enrolled.member_id; }

template <typename Happened>
void apply_to(Member& member, const Happened& happened) {
  apply_to(member, happened.effects);
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
