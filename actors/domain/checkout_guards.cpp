#include <algorithm>
#include <vector>

#include "actors/domain/calendar.h"
#include "actors/domain/checked.h"
#include "actors/domain/guards.h"
#include "actors/domain/offset.h"

namespace wutong::domain {
namespace {

bool within_bounds(Money amount) { return amount >= Money{} && amount <= order_amount_max; }

/// Sums that no caller can make overflow: amounts are 64 bits and there are a few hundred.
template <typename Parts, typename Counts>
Wide sum_of(const Parts& parts, Counts counts) {
  Wide sum;
  for (const auto& part : parts) {
    if (counts(part)) sum += part.amount.minor_units;
  }
  return sum;
}

bool lines_sum(const Checkout& checkout) {
  return checkout.lines.empty() || sum_of(checkout.lines, [](const BasketLine&) { return true; }) ==
                                       checkout.amount.minor_units;
}

bool excluded_lines_sum(const Checkout& checkout) {
  return checkout.lines.empty() || sum_of(checkout.lines, [](const BasketLine& line) {
                                     return line.excluded;
                                   }) == checkout.excluded_from_earning.minor_units;
}

/// Tenders sum to the amount less the offset money. Where the points are not in steps, or pay more
/// than there is to pay, no sum is right; the guards of the offset say what is wrong.
bool tenders_sum(const Checkout& checkout, const OffsetRule& rule, Purpose purpose) {
  if (purpose == Purpose::quote && checkout.tenders.empty()) return true;
  const auto offset = offset_money_of(rule, checkout.points_to_use);
  if (!offset || *offset > checkout.amount) return true;
  return sum_of(checkout.tenders, [](const Tender&) { return true; }) ==
         (checkout.amount - *offset).minor_units;
}

bool in_steps(const OffsetRule& rule, Points points) {
  return points >= Points{} &&
         (rule.step_points <= Points{} || points.count % rule.step_points.count == 0);
}

}  // namespace

std::optional<Refused> refusal_of(const Member& member, const Program& program,
                                  const Checkout& checkout, Instant now, Purpose purpose) {
  const OffsetRule& rule = program.offset;
  const bool uses_points = checkout.points_to_use != Points{};
  const auto available = [&] {
    return balances_of(member, business_day(now, program.zone), now).available;
  };

  if (const auto refused = refusal_of_occasion(member, program, checkout.occurred_at, now))
    return refused;
  // The edge knew the venue; a new version of the program may have come between.
  if (program.venue(checkout.origin.venue) == nullptr)
    return Refused{Refusal::venue_not_allowed, Field::venue};
  if (checkout.currency != program.currency)
    return Refused{Refusal::currency_not_the_venues, Field::currency};
  if (checkout.excluded_from_earning > checkout.amount)
    return Refused{Refusal::excluded_exceeds_amount, Field::excluded};
  if (checkout.excluded_from_offset > checkout.amount)
    return Refused{Refusal::excluded_exceeds_amount, Field::excluded_from_offset};
  if (!lines_sum(checkout)) return Refused{Refusal::lines_do_not_sum, Field::lines};
  if (!excluded_lines_sum(checkout))
    return Refused{Refusal::excluded_lines_do_not_sum, Field::excluded};
  if (!tenders_sum(checkout, rule, purpose))
    return Refused{Refusal::tenders_do_not_sum, Field::tenders};
  if (!amounts_within_bounds(checkout)) return Refused{Refusal::amount_overflows, Field::amount};
  const bool captures = !checkout.hold_id.empty();
  const Points held = captures ? held_by(member, checkout.hold, now) : Points{};
  if (captures && held == Points{}) return Refused{Refusal::hold_unknown, Field::hold_id};
  if (uses_points && !captures && is_late(program, checkout.origin, checkout.occurred_at, now))
    return Refused{Refusal::late_without_hold, Field::hold_id};
  if (uses_points && offset_base_of(checkout) < rule.threshold)
    return Refused{Refusal::below_offset_threshold, Field::points_to_use};
  if (!in_steps(rule, checkout.points_to_use))
    return Refused{Refusal::not_in_steps, Field::points_to_use};
  if (uses_points && checkout.points_to_use > (captures ? held : available()))
    return Refused{Refusal::balance_too_low, Field::points_to_use};
  if (checkout.points_to_use > offset_maximum(rule, offset_base_of(checkout)))
    return Refused{Refusal::above_offset_share, Field::points_to_use};
  return std::nullopt;
}

bool amounts_within_bounds(const Checkout& checkout) {
  const auto part_within = [](const auto& part) { return within_bounds(part.amount); };
  return within_bounds(checkout.amount) && within_bounds(checkout.excluded_from_earning) &&
         within_bounds(checkout.excluded_from_offset) &&
         std::ranges::all_of(checkout.tenders, part_within) &&
         std::ranges::all_of(checkout.lines, part_within);
}

bool is_late(const Program& program, const Origin& origin, Instant occurred_at, Instant now) {
  const Wide delay = Wide(now.unix_ms) - occurred_at.unix_ms;
  return origin.offline || delay > program.bounds.late_after.ms;
}

std::optional<Refused> refusal_of_occasion(const Member& member, const Program& program,
                                           Instant occurred_at, Instant now) {
  if (member.status != MemberStatus::active)
    return Refused{Refusal::member_not_active, Field::member};
  if (occurred_at > now + program.bounds.clock_skew_max)
    return Refused{Refusal::occurred_in_future, Field::occurred_at};
  if (occurred_at < now - program.bounds.backdating_max)
    return Refused{Refusal::back_dated, Field::occurred_at};
  return std::nullopt;
}

}  // namespace wutong::domain
