#pragma once

#include <chrono>
#include <cstdint>

#include "load/random.h"

namespace wutong::load {

enum class Spacing : std::uint8_t {
  /// One after another, as far apart as the rate says.
  even,
  /// As people come who know nothing of each other: gaps by the exponential law, whose mean is the rate's.
  poisson,
};

/// When customers come. A schedule that is made without looking at any answer, so that a gateway which
/// stalls is asked all the same.
class Arrivals {
 public:
  /// REQUIRES: `per_second` > 0.
  Arrivals(std::uint32_t per_second, Spacing spacing, std::uint64_t seed)
      : per_second_(per_second), spacing_(spacing), random_(seed) {}

  /// When the next one comes, counted from the beginning; never before the one that was told last.
  [[nodiscard]] std::chrono::nanoseconds next();

 private:
  const std::uint32_t per_second_;
  const Spacing spacing_;
  Random random_;
  std::int64_t number_ = 0;
  double last_ns_ = 0;
};

}  // namespace wutong::load
