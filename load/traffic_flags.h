#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "load/flags.h"
#include "load/mix.h"
#include "load/open_loop.h"

namespace wutong::load {

/// What the commands of an open loop have in common: who buys, and how it is sent.
struct TrafficFlags {
  /// What is due is sent once, unless told otherwise: trying again would be load beside the schedule.
  CommonFlags common{.give_up_after_s = 0};
  std::string program_file;
  /// Members buy in an order made from it; order ids are made of it too, so each run takes another.
  std::uint64_t seed = 1;
  /// Members `member_prefix` and a number from 0, each as likely as another.
  std::uint32_t members = 10'000;
  std::string member_prefix = "member-";
  /// The members are enrolled first.
  bool enroll = false;
  /// Refunds in a hundred requests.
  std::uint32_t refunds_percent = 0;
  /// Gaps between arrivals by the exponential law; all alike otherwise.
  bool poisson = false;
  /// Requests of a batch on one stream a connection; 0: each is a call of its own.
  std::uint32_t batch = 0;
  /// A batch that is not full goes out when its first request was due so long ago.
  std::uint32_t batch_wait_ms = 1;
  /// Of the figures over time.
  std::uint32_t interval_ms = 1'000;
  /// Where the report is written for people.
  std::string html_file;

  [[nodiscard]] Mix::Options mix(const std::string& command) const;
  [[nodiscard]] OpenLoop::Options open_loop() const;
  [[nodiscard]] Spacing spacing() const { return poisson ? Spacing::poisson : Spacing::even; }
  /// For people: "calls over 4 connections, Poisson arrivals".
  [[nodiscard]] std::string text() const;
};

/// As in plain_enrollment.h.
[[nodiscard]] bool enroll_all(const TrafficFlags& flags, const CallOptions& calls);

}  // namespace wutong::load
