#include "persistence/audit_replay.h"

#include <algorithm>
#include <cstdlib>

#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/domain/ensure.h"

namespace wutong::persistence {
namespace {

using domain::Reason;

/// Thrown out of `apply` by the handler below, on the auditing thread only.
struct BrokenReplay {
  std::string detail;
};

thread_local bool replaying = false;
domain::EnsureHandler handler_before = nullptr;

void throw_while_replaying(const domain::BrokenPromise& broken) {
  if (replaying) throw BrokenReplay{std::string(broken.detail)};
  if (handler_before != nullptr) handler_before(broken);
}

/// An event of a damaged ledger breaks promises of the domain: found and named here, where otherwise
/// the process would end.
Fault apply_guarded(domain::Member& member, const domain::Event& event) {
  static const bool installed = [] {
    handler_before = domain::set_ensure_handler(&throw_while_replaying);
    return true;
  }();
  static_cast<void>(installed);
  replaying = true;
  Fault fault;
  try {
    domain::apply(member, event);
  } catch (const BrokenReplay& broken) {
    fault = broken.detail;
  } catch (...) {
    // Thrown by a handler that somebody put before this one.
    fault = "an event that cannot be applied";
  }
  replaying = false;
  return fault;
}

/// What lies in lots: points, and what the pool owes for them.
struct Holdings {
  std::int64_t points = 0;
  std::int64_t value = 0;
};

/// Nothing if a sum overflows, which no sound member's does.
std::optional<Holdings> holdings_of(const domain::Member& member) {
  Holdings sum;
  for (const auto& lot : member.lots) {
    std::int64_t value = 0;
    if (__builtin_mul_overflow(lot.points.count, lot.price.thousandths, &value) ||
        __builtin_add_overflow(sum.value, value, &sum.value) ||
        __builtin_add_overflow(sum.points, lot.points.count, &sum.points)) {
      return std::nullopt;
    }
  }
  return sum;
}

std::optional<Holdings> holdings_of(const domain::Effects& effects) {
  Holdings sum;
  for (const auto& movement : effects.movements) {
    std::int64_t value = 0;
    if (__builtin_mul_overflow(movement.points.count, movement.price.thousandths, &value) ||
        __builtin_add_overflow(sum.value, value, &sum.value) ||
        __builtin_add_overflow(sum.points, movement.points.count, &sum.points)) {
      return std::nullopt;
    }
  }
  return sum;
}

/// Of the lots as the event leaves them: it has taken out what had its day, so what is left is usable
/// once it is available. Needs no time zone.
domain::Balances balances_in(const domain::Member& member, domain::Instant now) {
  domain::Balances balances;
  for (const auto& lot : member.lots) {
    if (lot.available_from <= now) balances.available += lot.points - lot.held;
  }
  for (const auto& part : member.holds) balances.held += part.points;
  for (const auto& award : member.pending) balances.pending += award.points;
  for (const auto& debt : member.debts) balances.debt += debt.points;
  return balances;
}

/// A refund that the gateway made itself: its key is one that no caller can make.
bool is_reversal(const domain::Refunded& event) {
  return event.key.high == ~event.content.order.high && event.key.low == ~event.content.order.low;
}

}  // namespace

AuditReplay::AuditReplay(const Codec& codec, const LedgerInfo& info, AuditReport& report)
    : codec_(codec), info_(info), report_(report) {}

void AuditReplay::expect(domain::MemberKey member, Snapshot snapshot) {
  auto& expected = members_[member.value].expected;
  if (expected && expected->snapshot.member.position >= snapshot.member.position) return;
  expected = Expected{.snapshot = std::move(snapshot)};
}

Fault AuditReplay::take(std::uint32_t shard, const LogEvent& event) {
  ++report_.events;
  return std::visit([&](const auto& of_kind) { return take(shard, of_kind); }, event);
}

Fault AuditReplay::take(std::uint32_t shard, const MemberEvent& event) {
  if (shard_of(event.member.value) != shard) return "a member of another shard";
  auto& replayed = members_[event.member.value];
  if (auto fault = check_before(replayed, event.event)) return fault;
  if (auto fault = apply(replayed, event.event)) return fault;
  if (const auto* effects = domain::effects_of(event.event)) {
    if (auto fault = post(*effects, report_.points, report_.postings)) return fault;
  }
  if (const auto* checked_out = std::get_if<domain::CheckedOut>(&event.event)) {
    if (auto fault = check_checkout(replayed, *checked_out)) return fault;
  } else if (const auto* refunded = std::get_if<domain::Refunded>(&event.event)) {
    if (auto fault = check_refund(replayed, *refunded)) return fault;
  } else if (const auto* granted = std::get_if<domain::Granted>(&event.event)) {
    if (auto fault = check_grant(*granted)) return fault;
  } else if (const auto* revoked = std::get_if<domain::GrantRevoked>(&event.event)) {
    if (auto fault = check_taken_back(revoked->effects, Reason::revoke, revoked->points,
                                      revoked->booked_loss)) {
      return fault;
    }
  } else if (const auto* held = std::get_if<domain::Held>(&event.event)) {
    if (auto fault = check_hold(*held)) return fault;
  } else if (const auto* linked = std::get_if<domain::IdentityLinked>(&event.event)) {
    identities_.take(event.member, *linked);
  } else if (const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&event.event)) {
    identities_.take(event.member, *unlinked);
  }
  if (auto fault = compare_record(replayed, event.event)) return fault;
  return compare_snapshot(replayed);
}

