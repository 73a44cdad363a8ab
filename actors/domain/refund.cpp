#include "actors/domain/refund.h"

#include <algorithm>
#include <iterator>

#include "actors/domain/calendar.h"
#include "actors/domain/content.h"
#include "actors/domain/counting_down.h"
#include "actors/domain/decided_under.h"
#include "actors/domain/draft.h"
#include "actors/domain/ensure.h"
#include "actors/domain/guards.h"
#include "actors/domain/limits.h"
#include "actors/domain/refund_part.h"
#include "actors/domain/refund_share.h"
#include "actors/domain/shortfall.h"

namespace wutong::domain {
namespace {

/// In the order of their lines.
std::vector<const Movement*> movements_of(const CheckedOut& order, Reason reason) {
  std::vector<const Movement*> movements;
  for (const Movement& movement : order.effects.movements) {
    if (movement.reason == reason) movements.push_back(&movement);
  }
  return movements;
}

const Movement* award_of(const CheckedOut& order, std::uint32_t line) {
  const auto found = std::ranges::find_if(order.effects.movements, [&](const Movement& movement) {
    return movement.reason == Reason::earn && movement.line == line;
  });
  return found == order.effects.movements.end() ? nullptr : &*found;
}

/// What each use has got back in total. It is the lot that the rule is about: all uses of one lot
/// together get the floored share of what was used of it. Which party gives how much of that is
/// settled so that no party's total ever falls: each first its own floored share, then what flooring
/// left over goes to the first that has not had its whole back.
std::vector<Points> given_back_with(const CheckedOut& order, const RefundTotals& before,
                                    Money refunded) {
  const auto uses = movements_of(order, Reason::use);
  std::vector<Points> given = before.given_back;
  ENSURE(given.size() == uses.size(), "refunds of one order count different uses");
  for (std::size_t first = 0; first < uses.size();) {
    std::size_t end = first;
    Points used;
    Points left;
    for (; end < uses.size() && uses[end]->lot_serial == uses[first]->lot_serial; ++end) {
      used -= uses[end]->points;
      left -= given[end];
    }
    left += Points{share_of(used.count, refunded, order.content.amount)};
    const auto give = [&](std::size_t use, Points up_to) {
      const Points more = std::min(left, std::max(up_to - given[use], Points{}));
      given[use] += more;
      left -= more;
    };
    for (std::size_t use = first; use < end; ++use) {
      give(use, {share_of(-uses[use]->points.count, refunded, order.content.amount)});
    }
    for (std::size_t use = first; use < end; ++use) give(use, -uses[use]->points);
    first = end;
  }
  return given;
}

/// The totals once `part` is refunded too.
RefundTotals totals_with(const CheckedOut& order, const RefundTotals& before,
                         const RefundPart& part) {
  RefundTotals totals{.amount = before.amount + part.amount,
                      .excluded = before.excluded + part.excluded};
  totals.offset_money = {
      share_of(order.offset_money.minor_units, totals.amount, order.content.amount)};
  std::ranges::set_union(before.lines, part.lines, std::back_inserter(totals.lines));
  for (const AwardLine& line : order.awards) {
    totals.clawed_back.push_back(clawed_back_of(order, line, totals.amount - totals.excluded));
  }
  totals.given_back = given_back_with(order, before, totals.amount);
  return totals;
}

/// The totals before the first refund: nothing of every line.
RefundTotals nothing_refunded(const CheckedOut& order) {
  return {.clawed_back = std::vector<Points>(order.awards.size()),
          .given_back = std::vector<Points>(movements_of(order, Reason::use).size())};
}

std::vector<Points> difference(const std::vector<Points>& now, const std::vector<Points>& before) {
  ENSURE(now.size() == before.size(), "refunds of one order count different lines");
  std::vector<Points> parts;
  parts.reserve(now.size());
  for (std::size_t line = 0; line < now.size(); ++line) parts.push_back(now[line] - before[line]);
  return parts;
}

Points sum_of(const std::vector<Points>& parts) {
  Points sum;
  for (const Points part : parts) sum += part;
  return sum;
}

/// Points go back to the lots they came from. Where those have had their day, they expire in this
/// very event, or live some days more if the program grants grace.
void give_back(Draft& draft, const CheckedOut& order, const std::vector<Points>& parts, Day today,
               const ExpiryRule& rule) {
  const auto uses = movements_of(order, Reason::use);
  for (std::uint32_t line = 0; line < uses.size(); ++line) {
    const Movement& used = *uses[line];
    LotTerms terms = terms_of(used);
    const bool grace = terms.expires_on < today && rule.give_back_grace_days > 0;
    if (grace) terms.expires_on = {today.since_epoch + rule.give_back_grace_days};
    draft.put({.reason = Reason::give_back, .line = line, .counterparty = used.counterparty}, terms,
              parts[line], grace ? 0 : used.lot_serial);
  }
}

/// Returns what could not be taken back.
Points claw_back(Draft& draft, const CheckedOut& order, const std::vector<Points>& parts,
                 Shortfall rest) {
  Points missing;
  for (std::uint32_t line = 0; line < parts.size(); ++line) {
    if (parts[line] == Points{}) continue;
    const Movement* award = award_of(order, line);
    ENSURE(award != nullptr, "an award line with points went into no lot");
    missing += take_back(
        draft,
        {.cause = {.reason = Reason::claw_back,
                   .line = line,
                   .counterparty = order.awards[line].party},
         .lot = terms_of(*award),
         .points = parts[line],
         .order = order.key,
         .order_occurred_at = std::min(order.content.occurred_at, order.header.received_at)},
        rest);
  }
  return missing;
}

}  // namespace

std::optional<Refused> refund_order(const Member& member, const Program& program,
                                    const RiskPolicy& policy, const Refund& refund, Instant now,
                                    Event& happened) {
  const CheckedOut* order = find_order(member, refund.order);
  const RefundTotals* last = find_totals(member, refund.order);
  if (const auto refused = refusal_of(member, program, refund, now, order, last)) return refused;
  const EventHeader header = decided_under(program, policy, now);
  const Instant occurred_at = std::min(refund.occurred_at, now);
  const Occasion occasion{.member = &member,
                          .venue = program.venue(refund.origin.venue),
                          .origin = &refund.origin,
                          .business_day = business_day(occurred_at, program.zone),
                          .now = now,
                          .late = is_late(program, refund.origin, refund.occurred_at, now)};
  const Demand demand{.is_refund = true};
  // The engine's own refund is nobody's doing.
  auto checks = refund.reversal ? std::vector<RiskCheck>{} : checks_of(policy, occasion, demand);
  const Day today = business_day(now, program.zone);
  const RefundTotals before = last == nullptr ? nothing_refunded(*order) : *last;
  const RefundPart part = part_of(*order, before, refund.scope);
  RefundTotals totals = totals_with(*order, before, part);
  const auto clawed_back = difference(totals.clawed_back, before.clawed_back);
  const auto given_back = difference(totals.given_back, before.given_back);
  const Money offset_money = totals.offset_money - before.offset_money;

  Draft draft(member, today, now);
  if (!draft.has_room_for(sum_of(given_back))) {
    return Refused{Refusal::amount_overflows, Field::amount};
  }
  give_back(draft, *order, given_back, today, program.expiry);
  // What must not have happened is undone in any case.
  const Shortfall rest = refund.reversal && program.shortfall == Shortfall::refused
                             ? Shortfall::debt
                             : program.shortfall;
  const Points missing = claw_back(draft, *order, clawed_back, rest);
  if (missing > Points{} && rest == Shortfall::refused) {
    return Refused{Refusal::shortfall, Field::none};
  }
  if (declines(checks)) {
    happened.emplace<Declined>(Declined{.header = header,
                                        .key = refund.key,
                                        .id = refund.refund_id,
                                        .origin = refund.origin,
                                        .content = content_of(refund),
                                        .order_venue = order->origin.venue,
                                        .order_id = order->order_id,
                                        .order_occurred_at = order->content.occurred_at,
                                        .late = occasion.late,
                                        .checks = std::move(checks),
                                        .after = balances_of(member, today, now)});
    return std::nullopt;
  }
  count(draft, policy, occasion, checks, demand);
  count_down(draft, member, *order, before, totals);
  draft.repay_debts();
  draft.expire(program);

  const Balances after = draft.balances();
  happened.emplace<Refunded>(
      Refunded{.header = header,
               .key = refund.key,
               .refund_id = refund.refund_id,
               .origin = refund.origin,
               .order_venue = order->origin.venue,
               .order_id = order->order_id,
               .order_occurred_at = order->content.occurred_at,
               .content = content_of(refund),
               .reason = refund.reason,
               .amount = part.amount,
               .excluded = part.excluded,
               .offset_money = offset_money,
               .cash_back = part.amount - offset_money,
               .clawed_back = sum_of(clawed_back),
               .given_back = sum_of(given_back),
               .booked_loss = rest == Shortfall::booked_loss ? missing : Points{},
               .totals = std::move(totals),
               .checks = std::move(checks),
               .effects = draft.take_effects(),
               .after = after});
  return std::nullopt;
}

}  // namespace wutong::domain
