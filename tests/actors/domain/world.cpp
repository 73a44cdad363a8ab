#include "tests/actors/domain/world.h"

#include <absl/strings/str_cat.h>
#include <absl/time/civil_time.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "actors/domain/calendar.h"
#include "actors/domain/offset.h"

namespace wutong::testing {

using namespace domain;

namespace {

RecordKey key_from(const std::string& text) {
  std::uint64_t high = 14695981039346656037U;
  for (const char byte : text) high = (high ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  return {high, static_cast<std::uint32_t>(text.size())};
}

const char* name_of(Reason reason) {
  switch (reason) {
    case Reason::earn:
      return "earn";
    case Reason::use:
      return "use";
    case Reason::give_back:
      return "give_back";
    case Reason::claw_back:
      return "claw_back";
    case Reason::repay_debt:
      return "repay_debt";
    case Reason::expire:
      return "expire";
    case Reason::grant:
      return "grant";
    case Reason::revoke:
      return "revoke";
  }
  return "?";
}

std::string direction_of(const Movement& movement) {
  const std::string party(movement.counterparty.text());
  return movement.points > Points{} ? party + "->POOL" : "POOL->" + party;
}

std::int64_t money_of(const Movement& movement) {
  return std::abs(movement.points.count) * movement.price.thousandths;
}

}  // namespace

RecordKey order_key(const std::string& venue, const std::string& id) {
  return key_from("order/" + venue + "/" + id);
}

RecordKey refund_key(const std::string& venue, const std::string& id) {
  return key_from("refund/" + venue + "/" + id);
}

RecordKey key_of_kind(const std::string& kind, const std::string& id) {
  return key_from(kind + "/M1/" + id);
}

World::World() {
  now = at("2024-06-01 09:00:00");
  run(Enroll{.member_id = "wang"});
  now = at("2026-11-02 10:00:00");
}

Checkout World::checkout(const Order& order) const {
  const Money paid = offset_money_of(program.offset, order.use).value_or(Money{});
  return {.key = order_key(order.venue, order.id),
          .order_id = order.id,
          .origin = {.venue = VenueId::intern(order.venue)},
          .occurred_at = order.paid_at == Instant{} ? now : order.paid_at,
          .currency = "CNY",
          .amount = order.amount,
          .excluded_from_earning = order.excluded,
          .tenders = {{.kind = "cash", .amount = order.amount - paid}},
          .points_to_use = order.use};
}

Refund World::refund(const std::string& id, const Order& order, RefundScope scope) const {
  return {.key = refund_key(order.venue, id),
          .refund_id = id,
          .origin = {.venue = VenueId::intern(order.venue)},
          .occurred_at = now,
          .order = order_key(order.venue, order.id),
          .order_venue = VenueId::intern(order.venue),
          .order_id = order.id,
          .scope = std::move(scope)};
}

Hold World::hold(const std::string& id, Points points) const {
  return {.key = key_of_kind("hold", id),
          .hold_id = id,
          .origin = {.venue = VenueId::intern("M1")},
          .occurred_at = now,
          .points = points};
}

Release World::release(const std::string& hold) const {
  return {.key = key_of_kind("release", hold),
          .origin = {.venue = VenueId::intern("M1")},
          .occurred_at = now,
          .hold = key_of_kind("hold", hold),
          .hold_id = hold};
}

Grant World::grant(const std::string& id, Points points, const std::string& party) const {
  return {.key = key_of_kind("grant", id),
          .grant_id = id,
          .origin = {.venue = VenueId::intern("M1")},
          .occurred_at = now,
          .points = points,
          .party = PartyId::intern(party),
          .expires_on = {},
          .reason = "goodwill"};
}

RevokeGrant World::revocation(const std::string& id, const std::string& grant) const {
  return {.key = key_of_kind("revocation", id),
          .revocation_id = id,
          .origin = {.venue = VenueId::intern("M1")},
          .occurred_at = now,
          .grant = key_of_kind("grant", grant),
          .grant_id = grant,
          .reason = "a mistake"};
}

Checkout World::capture(const Order& order, const std::string& hold) const {
  Checkout asked = checkout(order);
  asked.hold_id = hold;
  asked.hold = key_of_kind("hold", hold);
  return asked;
}

void World::tell_unexpected(const Decision& decision) {
  if (const auto* refused = std::get_if<Refused>(&decision)) {
    ADD_FAILURE() << "refused " << static_cast<int>(refused->refusal);
  } else {
    ADD_FAILURE() << (std::holds_alternative<Replay>(decision) ? "replayed" : "another event");
  }
}

Decision World::run(const Command& command) {
  pass_time();
  Decision decision = decide(member, program, policy, command, now);
  if (auto* accepted = std::get_if<Accepted>(&decision)) {
    happen(accepted->event);
    accepted->event = events.back();
  }
  return decision;
}

void World::pass_time() {
  now = std::max(now, member.last_event_at);
  auto event = due(member, program, policy, now);
  if (!event) return;
  happen(*std::move(event));
  EXPECT_FALSE(due(member, program, policy, now)) << "what is due is due once";
}

void World::happen(Event event) {
  header_of(event).position = {1, next_sequence_++};
  domain::apply(member, event);
  if (auto record = record_of(event)) member.records.push_back(std::move(*record));
  events.push_back(std::move(event));
}

CheckedOut World::buy(const Checkout& checkout) { return done<CheckedOut>(checkout); }

CheckedOut World::buy(const Order& order) { return buy(checkout(order)); }

Refunded World::give_back(const std::string& id, const Order& order, RefundScope scope) {
  return done<Refunded>(refund(id, order, std::move(scope)));
}

Refused World::refusal(const Command& command) {
  pass_time();
  const Member before = member;
  const Decision decision = run(command);
  EXPECT_EQ(member, before);
  const auto* refused = std::get_if<Refused>(&decision);
  if (refused == nullptr) {
    ADD_FAILURE() << "not refused";
    return {};
  }
  return *refused;
}

Balances World::balances() const {
  return balances_of(member, business_day(now, program.zone), now);
}

std::vector<std::int64_t> points_of(const std::vector<AwardLine>& awards) {
  std::vector<std::int64_t> points;
  for (const AwardLine& line : awards) points.push_back(line.points.count);
  return points;
}

std::int64_t earned(const CheckedOut& order) {
  std::int64_t sum = 0;
  for (const std::int64_t points : points_of(order.awards)) sum += points;
  return sum;
}

std::vector<std::string> postings(const Effects& effects) {
  std::vector<std::string> texts;
  for (const Movement& movement : effects.movements) {
    texts.push_back(absl::StrCat(name_of(movement.reason), " ", movement.points.count, " ",
                                 direction_of(movement), " ", money_of(movement)));
  }
  return texts;
}

std::map<std::string, std::int64_t> owed(const Effects& effects) {
  std::map<std::string, std::int64_t> sums;
  for (const Movement& movement : effects.movements) {
    sums[direction_of(movement)] += money_of(movement);
  }
  return sums;
}

std::vector<std::string> lots(const Member& member) {
  std::vector<std::string> texts;
  for (const Lot& lot : member.lots) {
    if (lot.points == Points{}) continue;
    const absl::CivilDay until = absl::CivilDay(1970, 1, 1) + lot.expires_on.since_epoch;
    texts.push_back(absl::StrCat(std::string(lot.party.text()), " ", lot.points.count, " until ",
                                 absl::FormatCivilTime(until)));
  }
  return texts;
}

std::int64_t pool_owes(const Member& member) {
  std::int64_t sum = 0;
  for (const Lot& lot : member.lots) sum += lot.points.count * lot.price.thousandths;
  return sum;
}

std::int64_t clawed_back_in_total(const Refunded& refund, std::size_t line) {
  return refund.totals.clawed_back.at(line).count;
}

}  // namespace wutong::testing
