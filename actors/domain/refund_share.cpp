#include "actors/domain/refund_share.h"

#include "actors/domain/checked.h"
#include "actors/domain/ensure.h"

namespace wutong::domain {
namespace {

Money earning_goods(const CheckedOut& order) {
  return order.content.amount - order.content.excluded_from_earning;
}

/// Whether the rest of the eligible spend, in proportion to the earning goods that stay, falls below
/// what the line's rule asked for.
bool lost(const AwardLine& line, const CheckedOut& order, Money refunded_earning) {
  if (!line.lost_below_threshold) return false;
  const Money earning = earning_goods(order);
  return Wide(order.eligible.minor_units) * (earning - refunded_earning).minor_units <
         Wide(line.threshold.minor_units) * earning.minor_units;
}

}  // namespace

std::int64_t share_of(std::int64_t whole, Money refunded, Money of) {
  if (of == Money{}) return 0;
  const auto share = floor_share(whole, refunded.minor_units, of.minor_units);
  ENSURE(share, "no more than the whole was refunded");
  return *share;
}

Points clawed_back_of(const CheckedOut& order, const AwardLine& line, Money refunded) {
  if (lost(line, order, refunded)) return line.points;
  return {share_of(line.points.count, refunded, earning_goods(order))};
}

}  // namespace wutong::domain
