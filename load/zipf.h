#pragma once

#include <cstddef>
#include <vector>

#include "load/random.h"

namespace wutong::load {

/// Draws from 0 to n − 1, where k is drawn in proportion to 1 / (k + 1)^skew: a few members come
/// often, most come seldom.
class Zipf {
 public:
  /// REQUIRES: `count` > 0, `skew` >= 0 (0 draws all alike).
  Zipf(std::size_t count, double skew);

  [[nodiscard]] std::size_t draw(Random& random) const;

 private:
  std::vector<double> cumulative_;
};

}  // namespace wutong::load
