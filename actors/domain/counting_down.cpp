#include "actors/domain/counting_down.h"

#include <algorithm>

#include "actors/domain/limits.h"
#include "actors/domain/refund_share.h"
#include "actors/domain/windows.h"

namespace wutong::domain {
namespace {

Points sum_of(const std::vector<Points>& parts) {
  Points sum;
  for (const Points part : parts) sum += part;
  return sum;
}

/// What refunds claw back in total of the order's awards, had they been cut to `counted`.
Points clawed_back_if_cut(const CheckedOut& order, Points counted, const RefundTotals& totals) {
  auto awards = order.awards;
  cut(awards, counted);
  Points clawed_back;
  for (const AwardLine& line : awards) {
    clawed_back += clawed_back_of(order, line, totals.amount - totals.excluded);
  }
  return clawed_back;
}

/// What the refund takes of what the order counted.
Points taken_of(const CounterMove& counted, const CheckedOut& order, const RefundTotals& before,
                const RefundTotals& after) {
  if (counted.measure == Measure::points_used) {
    return sum_of(after.given_back) - sum_of(before.given_back);
  }
  if (counted.measure != Measure::points_earned) return {};
  return clawed_back_if_cut(order, {counted.delta}, after) -
         clawed_back_if_cut(order, {counted.delta}, before);
}

}  // namespace

void count_down(Draft& draft, const Member& member, const CheckedOut& order,
                const RefundTotals& before, const RefundTotals& after) {
  for (const CounterMove& counted : order.effects.counters) {
    const std::int64_t down =
        std::min(counted_on(member, counted.measure, counted.window, counted.day, counted.shadow),
                 taken_of(counted, order, before, after).count);
    if (down <= 0) continue;
    CounterMove back = counted;
    back.delta = -down;
    draft.count(back);
  }
}

}  // namespace wutong::domain
