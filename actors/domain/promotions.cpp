#include "actors/domain/promotions.h"

#include <algorithm>
#include <optional>

#include "actors/domain/by_number.h"
#include "actors/domain/ensure.h"

namespace wutong::domain {
namespace {

template <typename Values, typename Value>
bool allows(const Values& values, const Value& value) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

bool runs_on(const Promotion& promotion, Day day) {
  constexpr int weekday_of_first_day = 3;  // 1970-01-01 was a Thursday, and Monday is 0.
  const int weekday = ((day.since_epoch + weekday_of_first_day) % 7 + 7) % 7;
  return (promotion.weekdays >> weekday & 1) != 0;
}

bool applies(const Promotion& promotion, const Purchase& purchase) {
  if (promotion.starts_at && purchase.occurred_at < *promotion.starts_at) return false;
  if (promotion.ends_at && purchase.occurred_at >= *promotion.ends_at) return false;
  return runs_on(promotion, purchase.business_day) &&
         allows(promotion.venues, purchase.venue->id) &&
         allows(promotion.formats, purchase.venue->format) &&
         allows(promotion.stores, purchase.checkout->origin.store);
}

bool counts(const LineFilter& filter, const Checkout& checkout, const BasketLine& line) {
  return allows(filter.skus, line.sku) && allows(filter.categories, line.category) &&
         allows(filter.brands, line.brand) && allows(filter.stores, store_of(checkout, line));
}

/// The eligible part of an order that a promotion counts. What of the earning goods is not eligible
/// (paid with points, or with tenders that earn nothing) is spread over the earning lines by
/// cumulative floor.
Money counted_by(const Promotion& promotion, const Purchase& purchase, Money eligible) {
  if (promotion.lines.counts_all()) return eligible;
  const Checkout& checkout = *purchase.checkout;
  const Money earning = checkout.amount - checkout.excluded_from_earning;
  const Money taken_off = earning - eligible;
  CumulativeFloor spread(earning.minor_units);
  Money counted;
  for (const BasketLine* line : by_number(checkout.lines)) {
    if (line->excluded) continue;
    const auto off = spread.next(Wide(taken_off.minor_units) * line->amount.minor_units);
    ENSURE(off, "amounts were bounded before");
    if (counts(promotion.lines, checkout, *line)) counted += line->amount - Money{*off};
  }
  return counted;
}

const Step* reached_step(const Promotion& promotion, Money eligible) {
  const Step* reached = nullptr;
  for (const Step& step : promotion.steps) {
    if (step.from <= eligible) reached = &step;
  }
  return reached;
}

Winner alone(const Promotion& promotion, const Purchase& purchase, const EarningRate& rate,
             Money eligible) {
  const Money counted = counted_by(promotion, purchase, eligible);
  if (promotion.steps.empty()) {
    const bool given = promotion.fixed_from <= eligible && counted > Money{};
    return {.promotion = &promotion,
            .kind = AwardKind::fixed,
            .gives = given
                         ? Wide(promotion.fixed.count) * rate.per.minor_units * basis_points_of_one
                         : Wide(),
            .threshold = promotion.fixed_from};
  }
  const Step* step = reached_step(promotion, eligible);
  if (step == nullptr) return {.promotion = &promotion};
  return {.promotion = &promotion,
          .kind = AwardKind::multiplier,
          .gives = Wide(counted.minor_units) * rate.points.count *
                   (Wide(step->multiplier.count) - basis_points_of_one),
          .threshold = step->from};
}

}  // namespace

Winners winners_of(const Program& program, const Purchase& purchase, const EarningRate& rate,
                   Money eligible) {
  Winners winners;
  for (const Promotion& promotion : program.promotions) {
    if (!applies(promotion, purchase)) continue;
    const Winner candidate = alone(promotion, purchase, rate, eligible);
    if (!(candidate.gives > 0)) continue;
    const Symbol group = promotion.stacking_group;
    const auto rival =
        group.empty() ? winners.end() : std::ranges::find(winners, group, [](const Winner& winner) {
          return winner.promotion->stacking_group;
        });
    if (rival == winners.end()) {
      winners.push_back(candidate);
    } else if (candidate.gives > rival->gives) {
      // Ids ascend, so a rival that gives the same has the smaller id and stays.
      winners.erase(rival);
      winners.push_back(candidate);
    }
  }
  return winners;
}

}  // namespace wutong::domain
