#include "load/plan_orders.h"

#include <algorithm>

#include "load/earning.h"
#include "load/random.h"
#include "load/shape.h"
#include "load/zipf.h"

namespace wutong::load {
namespace {

constexpr double late = 0.04;
constexpr double paid_with_points = 0.5;  // of those who could
constexpr double empty = 0.002;
constexpr std::uint64_t categories = 12;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

class Orders {
 public:
  Orders(const Rules& rules, const PlanOptions& options)
      : rules_(rules),
        options_(options),
        random_(seed_of(options.seed, options.day * 4)),
        members_(options.members, options.skew),
        points_(options.members) {}

  std::vector<PlannedOrder> make() {
    const std::vector<std::uint16_t> minutes = minutes_of_the_day();
    std::vector<PlannedOrder> orders;
    orders.reserve(options_.orders);
    for (std::uint32_t i = 0; i < options_.orders; ++i) {
      orders.push_back(order_at(minutes[i], i == 0));
    }
    return orders;
  }

 private:
  double weight_at(const Venue& venue, std::size_t hour) const {
    const FormatShape& shape = shape_of(venue.format);
    return shape.weight * shape.hours[hour];
  }

  /// As many orders in each hour as all venues together have then.
  std::vector<std::uint16_t> minutes_of_the_day() {
    std::array<double, 24> until{};
    double sum = 0;
    for (std::size_t hour = 0; hour < 24; ++hour) {
      for (const Venue& venue : rules_.venues) sum += weight_at(venue, hour);
      until[hour] = sum;
    }
    std::vector<std::uint16_t> minutes;
    minutes.reserve(options_.orders);
    for (std::uint32_t i = 0; i < options_.orders; ++i) {
      const double at = random_.unit() * sum;
      const auto hour =
          std::min<std::ptrdiff_t>(23, std::ranges::upper_bound(until, at) - until.begin());
      minutes.push_back(
          static_cast<std::uint16_t>(static_cast<std::uint64_t>(hour) * 60 + random_.below(60)));
    }
    std::ranges::sort(minutes);
    return minutes;
  }

  std::uint32_t venue_at(std::size_t hour) {
    double sum = 0;
    for (const Venue& venue : rules_.venues) sum += weight_at(venue, hour);
    double at = random_.unit() * sum;
    for (std::uint32_t i = 0; i < rules_.venues.size(); ++i) {
      at -= weight_at(rules_.venues[i], hour);
      if (at < 0) return i;
    }
    return 0;
  }

  PlannedOrder order_at(std::uint16_t minute, bool plain) {
    // The first order has the same id whatever the seed, so that a day under another seed shows.
    if (plain)
      return {.terminal = 1, .minute = minute, .amount_minor = random_.between(1, 100'000)};

    PlannedOrder order{.member = static_cast<std::uint32_t>(members_.draw(random_)),
                       .venue = venue_at(minute / 60),
                       .minute = minute};
    const Venue& venue = rules_.venues[order.venue];
    const FormatShape& shape = shape_of(venue.format);
    if (!venue.stores.empty() && random_.chance(0.85)) {
      order.store = static_cast<std::int32_t>(random_.below(venue.stores.size()));
    }
    order.terminal = static_cast<std::uint32_t>(1 + random_.below(16));
    order.channel = static_cast<std::uint8_t>(random_.chance(0.7) ? 1 : 2 + random_.below(3));
    order.amount_minor = shape.draw_amount(random_);
    order.age_ms = 200 + static_cast<std::int64_t>(random_.below(20'000));
    if (random_.chance(empty)) order.amount_minor = 0;
    if (random_.chance(shape.with_lines)) add_lines(order, venue, shape);
    exclude(order);
    order.tenders =
        static_cast<TenderMix>(random_.below(rules_.tenders_without_earning.empty() ? 2 : 3));
    if (random_.chance(late)) {
      order.late = true;
      order.age_ms = hour_ms + static_cast<std::int64_t>(random_.below(20 * hour_ms));
    } else {
      decide_payment(order, venue);
    }
    return order;
  }

  void add_lines(PlannedOrder& order, const Venue& venue, const FormatShape& shape) {
    std::int64_t left = order.amount_minor;
    const std::int64_t count = random_.between(1, shape.lines_max);
    // A line of nothing could not be refunded.
    if (left < count) return;
    for (std::int64_t to_come = count - 1; to_come >= 0; --to_come) {
      const std::int64_t spare = left - to_come;
      const std::int64_t usual = std::min(spare, 2 * spare / (to_come + 1) + 1);
      const std::int64_t amount = to_come == 0 ? left : random_.between(1, usual);
      left -= amount;
      PlannedLine line{.amount_minor = amount,
                       .excluded = random_.chance(0.06),
                       .category = static_cast<std::uint16_t>(random_.below(categories))};
      if (!venue.stores.empty() && random_.chance(0.05)) {
        line.store = static_cast<std::int32_t>(random_.below(venue.stores.size()));
      }
      order.lines.push_back(line);
    }
  }

  void exclude(PlannedOrder& order) {
    for (const PlannedLine& line : order.lines) {
      if (line.excluded) order.excluded_minor += line.amount_minor;
    }
    if (order.lines.empty() && random_.chance(0.06)) {
      order.excluded_minor = random_.between(0, order.amount_minor);
    }
    if (random_.chance(0.04)) {
      order.excluded_from_offset_minor = random_.between(0, order.amount_minor / 2);
    }
  }

  /// Members who should have points by now pay with them; how many is settled when the order is sent.
  void decide_payment(PlannedOrder& order, const Venue& venue) {
    std::int64_t& points = points_[order.member];
    const Order naive{.venue = venue.id,
                      .amount_minor = order.amount_minor,
                      .excluded_from_offset_minor = order.excluded_from_offset_minor};
    const std::int64_t most = points_max(rules_, naive, points);
    if (most > 0 && random_.chance(paid_with_points)) {
      order.pays_with_points = true;
      order.quotes_first = random_.chance(0.5);
      points -= most;
    }
    points +=
        (order.amount_minor - order.excluded_minor) / venue.rate.per_minor * venue.rate.points;
  }

  const Rules& rules_;
  const PlanOptions& options_;
  Random random_;
  Zipf members_;
  /// Roughly what each member has by now, of what this day gave.
  std::vector<std::int64_t> points_;
};

}  // namespace

std::vector<PlannedOrder> plan_orders(const Rules& rules, const PlanOptions& options) {
  return Orders(rules, options).make();
}

}  // namespace wutong::load
