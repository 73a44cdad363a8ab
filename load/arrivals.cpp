#include "load/arrivals.h"

#include <cmath>

namespace wutong::load {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

std::chrono::nanoseconds Arrivals::next() {
  if (spacing_ == Spacing::even) {
    // From the number and not from the last one, so that nothing adds up over a long run.
    const std::int64_t whole = number_ / per_second_;
    const std::int64_t rest = number_ % per_second_;
    ++number_;
    return std::chrono::nanoseconds(whole * ns_per_second + rest * ns_per_second / per_second_);
  }
  last_ns_ -= std::log1p(-random_.unit()) * static_cast<double>(ns_per_second) / per_second_;
  return std::chrono::nanoseconds(static_cast<std::int64_t>(last_ns_));
}

}  // namespace wutong::load