Fault AuditReplay::check_before(const Replayed& replayed, const domain::Event& event) const {
  const bool enrolls = std::holds_alternative<domain::Enrolled>(event);
  if (enrolls && !replayed.member.empty()) return "a member is enrolled twice";
  if (!enrolls && replayed.member.empty()) return "an event of a member who was not enrolled";
  if (domain::header_of(event).received_at < replayed.member.last_event_at) {
    return "a member's time falls";
  }
  const auto* effects = domain::effects_of(event);
  if (effects != nullptr && !is_bounded(*effects)) return "more points than any member can have";
  return std::nullopt;
}

Fault AuditReplay::apply(Replayed& replayed, const domain::Event& event) {
  const auto before = holdings_of(replayed.member);
  if (auto fault = apply_guarded(replayed.member, event)) return fault;
  const auto after = holdings_of(replayed.member);
  const auto* effects = domain::effects_of(event);
  const auto moved = effects == nullptr ? Holdings{} : holdings_of(*effects);
  if (!before || !after || !moved) return "sums overflow";
  if (after->points - before->points != moved->points) {
    return "lots changed by other points than the movements say";
  }
  if (after->value - before->value != moved->value) {
    return "what the pool owes changed by other money than the postings say";
  }
  if (std::holds_alternative<domain::Enrolled>(event)) ++report_.members;
  if (!add(report_.points.in_lots, moved->points) || !add(report_.pool_owes, moved->value)) {
    return "sums overflow";
  }
  const auto* balances = domain::balances_after(event);
  if (balances != nullptr &&
      *balances != balances_in(replayed.member, domain::header_of(event).received_at)) {
    return "the balances after the event are not the state's";
  }
  return std::nullopt;
}

Fault AuditReplay::check_checkout(Replayed& replayed, const domain::CheckedOut& event) {
  ++report_.orders;
  auto* const place = place_for(replayed, event);
  if (place == nullptr) return "an order was taken twice";
  Order order{.position = event.header.position,
              .received_at = event.header.received_at,
              .month = domain::utc_month(event.content.occurred_at),
              .amount = event.content.amount.minor_units,
              .awards = {},
              .uses = {}};
  for (const auto& award : event.awards) order.awards.push_back({award.party, award.points.count});
  auto unearned = order.awards;
  for (std::size_t i = 0; i < unearned.size(); ++i) {
    unearned[i].points -= event.awards[i].pending.count;
  }
  for (const auto& movement : event.effects.movements) {
    if (movement.reason == Reason::use) {
      order.uses.push_back({movement.counterparty, -movement.points.count});
    }
    if (movement.reason != Reason::earn) continue;
    if (movement.line >= unearned.size()) return "points of an award line that there is not";
    auto& line = unearned[movement.line];
    line.points -= movement.points.count;
    if (movement.counterparty != line.party || movement.party != line.party) {
      return "an award is posted to another party than its line names";
    }
  }
  if (std::ranges::any_of(unearned, [](const Order::Line& line) { return line.points != 0; })) {
    return "an award line's points are not what went into lots";
  }
  if (sum_of(event.effects, Reason::use) != event.content.points_to_use.count) {
    return "the points used are not what was asked for";
  }
  if (event.cash_due != event.content.amount - event.offset_money) {
    return "cash and points do not pay for the order";
  }
  *place = std::move(order);
  return std::nullopt;
}

