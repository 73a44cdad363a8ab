#include "actors/domain/member.h"

#include <algorithm>

#include "actors/domain/calendar.h"
#include "actors/domain/identities.h"
#include "actors/domain/lots.h"
#include "actors/domain/rows.h"

namespace wutong::domain {
namespace {

bool lots_in_order(const Member& member) {
  return std::ranges::adjacent_find(member.lots, [](const Lot& a, const Lot& b) {
           return !burns_before(a, b);
         }) == member.lots.end();
}

/// Lots of one expiry stand together, so only those need be compared.
bool lots_are_distinct(const Member& member) {
  for (auto lot = member.lots.begin(); lot != member.lots.end(); ++lot) {
    for (auto other = lot + 1; other != member.lots.end() && other->expires_on == lot->expires_on;
         ++other) {
      if (terms_of(*lot) == terms_of(*other)) return false;
    }
  }
  return true;
}

/// Every lot has as many points held as the holds say, and no more than it has.
bool holds_are_covered(const Member& member) {
  Points in_lots;
  for (const Lot& lot : member.lots) {
    Points held;
    for (const HeldPoints& part : member.holds) {
      if (part.lot_serial == lot.serial) held += part.points;
    }
    if (lot.held != held || lot.held > lot.points) return false;
    in_lots += held;
  }
  Points in_holds;
  for (const HeldPoints& part : member.holds) in_holds += part.points;
  return in_lots == in_holds;
}

}  // namespace

Balances balances_of(const Member& member, Day today, Instant now) {
  Balances balances;
  for (const Lot& lot : member.lots) {
    if (is_usable(lot, today, now)) balances.available += lot.free();
    balances.held += lot.held;
  }
  for (const HeldPoints& part : member.holds) {
    if (part.lapses_at > now) break;
    balances.held -= part.points;
    const Lot* lot = find_lot(member.lots, part.lot_serial);
    if (lot != nullptr && is_usable(*lot, today, now)) balances.available += part.points;
  }
  for (const PendingAward& award : member.pending) balances.pending += award.points;
  for (const Debt& debt : member.debts) balances.debt += debt.points;
  return balances;
}

Day next_expiry(const Member& member) {
  const auto first =
      std::ranges::find_if(member.lots, [](const Lot& lot) { return lot.points > lot.held; });
  return first == member.lots.end() ? day_of(9999, 12, 31) : first->expires_on;
}

NextDue next_due(const Member& member) {
  return {.expires_on = next_expiry(member),
          .lapses_at = member.holds.empty() ? never : member.holds.front().lapses_at};
}

Points held_by(const Member& member, RecordKey hold, Instant now) {
  Points held;
  for (const HeldPoints& part : member.holds) {
    if (part.hold == hold && part.lapses_at > now) held += part.points;
  }
  return held;
}

const Record* find_record(const Member& member, RecordKey key) {
  const auto found = std::ranges::find_if(member.records, [&](const Record& record) {
    return !std::holds_alternative<Declined>(record) && key_of(record) == key;
  });
  return found == member.records.end() ? nullptr : &*found;
}

const CheckedOut* find_order(const Member& member, RecordKey order) {
  const Record* known = find_record(member, order);
  return known == nullptr ? nullptr : std::get_if<CheckedOut>(known);
}

const Record* find_receipt(const Member& member, RecordKey key) {
  if (const Record* record = find_record(member, key)) return record;
  const auto latest = std::find_if(member.records.rbegin(), member.records.rend(),
                                   [&](const Record& record) { return key_of(record) == key; });
  return latest == member.records.rend() ? nullptr : &*latest;
}

const RefundTotals* find_totals(const Member& member, RecordKey order) {
  const Refunded* last = nullptr;
  for (const Record& record : member.records) {
    const auto* refund = std::get_if<Refunded>(&record);
    if (refund == nullptr || refund->content.order != order) continue;
    if (last == nullptr || last->header.position <= refund->header.position) last = refund;
  }
  return last == nullptr ? nullptr : &last->totals;
}

void trim(Member& member) {
  member.lots.shrink_to_fit();
  member.debts.shrink_to_fit();
  member.holds.shrink_to_fit();
  member.pending.shrink_to_fit();
  member.counters.shrink_to_fit();
  member.sliding.shrink_to_fit();
  member.tiers.shrink_to_fit();
  member.identities.shrink_to_fit();
}

std::string broken_invariant(const Member& member) {
  for (const Lot& lot : member.lots) {
    if (lot.points < Points{}) return "a lot has fewer than no points";
    if (lot.expired_uncounted < Points{}) return "more of a lot was counted than had expired";
    if (lot.serial == 0 || lot.serial >= member.next_lot_serial) return "a lot's serial is to come";
  }
  for (const Debt& debt : member.debts) {
    if (debt.points <= Points{}) return "a debt is not positive";
  }
  for (const HeldPoints& part : member.holds) {
    if (part.points <= Points{}) return "a hold is not positive";
  }
  for (const PendingAward& award : member.pending) {
    if (award.points <= Points{}) return "a pending award is not positive";
  }
  for (const Counter& counter : member.counters) {
    if (counter.value <= 0) return "a counter is not positive";
  }
  for (const SlidingCount& count : member.sliding) {
    if (count.value <= 0) return "a sliding count is not positive";
  }
  for (const TierSpan& span : member.tiers) {
    if (span.tier.empty() || span.until < span.from) return "a tier is none, or of no day";
  }
  if (!lots_in_order(member)) return "lots are not in burn order";
  if (!lots_are_distinct(member)) return "two lots are the same";
  if (!holds_are_covered(member)) return "lots do not have the points that are held of them";
  if (!in_order(member.debts)) return "debts are not in their order";
  if (!in_order(member.holds)) return "holds are not in their order";
  if (!in_order(member.pending)) return "pending awards are not in their order";
  if (!in_order(member.counters)) return "counters are not in their order";
  if (!in_order(member.sliding)) return "sliding counts are not in their order";
  if (!in_order(member.tiers)) return "tiers are not in their order";
  if (!in_order(member.identities)) return "identities are not in their order";
  if (member.identities.size() > identities_max) return "more identities than a member may have";
  return {};
}

}  // namespace wutong::domain
