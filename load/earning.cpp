#include "load/earning.h"

#include <absl/numeric/int128.h>

#include <algorithm>
#include <map>

namespace wutong::load {
namespace {

using Wide = absl::int128;

/// One award before rounding: `exact` over the order's denominator.
struct Part {
  Award award;
  Wide exact;
  std::vector<Share> funding;
};

template <typename Values, typename Value>
bool among(const Values& values, const Value& value) {
  return std::ranges::find(values, value) != values.end();
}

template <typename Values, typename Value>
bool unrestricted_or_among(const Values& values, const Value& value) {
  return values.empty() || among(values, value);
}

bool runs(const Promotion& promotion, const Rules& rules, const Order& order) {
  const std::int64_t at = order.occurred_at_unix_ms;
  if (promotion.starts_at_unix_ms && at < *promotion.starts_at_unix_ms) return false;
  if (promotion.ends_at_unix_ms && at >= *promotion.ends_at_unix_ms) return false;
  // absl counts weekdays from Monday.
  const auto weekday = static_cast<std::size_t>(absl::GetWeekday(rules.day_of(at)));
  return promotion.weekdays[weekday] && unrestricted_or_among(promotion.venues, order.venue) &&
         unrestricted_or_among(promotion.formats, rules.venue(order.venue)->format) &&
         unrestricted_or_among(promotion.stores, order.store);
}

bool counts_line(const LineFilter& filter, const Order& order, const Line& line) {
  const std::string& store = line.store.empty() ? order.store : line.store;
  return unrestricted_or_among(filter.skus, line.sku) &&
         unrestricted_or_among(filter.categories, line.category) &&
         unrestricted_or_among(filter.brands, line.brand) &&
         unrestricted_or_among(filter.stores, store);
}

/// The part of the eligible amount that the promotion looks at. What of the earning goods is not
/// eligible is spread over the earning lines, by their numbers, by cumulative floor.
std::int64_t counted_of(const Promotion& promotion, const Order& order, std::int64_t eligible) {
  const LineFilter& filter = promotion.lines;
  if (filter.skus.empty() && filter.categories.empty() && filter.brands.empty() &&
      filter.stores.empty()) {
    return eligible;
  }
  const std::int64_t earning = order.amount_minor - order.excluded_minor;
  const std::int64_t off = earning - eligible;
  std::vector<Line> lines = order.lines;
  std::ranges::sort(lines, {}, &Line::number);
  std::int64_t counted = 0;
  std::int64_t goods_so_far = 0;
  std::int64_t off_so_far = 0;
  for (const Line& line : lines) {
    if (line.excluded || earning == 0) continue;
    goods_so_far += line.amount_minor;
    const auto off_now = static_cast<std::int64_t>(Wide(off) * goods_so_far / earning);
    if (counts_line(filter, order, line)) counted += line.amount_minor - (off_now - off_so_far);
    off_so_far = off_now;
  }
  return counted;
}

/// What the promotion gives alone; 0 if it does not apply.
Part alone(const Promotion& promotion, const Order& order, std::int64_t eligible, Rate rate) {
  Part part{
      .award = {.promotion = promotion.id, .lost_below_threshold = promotion.lost_below_threshold},
      .funding = promotion.funding};
  const std::int64_t counted = counted_of(promotion, order, eligible);
  if (promotion.steps.empty()) {
    part.award.kind = AwardKind::fixed;
    part.award.threshold_minor = promotion.fixed_from_minor;
    if (eligible >= promotion.fixed_from_minor) {
      part.exact = Wide(promotion.fixed_points) * rate.per_minor * basis_points_of_one;
    }
    return part;
  }
  part.award.kind = AwardKind::multiplier;
  for (const Step& step : promotion.steps) {
    if (eligible < step.from_minor) continue;
    part.award.threshold_minor = step.from_minor;
    part.exact = Wide(counted) * rate.points * (step.multiplier_basis_points - basis_points_of_one);
  }
  return part;
}

/// The best of each stacking group, by id: promotions come by id, so that on a tie the first stays.
std::vector<Part> winners(const Rules& rules, const Order& order, std::int64_t eligible,
                          Rate rate) {
  std::map<std::string, Part> best;
  for (const Promotion& promotion : rules.promotions) {
    if (!runs(promotion, rules, order)) continue;
    Part part = alone(promotion, order, eligible, rate);
    if (part.exact <= 0) continue;
    // A byte that no id has keeps a promotion's own group apart from those that are named.
    const std::string group = promotion.stacking_group.empty() ? std::string("\x01") + promotion.id
                                                               : promotion.stacking_group;
    const auto rival = best.find(group);
    if (rival == best.end()) {
      best.emplace(group, std::move(part));
    } else if (part.exact > rival->second.exact) {
      rival->second = std::move(part);
    }
  }
  std::vector<Part> parts;
  for (auto& [group, part] : best) parts.push_back(std::move(part));
  std::ranges::sort(parts, [](const Part& left, const Part& right) {
    return std::tie(left.award.kind, left.award.promotion) <
           std::tie(right.award.kind, right.award.promotion);
  });
  return parts;
}

std::vector<Award> awards_of(const Rules& rules, const Order& order, std::int64_t eligible) {
  const Venue& venue = *rules.venue(order.venue);
  const Store* store = venue.store(order.store);
  const Rate rate = store != nullptr && store->rate ? *store->rate : venue.rate;

  std::vector<Share> funding = venue.funding;
  if (funding.empty()) funding = {{venue.party}};
  if (store != nullptr && !store->party.empty()) funding = {{store->party}};
  std::vector<Part> parts = {
      {.exact = Wide(eligible) * rate.points * basis_points_of_one, .funding = funding}};
  for (Part& part : winners(rules, order, eligible, rate)) parts.push_back(std::move(part));

  const Wide denominator = Wide(rate.per_minor) * basis_points_of_one * basis_points_of_one;
  std::vector<Award> awards;
  Wide sum = 0;
  std::int64_t given = 0;
  for (const Part& part : parts) {
    for (const Share& share : part.funding) {
      sum += part.exact * share.basis_points;
      const auto given_now = static_cast<std::int64_t>(sum / denominator);
      if (given_now > given) {
        awards.push_back(part.award);
        awards.back().party = share.party;
        awards.back().points = given_now - given;
      }
      given = given_now;
    }
  }
  return awards;
}

}  // namespace

std::int64_t Earning::points() const {
  std::int64_t sum = 0;
  for (const Award& award : awards) sum += award.points;
  return sum;
}

Earning earning_of(const Rules& rules, const Order& order) {
  Earning earning;
  const std::int64_t steps = order.points_to_use / rules.offset.step_points;
  earning.offset_money_minor = steps * rules.offset.step_minor;
  earning.cash_due_minor = order.amount_minor - earning.offset_money_minor;
  std::int64_t eligible = earning.cash_due_minor - order.excluded_minor;
  for (const Tender& tender : order.tenders) {
    if (among(rules.tenders_without_earning, tender.kind)) eligible -= tender.amount_minor;
  }
  earning.eligible_minor = std::max<std::int64_t>(0, eligible);
  if (earning.eligible_minor > 0) earning.awards = awards_of(rules, order, earning.eligible_minor);
  return earning;
}

void cut_to(std::vector<Award>& awards, std::int64_t allowed) {
  std::int64_t excess = -allowed;
  for (const Award& award : awards) excess += award.points;
  for (auto award = awards.rbegin(); award != awards.rend() && excess > 0; ++award) {
    award->cut = std::min(excess, award->points);
    award->points -= award->cut;
    excess -= award->cut;
  }
}

std::int64_t points_max(const Rules& rules, const Order& order, std::int64_t balance) {
  const OffsetRule& offset = rules.offset;
  const std::int64_t base = order.amount_minor - order.excluded_from_offset_minor;
  if (base < offset.threshold_minor) return 0;
  const auto payable =
      static_cast<std::int64_t>(Wide(base) * offset.share_basis_points / basis_points_of_one);
  const std::int64_t steps = std::min(payable / offset.step_minor, balance / offset.step_points);
  return std::max<std::int64_t>(0, steps) * offset.step_points;
}

}  // namespace wutong::load
