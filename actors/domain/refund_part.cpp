#include "actors/domain/refund_part.h"

#include <algorithm>
#include <iterator>

namespace wutong::domain {
namespace {

RefundPart of_lines(const CheckedOut& order, const std::vector<std::uint32_t>& numbers) {
  RefundPart part{.lines = numbers};
  std::ranges::sort(part.lines);
  for (const LineAmount& line : order.lines) {
    if (!std::ranges::binary_search(part.lines, line.number)) continue;
    part.amount += line.amount;
    if (line.excluded) part.excluded += line.amount;
  }
  return part;
}

RefundPart of_whole(const CheckedOut& order, const RefundTotals& before) {
  RefundPart part{.amount = order.content.amount - before.amount,
                  .excluded = order.content.excluded_from_earning - before.excluded};
  for (const LineAmount& line : order.lines) {
    if (!std::ranges::binary_search(before.lines, line.number)) part.lines.push_back(line.number);
  }
  return part;
}

}  // namespace

RefundPart part_of(const CheckedOut& order, const RefundTotals& before, const RefundScope& scope) {
  if (const auto* part = std::get_if<RefundOfAmount>(&scope)) {
    return {.amount = part->amount, .excluded = part->excluded};
  }
  if (const auto* lines = std::get_if<RefundOfLines>(&scope))
    return of_lines(order, lines->numbers);
  return of_whole(order, before);
}

}  // namespace wutong::domain
