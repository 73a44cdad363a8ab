#pragma once

#include <cstdint>
#include <string>

#include "load/flags.h"

namespace wutong::load {

/// `wutong-load flood`: as many checkouts as the gateway answers, a bounded number of them under way at a
/// time (a closed loop), alone or in a stream's batches. Tells the rate and how long each took. A closed loop
/// waits when the gateway does, so its latencies say nothing of a stall under a given arrival of customers:
/// that is for `steady`.
struct FloodFlags {
  CommonFlags common;
  std::string program_file;
  /// Of who buys, and of the order ids: another for each run.
  std::uint64_t seed = 1;
  /// Members `member_prefix` and a number from 0, each as likely as another.
  std::uint32_t members = 10'000;
  std::string member_prefix = "member-";
  /// The members are enrolled first.
  bool enroll = false;
  std::uint32_t seconds = 10;
  /// Instead of by time, it ends when so many are sent, of the members in turn; 0: by time.
  std::uint64_t checkouts = 0;
  /// Sent before, and not counted.
  std::uint32_t warm_up_s = 2;
  /// Checkouts of a batch; 0: each is a call of its own. `outstanding` counts batches then.
  std::uint32_t batch = 0;
  /// Where the first reply is written as it is on the wire, for a peer that answers the same.
  std::string reply_file;
  /// Of the figures over time.
  std::uint32_t interval_ms = 1'000;
  /// Where the report is written for people.
  std::string html_file;
};

/// Answers how the program ends.
[[nodiscard]] int run_flood(const FloodFlags& flags);

}  // namespace wutong::load
