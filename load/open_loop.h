#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "load/arrivals.h"
#include "load/histogram.h"
#include "load/mix.h"
#include "load/sender.h"
#include "load/tally.h"
#include "load/timeline.h"

namespace wutong::load {

/// Sends a mix by a schedule, whatever becomes of what was sent (an open loop). Each request is timed from
/// the instant at which it was due, not from when it went out, so that a stall is felt by all that it kept
/// waiting. Thread-compatible.
class OpenLoop {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    /// As in `Sender::Options`.
    std::uint32_t batch = 0;
    Clock::duration batch_wait = std::chrono::milliseconds(1);
    /// Of the timeline.
    Clock::duration interval = std::chrono::seconds(1);
  };

  /// A part of a run at one rate.
  struct Leg {
    std::uint32_t rate = 500;
    Spacing spacing = Spacing::even;
    std::uint64_t seed = 1;
    /// Requests that are due before this has passed do not count.
    Clock::duration warm_up{};
    /// How long it counts.
    Clock::duration length = std::chrono::seconds(20);
  };

  /// What a leg came to; of requests that count.
  struct Result {
    Tally tally;
    Timeline timeline;
    /// How long after being due requests were handed to gRPC, in microseconds: where it is much, the
    /// generator itself was too slow for the rate.
    Histogram sent_late;
    std::size_t under_way_max = 0;
    /// A second, while requests were due: as the schedule says, and answered with a receipt.
    double due_per_s = 0;
    double done_per_s = 0;
    /// It was not interrupted, and no stream broke.
    bool whole = true;
  };

  /// REQUIRES: `mix` lives longer.
  OpenLoop(const CallOptions& calls, Options options, Mix& mix);

  /// Sends a leg, and waits until all is answered, or nothing was for as long as an answer may take.
  [[nodiscard]] Result run(const Leg& leg);
  /// How a stream broke, if one has.
  [[nodiscard]] std::string trouble() const { return sender_->trouble(); }

 private:
  void answered(Clock::time_point due, const v1::BatchItemReply& reply);
  bool wait_until(Clock::time_point at);
  void send_all(const Leg& leg, Clock::time_point begin);
  void drain();

  const Options options_;
  const Clock::duration patience_;
  Mix& mix_;
  /// Of the leg under way.
  std::optional<Result> result_;
  Clock::time_point counted_from_;
  Clock::time_point last_answer_;
  std::unique_ptr<Sender> sender_;
};

}  // namespace wutong::load
