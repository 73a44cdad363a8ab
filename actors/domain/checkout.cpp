#include "actors/domain/checkout.h"

#include <algorithm>

#include "actors/domain/by_number.h"
#include "actors/domain/calendar.h"
#include "actors/domain/checked.h"
#include "actors/domain/content.h"
#include "actors/domain/decided_under.h"
#include "actors/domain/draft.h"
#include "actors/domain/earning.h"
#include "actors/domain/ensure.h"
#include "actors/domain/expiry.h"
#include "actors/domain/limits.h"
#include "actors/domain/offset.h"

namespace wutong::domain {
namespace {

std::vector<LineAmount> amounts_of(const std::vector<BasketLine>& lines) {
  std::vector<LineAmount> amounts;
  amounts.reserve(lines.size());
  for (const BasketLine* line : by_number(lines)) {
    amounts.push_back({line->number, line->amount, line->excluded});
  }
  return amounts;
}

/// Nothing if the sum is more than any member may have.
std::optional<Points> total_of(const std::vector<AwardLine>& awards) {
  Wide total;
  for (const AwardLine& line : awards) total += line.points.count;
  const auto points = total.narrow();
  if (!points || *points > member_points_max) return std::nullopt;
  return Points{*points};
}

/// Every use is a line of its own: one lot, one accepting party. What a captured hold has left is free.
void pay_with_points(Draft& draft, const Venue& venue, const Checkout& checkout) {
  const bool captures = !checkout.hold_id.empty();
  if (checkout.points_to_use > Points{}) {
    std::uint32_t line = 0;
    for (const AcceptedPart& part : accepted_parts(venue, checkout)) {
      const Draft::Cause cause{.reason = Reason::use, .line = line, .counterparty = part.party};
      line += captures ? draft.take_held(cause, checkout.hold, part.points)
                       : draft.take_usable(cause, part.points);
    }
  }
  if (captures) (void)draft.free_hold(checkout.hold);
}

void earn(Draft& draft, const Program& program, const std::vector<AwardLine>& awards,
          Day expires_on) {
  for (std::uint32_t line = 0; line < awards.size(); ++line) {
    const AwardLine& award = awards[line];
    const Party* party = program.party(award.party);
    ENSURE(party != nullptr, "a program funds awards by a party that it does not have");
    draft.put({.reason = Reason::earn, .line = line, .counterparty = award.party},
              {.party = award.party, .price = party->price, .expires_on = expires_on},
              award.points);
  }
}

}  // namespace

std::optional<Refused> check_out(const Member& member, const Program& program,
                                 const RiskPolicy& policy, const Checkout& checkout, Instant now,
                                 Purpose purpose, Event& happened) {
  if (const auto refused = refusal_of(member, program, checkout, now, purpose)) return refused;
  const Refused overflows{Refusal::amount_overflows, Field::amount};
  const auto offset_money = offset_money_of(program.offset, checkout.points_to_use);
  ENSURE(offset_money, "points out of steps passed the guards");
  // A till's clock that runs ahead does not move an order into the future.
  const Instant occurred_at = std::min(checkout.occurred_at, now);
  const Purchase purchase{.venue = program.venue(checkout.origin.venue),
                          .checkout = &checkout,
                          .occurred_at = occurred_at,
                          .business_day = business_day(occurred_at, program.zone),
                          .offset_money = *offset_money};

  const Money eligible = eligible_of(program, purchase);
  auto awards = awards_of(program, purchase, eligible);
  if (!awards) return overflows;
  const auto asked = total_of(*awards);
  if (!asked) return overflows;

  const EventHeader header = decided_under(program, policy, now);
  const Occasion occasion{.member = &member,
                          .venue = purchase.venue,
                          .origin = &checkout.origin,
                          .business_day = purchase.business_day,
                          .now = now,
                          .late = is_late(program, checkout.origin, checkout.occurred_at, now)};
  Demand demand{.earned = *asked, .used = checkout.points_to_use, .amount = checkout.amount};
  auto checks = checks_of(policy, occasion, demand);
  const Day today = business_day(now, program.zone);
  if (declines(checks)) {
    happened.emplace<Declined>(Declined{.header = header,
                                        .key = checkout.key,
                                        .id = checkout.order_id,
                                        .origin = checkout.origin,
                                        .content = content_of(checkout),
                                        .late = occasion.late,
                                        .checks = std::move(checks),
                                        .after = balances_of(member, today, now)});
    return std::nullopt;
  }
  demand.earned = allowed_by(checks, *asked);
  cut(*awards, demand.earned);

  Draft draft(member, today, now);
  if (!draft.has_room_for(demand.earned)) return overflows;
  pay_with_points(draft, *purchase.venue, checkout);
  earn(draft, program, *awards, expires_on(program.expiry, purchase.business_day));
  count(draft, policy, occasion, checks, demand);
  draft.repay_debts();
  draft.expire(program);

  // Filled where it stays: an event is large.
  auto& event = happened.emplace<CheckedOut>();
  event.header = header;
  event.key = checkout.key;
  event.order_id = checkout.order_id;
  event.origin = checkout.origin;
  event.content = content_of(checkout);
  event.lines = amounts_of(checkout.lines);
  event.late = occasion.late;
  event.tax = checkout.tax;
  event.eligible = eligible;
  event.awards = std::move(*awards);
  event.offset_money = *offset_money;
  event.cash_due = checkout.amount - *offset_money;
  event.checks = std::move(checks);
  event.after = draft.balances();
  event.effects = draft.take_effects();
  return std::nullopt;
}

}  // namespace wutong::domain
