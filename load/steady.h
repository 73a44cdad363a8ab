#pragma once

#include <cstdint>
#include <string>

#include "load/flags.h"

namespace wutong::load {

/// `wutong-load steady`: checkouts at a steady rate, however fast they are answered, by members who are
/// enrolled already. Each checkout is timed from the instant that it was to be sent at, so that a stall is
/// felt by all that it kept waiting.
struct SteadyFlags {
  CommonFlags common;
  std::string program_file;
  /// Members buy in an order made from it; order ids are made of it too, so each run takes another.
  std::uint64_t seed = 1;
  /// Members `member_prefix` and a number from 0, each as likely as another.
  std::uint32_t members = 10'000;
  std::string member_prefix = "member-";
  std::uint32_t rate = 500;
  std::uint32_t seconds = 20;
  /// Sent before, and not counted.
  std::uint32_t warm_up_s = 5;
};

/// Answers how the program ends.
[[nodiscard]] int run_steady(const SteadyFlags& flags);

}  // namespace wutong::load
