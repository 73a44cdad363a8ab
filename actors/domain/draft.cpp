#include "actors/domain/draft.h"

#include <algorithm>
#include <utility>

#include "actors/domain/ensure.h"

namespace wutong::domain {

Draft::Draft(const Member& member, Day today, Instant now)
    : member_(&member),
      today_(today),
      now_(now),
      next_serial_(member.next_lot_serial),
      lots_(member.lots.begin(), member.lots.end()),
      holds_(member.holds) {
  let_holds_lapse();
}

void Draft::let_holds_lapse() {
  for (HeldPoints& part : holds_) {
    if (part.lapses_at > now_) break;
    Lot* lot = find_lot(lots_, part.lot_serial);
    ENSURE(lot != nullptr, "points of a forgotten lot are held");
    change_hold(part, *lot, -part.points);
  }
}

void Draft::change_hold(HeldPoints& part, Lot& lot, Points by) {
  part.points += by;
  lot.held += by;
  effects_.holds.push_back({.hold = part.hold,
                            .lapses_at = part.lapses_at,
                            .lot_serial = part.lot_serial,
                            .points = by});
}

bool Draft::has_room_for(Points incoming) const {
  Points left{member_points_max};
  for (const Lot& lot : lots_) left -= lot.points + lot.expired_uncounted;
  return incoming <= left;
}

void Draft::put(Cause cause, const LotTerms& terms, Points points, std::uint32_t former_serial) {
  if (points == Points{}) return;
  Lot& lot = find_or_make(terms, former_serial);
  lot.points += points;
  record(cause, lot, points);
}

std::uint32_t Draft::take_usable(Cause cause, Points points) {
  const std::uint32_t first = cause.line;
  for (Lot& lot : lots_) {
    if (!is_usable(lot, today_, now_)) continue;
    const Points taken = take(cause, lot, points);
    if (taken == Points{}) continue;
    points -= taken;
    ++cause.line;
  }
  ENSURE(points == Points{}, "more points were taken than are usable");
  return cause.line - first;
}

Points Draft::take_from(Cause cause, const LotTerms& terms, Points points) {
  Lot* lot = find(terms);
  return lot == nullptr ? Points{} : take(cause, *lot, points);
}

Points Draft::count_expired(std::uint32_t line, const LotTerms& terms, Points points) {
  Lot* lot = find(terms);
  if (lot == nullptr) return {};
  const Points counted = std::min(lot->expired_uncounted, points);
  if (counted == Points{}) return {};
  lot->expired_uncounted -= counted;
  effects_.expired_counts.push_back({.lot_serial = lot->serial, .line = line, .points = counted});
  return counted;
}

Points Draft::take_from_all(Cause cause, Points points) {
  const Points asked = points;
  for (Lot& lot : lots_) points -= take(cause, lot, points);
  return asked - points;
}

void Draft::hold(RecordKey hold, Instant lapses_at, Points points) {
  for (Lot& lot : lots_) {
    if (!is_usable(lot, today_, now_)) continue;
    const Points set_aside = std::min(lot.free(), points);
    if (set_aside == Points{}) continue;
    HeldPoints& part = holds_.emplace_back(
        HeldPoints{.hold = hold, .lapses_at = lapses_at, .lot_serial = lot.serial});
    change_hold(part, lot, set_aside);
    points -= set_aside;
  }
  ENSURE(points == Points{}, "more points were held than are usable");
}

std::uint32_t Draft::take_held(Cause cause, RecordKey hold, Points points) {
  const std::uint32_t first = cause.line;
  for (Lot& lot : lots_) {
    const auto part = std::ranges::find_if(holds_, [&](const HeldPoints& held) {
      return held.hold == hold && held.lot_serial == lot.serial;
    });
    if (part == holds_.end()) continue;
    const Points taken = std::min(part->points, points);
    if (taken == Points{}) continue;
    change_hold(*part, lot, -taken);
    lot.points -= taken;
    record(cause, lot, -taken);
    points -= taken;
    ++cause.line;
  }
  ENSURE(points == Points{}, "more points were taken than are held");
  return cause.line - first;
}

Points Draft::free_hold(RecordKey hold) {
  Points freed;
  for (HeldPoints& part : holds_) {
    if (part.hold != hold || part.points == Points{}) continue;
    freed += part.points;
    change_hold(part, *find_lot(lots_, part.lot_serial), -part.points);
  }
  return freed;
}

void Draft::owe(const DebtChange& debt) {
  if (debt.points != Points{}) effects_.debts.push_back(debt);
}

void Draft::repay_debts() {
  // Debts that this event makes are not among the member's: where one arises, nothing is left in any
  // lot to repay it with.
  auto debt = member_->debts.begin();
  if (debt == member_->debts.end()) return;
  Points owed = debt->points;
  const std::size_t incoming_end = effects_.movements.size();
  for (std::size_t i = 0; i < incoming_end && debt != member_->debts.end(); ++i) {
    const Movement incoming = effects_.movements[i];
    if (incoming.points < Points{}) continue;
    Points left = incoming.points;
    while (debt != member_->debts.end()) {
      const Points repaid =
          take_from({.reason = Reason::repay_debt, .line = debt->line, .counterparty = debt->party},
                    terms_of(incoming), std::min(left, owed));
      if (repaid == Points{}) break;
      effects_.debts.push_back({.order = debt->order,
                                .order_occurred_at = debt->order_occurred_at,
                                .line = debt->line,
                                .party = debt->party,
                                .points = -repaid});
      left -= repaid;
      owed -= repaid;
      if (owed == Points{} && ++debt != member_->debts.end()) owed = debt->points;
    }
  }
}

void Draft::expire(const Program& program) {
  for (Lot& lot : lots_) {
    if (!has_expired(lot, today_)) break;
    const Party* party = program.party(lot.party);
    // A party that left the program settles its own points.
    const bool to_group = party != nullptr && !party->breakage.empty();
    const Points expired =
        take({.reason = Reason::expire, .counterparty = to_group ? party->breakage : lot.party},
             lot, lot.free());
    lot.expired_uncounted += expired;
  }
}

Balances Draft::balances() const {
  Balances balances;
  for (const Lot& lot : lots_) {
    if (is_usable(lot, today_, now_)) balances.available += lot.free();
    balances.held += lot.held;
  }
  for (const PendingAward& award : member_->pending) balances.pending += award.points;
  for (const PendingChange& change : effects_.pending) balances.pending += change.points;
  for (const Debt& debt : member_->debts) balances.debt += debt.points;
  for (const DebtChange& change : effects_.debts) balances.debt += change.points;
  return balances;
}

Lot* Draft::find(const LotTerms& terms) {
  const auto found =
      std::ranges::find_if(lots_, [&](const Lot& lot) { return terms_of(lot) == terms; });
  return found == lots_.end() ? nullptr : &*found;
}

Lot& Draft::find_or_make(const LotTerms& terms, std::uint32_t former_serial) {
  if (Lot* lot = find(terms)) return *lot;
  const Lot made{.serial = former_serial != 0 ? former_serial : next_serial_++,
                 .party = terms.party,
                 .price = terms.price,
                 .expires_on = terms.expires_on,
                 .available_from = terms.available_from};
  return *lots_.insert(std::ranges::upper_bound(lots_, made, burns_before), made);
}

Points Draft::take(Cause cause, Lot& lot, Points at_most) {
  const Points taken = std::min(lot.free(), at_most);
  if (taken == Points{}) return {};
  lot.points -= taken;
  record(cause, lot, -taken);
  return taken;
}

void Draft::record(Cause cause, const Lot& lot, Points points) {
  effects_.movements.push_back({.reason = cause.reason,
                                .line = cause.line,
                                .lot_serial = lot.serial,
                                .party = lot.party,
                                .price = lot.price,
                                .expires_on = lot.expires_on,
                                .available_from = lot.available_from,
                                .points = points,
                                .counterparty = cause.counterparty});
}

}  // namespace wutong::domain
