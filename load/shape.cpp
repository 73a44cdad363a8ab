#include "load/shape.h"

#include <absl/strings/match.h>

#include <algorithm>
#include <cmath>

namespace wutong::load {
namespace {

// Lunch and the evening.
constexpr FormatShape mall = {
    .hours = {0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 7, 9, 8, 6, 6, 7, 8, 10, 12, 11, 7, 2, 0},
    .median_minor = 16'800,
    .spread = 1.1,
    .with_lines = 0.45,
    .lines_max = 9,
    .weight = 1,
};
// Check-out in the morning, the restaurant at night.
constexpr FormatShape hotel = {
    .hours = {1, 0, 0, 0, 0, 1, 3, 7, 10, 10, 8, 7, 5, 3, 2, 2, 2, 3, 6, 7, 6, 4, 3, 2},
    .median_minor = 62'000,
    .spread = 0.8,
    .with_lines = 0.35,
    .lines_max = 6,
    .weight = 0.4,
};
// Coffee, lunch, and nothing at night.
constexpr FormatShape office = {
    .hours = {0, 0, 0, 0, 0, 0, 1, 5, 10, 6, 3, 9, 14, 8, 4, 5, 4, 3, 3, 1, 0, 0, 0, 0},
    .median_minor = 3'200,
    .spread = 0.6,
    .with_lines = 0.2,
    .lines_max = 4,
    .weight = 0.6,
};
// The afternoon, the evening, the late show.
constexpr FormatShape cinema = {
    .hours = {2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 5, 6, 9, 12, 12, 9, 6, 4},
    .median_minor = 8'800,
    .spread = 0.5,
    .with_lines = 0.5,
    .lines_max = 4,
    .weight = 0.5,
};
// Cars leave after work and after dinner.
constexpr FormatShape parking = {
    .hours = {1, 1, 0, 0, 0, 1, 2, 3, 4, 4, 4, 5, 6, 6, 5, 5, 6, 9, 10, 9, 9, 9, 5, 2},
    .median_minor = 1'500,
    .spread = 0.6,
    .with_lines = 0,
    .lines_max = 1,
    .weight = 0.5,
};

/// Near enough to a normal distribution: twelve uniform numbers have a variance of one.
double bell(Random& random) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += random.unit();
  return sum;
}

}  // namespace

std::int64_t FormatShape::draw_amount(Random& random) const {
  const double amount = static_cast<double>(median_minor) * std::exp(spread * bell(random));
  const auto minor = std::clamp<std::int64_t>(std::llround(amount), 1, 20'000'000);
  // Most prices end in whole units of money or in .90, some in anything.
  const std::uint64_t ending = random.below(10);
  if (ending < 4 && minor >= 100) return minor / 100 * 100;
  if (ending < 6 && minor >= 100) return minor / 100 * 100 + 90;
  return minor;
}

const FormatShape& shape_of(const std::string& format) {
  if (absl::StrContains(format, "hotel")) return hotel;
  if (absl::StrContains(format, "office")) return office;
  if (absl::StrContains(format, "cinema")) return cinema;
  if (absl::StrContains(format, "park")) return parking;
  return mall;
}

}  // namespace wutong::load
