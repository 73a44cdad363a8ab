#pragma once

#include <cstdint>
#include <string>

#include "load/flags.h"

namespace wutong::load {

/// `wutong-load unruly`: clients as they should not be, all at once. Many connections, each with a call now and
/// then, one of which is closed and another opened all the time; streams that break off with all of their batch
/// unanswered; and streams that are written to as fast as the gateway takes it, and hardly read. What becomes
/// of their checkouts does not matter, but it is counted: it is the gateway that is watched meanwhile.
struct UnrulyFlags {
  CommonFlags common{.give_up_after_s = 0};
  std::string program_file;
  /// Of who buys, and of the order ids: another for each run.
  std::uint64_t seed = 1;
  std::uint32_t members = 10'000;
  std::string member_prefix = "member-";
  std::uint32_t seconds = 10;
  std::uint32_t connections = 1'000;
  /// Over all connections, a second.
  std::uint32_t calls_per_s = 500;
  std::uint32_t reconnects_per_s = 20;
  std::uint32_t broken_streams_per_s = 20;
  std::uint32_t slow_readers = 10;
  /// Of a slow reader, from one message to the next.
  std::uint32_t read_every_ms = 1'000;
  /// Checkouts of a batch in both kinds of streams.
  std::uint32_t batch = 64;
};

/// Answers how the program ends: well, unless the gateway answered nothing at all.
[[nodiscard]] int run_unruly(const UnrulyFlags& flags);

}  // namespace wutong::load