Fault AuditReplay::check_taken_back(const domain::Effects& effects, Reason reason,
                                    domain::Points points, domain::Points booked_loss) {
  std::int64_t taken = sum_of(effects, reason) + booked_loss.count;
  for (const auto& count : effects.expired_counts) taken += count.points.count;
  for (const auto& change : effects.debts) {
    if (change.points.count > 0) taken += change.points.count;
  }
  if (taken != points.count || booked_loss.count < 0) {
    return "points taken, expired, owed and lost are not what was taken back";
  }
  if (!add(report_.points.booked_losses, booked_loss.count)) return "sums overflow";
  return std::nullopt;
}

Fault AuditReplay::check_grant(const domain::Granted& event) const {
  if (sum_of(event.effects, Reason::grant) != event.content.points.count) {
    return "a grant's points are not what went into lots";
  }
  return std::nullopt;
}

Fault AuditReplay::check_hold(const domain::Held& event) const {
  std::int64_t held = 0;
  for (const auto& change : event.effects.holds) {
    if (change.hold == event.key) held += change.points.count;
  }
  if (held != event.content.points.count) return "a hold sets other points aside than it says";
  return std::nullopt;
}

Fault AuditReplay::check_refund(Replayed& replayed, const domain::Refunded& event) {
  const auto found = replayed.orders.find({event.content.order.high, event.content.order.low});
  if (found == replayed.orders.end()) return "a refund of an order that is not there";
  auto& order = found->second;
  order.reversed = order.reversed || is_reversal(event);
  ++(is_reversal(event) ? report_.reversals : report_.refunds);

  if (!is_bounded(event.amount.minor_units)) return "a refund beyond all orders";
  order.refunded += event.amount.minor_units;
  if (event.totals.amount.minor_units != order.refunded || event.amount.minor_units < 0) {
    return "a refund's total is not the sum of the refunds";
  }
  if (order.refunded > order.amount) return "more than the order was refunded";
  const auto returns = [](std::vector<Order::Line>& lines,
                          const std::vector<domain::Points>& totals, std::int64_t part) {
    if (totals.size() != lines.size()) return false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      part -= totals[i].count - lines[i].returned;
      if (totals[i].count < lines[i].returned || totals[i].count > lines[i].points) return false;
      lines[i].returned = totals[i].count;
    }
    return part == 0;
  };
  if (!returns(order.awards, event.totals.clawed_back, event.clawed_back.count)) {
    return "what was clawed back of the award lines does not add up";
  }
  if (!returns(order.uses, event.totals.given_back, event.given_back.count)) {
    return "what was given back of the points used does not add up";
  }

  if (auto fault = check_taken_back(event.effects, Reason::claw_back, event.clawed_back,
                                    event.booked_loss)) {
    return fault;
  }
  if (sum_of(event.effects, Reason::give_back) != event.given_back.count) {
    return "other points went back into lots than were given back";
  }
  for (const auto& movement : event.effects.movements) {
    const auto* lines = movement.reason == Reason::claw_back   ? &order.awards
                        : movement.reason == Reason::give_back ? &order.uses
                                                               : nullptr;
    if (lines == nullptr) continue;
    if (movement.line >= lines->size() || (*lines)[movement.line].party != movement.counterparty) {
      return "a refund is posted to another party than the order was";
    }
  }
  return std::nullopt;
}

Fault AuditReplay::compare_record(Replayed& replayed, const domain::Event& event) {
  if (!replayed.expected) return std::nullopt;
  auto& expected = *replayed.expected;
  const auto position = domain::header_of(event).position;
  const auto& records = expected.snapshot.records;
  const auto stored = std::ranges::find(records, position, &PackedRecord::position);
  if (stored == records.end()) return std::nullopt;
  const auto record = domain::record_of(event);
  if (!record || codec_.pack(*record) != *stored) {
    return "the snapshot has another record of the event";
  }
  ++expected.records_met;
  ++report_.records;
  return std::nullopt;
}

Fault AuditReplay::compare_snapshot(Replayed& replayed) {
  auto& expected = replayed.expected;
  if (expected && expected->met && replayed.first_after_snapshot.epoch == 0) {
    replayed.first_after_snapshot = replayed.member.position;
  }
  if (!expected || expected->snapshot.member.position != replayed.member.position) {
    return std::nullopt;
  }
  if (expected->snapshot.member != replayed.member) {
    return "the stored snapshot is not the state that the events give";
  }
  if (expected->records_met != expected->snapshot.records.size()) {
    return "the stored snapshot has records of no event";
  }
  expected->met = true;
  ++report_.snapshots;
  return std::nullopt;
}

}  // namespace wutong::persistence
