#include "actors/domain/offset.h"

#include <algorithm>

#include "actors/domain/by_number.h"
#include "actors/domain/checked.h"
#include "actors/domain/ensure.h"

namespace wutong::domain {
namespace {

bool offered(const OffsetRule& rule) { return rule.step_points > Points{}; }

PartyId accepting_party(const Venue& venue, StoreId id) {
  const auto store = venue.stores.find(id);
  const bool of_store = store != venue.stores.end() && !store->second.party.empty();
  return of_store ? store->second.party : venue.party;
}

}  // namespace

std::optional<Money> offset_money_of(const OffsetRule& rule, Points points) {
  if (points == Points{}) return Money{};
  if (!offered(rule) || points < Points{}) return std::nullopt;
  if (points.count % rule.step_points.count != 0) return std::nullopt;
  const Wide steps = points.count / rule.step_points.count;
  const auto money = (steps * rule.step_value.minor_units).narrow();
  if (!money) return std::nullopt;
  return Money{*money};
}

Points offset_maximum(const OffsetRule& rule, Money base) {
  if (!offered(rule) || rule.step_value <= Money{} || base < rule.threshold) return {};
  const auto share = floor_share(base.minor_units, rule.share.count, basis_points_of_one);
  if (!share) return {};
  const std::int64_t steps = *share / rule.step_value.minor_units;
  return {(Wide(steps) * rule.step_points.count).narrow().value_or(0)};
}

Points in_whole_steps(const OffsetRule& rule, Points points) {
  if (!offered(rule)) return {};
  return {points.count - points.count % rule.step_points.count};
}

AcceptedParts accepted_parts(const Venue& venue, const Checkout& checkout) {
  if (checkout.lines.empty()) {
    return {{accepting_party(venue, checkout.origin.store), checkout.points_to_use}};
  }
  AcceptedParts parts;
  CumulativeFloor spread(checkout.amount.minor_units);
  for (const BasketLine* line : by_number(checkout.lines)) {
    const auto points = spread.next(Wide(checkout.points_to_use.count) * line->amount.minor_units);
    ENSURE(points, "amounts and points were bounded before");
    if (*points == 0) continue;
    const PartyId party = accepting_party(venue, store_of(checkout, *line));
    const auto part = std::ranges::find(parts, party, &AcceptedPart::party);
    if (part != parts.end()) {
      part->points.count += *points;
    } else {
      parts.push_back({party, {*points}});
    }
  }
  return parts;
}

}  // namespace wutong::domain
