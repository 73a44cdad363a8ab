#pragma once

#include <cstdint>

#include "load/knee_search.h"
#include "load/traffic_flags.h"

namespace wutong::load {

/// `wutong-load ramp`: raises the rate of an open loop until p99 is above its bound, or a request fails or is
/// turned away, and tells the knee: the highest rate that held.
struct RampFlags {
  TrafficFlags traffic;
  KneeSearch::Options search;
  std::uint32_t p99_bound_ms = 20;
  /// Of a rate, how long it counts.
  std::uint32_t step_s = 5;
  /// Of a rate, sent before and not counted.
  std::uint32_t warm_up_s = 1;
};

/// Answers how the program ends: well if a rate held.
[[nodiscard]] int run_ramp(const RampFlags& flags);

}  // namespace wutong::load
