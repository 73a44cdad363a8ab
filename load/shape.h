#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "load/random.h"

namespace wutong::load {

/// How one format's day looks: when people come, what they spend, what the receipt is like.
struct FormatShape {
  /// Weight of each hour of the day.
  std::array<double, 24> hours;
  /// The middle order, and how far others are from it: a factor of e^spread is usual.
  std::int64_t median_minor;
  double spread;
  /// How many orders come with a basket, and lines in a long one.
  double with_lines;
  std::int64_t lines_max;
  /// Its part of all orders.
  double weight;

  /// What a customer spends.
  [[nodiscard]] std::int64_t draw_amount(Random& random) const;
};

/// The shape of a format by its id; formats that are not known look like a mall's.
[[nodiscard]] const FormatShape& shape_of(const std::string& format);

}  // namespace wutong::load
