#include <algorithm>

#include "actors/domain/guards.h"
#include "actors/domain/refund_part.h"

namespace wutong::domain {
namespace {

bool within_bounds(Money amount) { return amount >= Money{} && amount <= order_amount_max; }

bool may_refund(const Venue* venue, VenueId order_venue) {
  return venue != nullptr &&
         std::ranges::find(venue->refunds_orders_of, order_venue) != venue->refunds_orders_of.end();
}

bool has_line(const CheckedOut& order, std::uint32_t number) {
  return std::ranges::find(order.lines, number, &LineAmount::number) != order.lines.end();
}

bool has_unknown_line(const CheckedOut& order, const RefundOfLines& scope) {
  return std::ranges::any_of(scope.numbers,
                             [&](std::uint32_t number) { return !has_line(order, number); });
}

bool has_refunded_line(const RefundTotals& before, const RefundOfLines& scope) {
  return std::ranges::any_of(scope.numbers, [&](std::uint32_t number) {
    return std::ranges::binary_search(before.lines, number);
  });
}

}  // namespace

std::optional<Refused> refusal_of(const Member& member, const Program& program,
                                  const Refund& refund, Instant now, const CheckedOut* order,
                                  const RefundTotals* before) {
  const RefundTotals so_far = before == nullptr ? RefundTotals{} : *before;
  const auto* amount = std::get_if<RefundOfAmount>(&refund.scope);
  const auto* lines = std::get_if<RefundOfLines>(&refund.scope);
  const bool whole = std::holds_alternative<RefundOfWhole>(refund.scope);
  const Field field = amount != nullptr  ? Field::amount
                      : lines != nullptr ? Field::lines
                                         : Field::refund_scope;

  // What must not have happened is undone whoever the member is by now, and whenever that is found.
  const bool asked_for = !refund.reversal;

  if (asked_for) {
    if (const auto refused = refusal_of_occasion(member, program, refund.occurred_at, now))
      return refused;
  }
  if (amount != nullptr && amount->excluded > amount->amount)
    return Refused{Refusal::excluded_exceeds_amount, Field::excluded};
  if (amount != nullptr && !(within_bounds(amount->amount) && within_bounds(amount->excluded)))
    return Refused{Refusal::amount_overflows, Field::amount};
  if (order == nullptr) return Refused{Refusal::order_unknown, Field::order_id};
  if (asked_for && !may_refund(program.venue(refund.origin.venue), order->origin.venue))
    return Refused{Refusal::venue_not_allowed, Field::venue};
  if (lines != nullptr && has_unknown_line(*order, *lines))
    return Refused{Refusal::line_unknown, Field::lines};
  if (lines != nullptr && has_refunded_line(so_far, *lines))
    return Refused{Refusal::line_already_refunded, Field::lines};

  const RefundPart part = part_of(*order, so_far, refund.scope);
  const Money left = order->content.amount - so_far.amount;
  const Money excluded_left = order->content.excluded_from_earning - so_far.excluded;
  if (part.amount > left) return Refused{Refusal::more_than_left, field};
  // An order of 0 has nothing left from the start; it can be refunded once. One that is undone is
  // marked as such even then: whoever asks for it again must be told.
  if (asked_for && whole && before != nullptr && left == Money{})
    return Refused{Refusal::more_than_left, field};
  if (part.earning() > left - excluded_left) return Refused{Refusal::more_earning_than_left, field};
  if (part.excluded > excluded_left)
    return Refused{Refusal::more_excluded_than_left, amount != nullptr ? Field::excluded : field};
  return std::nullopt;
}

}  // namespace wutong::domain
