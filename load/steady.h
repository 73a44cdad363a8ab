#pragma once

#include <cstdint>

#include "load/traffic_flags.h"

namespace wutong::load {

/// `wutong-load steady`: requests at a steady rate, however fast they are answered (an open loop), by members
/// who are enrolled already. Each is timed from the instant at which it was due.
struct SteadyFlags {
  TrafficFlags traffic;
  std::uint32_t rate = 500;
  std::uint32_t seconds = 20;
  /// Sent before, and not counted.
  std::uint32_t warm_up_s = 5;
  /// RESOURCE_EXHAUSTED is no failure.
  bool may_turn_away = false;
};

/// Answers how the program ends.
[[nodiscard]] int run_steady(const SteadyFlags& flags);

}  // namespace wutong::load
