#include "load/zipf.h"

#include <algorithm>
#include <cmath>

namespace wutong::load {

Zipf::Zipf(std::size_t count, double skew) {
  cumulative_.reserve(count);
  double sum = 0;
  for (std::size_t k = 0; k < count; ++k) {
    sum += std::pow(static_cast<double>(k + 1), -skew);
    cumulative_.push_back(sum);
  }
}

std::size_t Zipf::draw(Random& random) const {
  const double at = random.unit() * cumulative_.back();
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), at);
  const auto index = static_cast<std::size_t>(found - cumulative_.begin());
  return std::min(index, cumulative_.size() - 1);
}

}  // namespace wutong::load
