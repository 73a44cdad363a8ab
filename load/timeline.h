#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "load/ending.h"
#include "load/histogram.h"

namespace wutong::load {

/// What a run was like in each of its intervals. Latencies belong to the interval in which a request was due,
/// so that all whom a stall kept waiting show where the stall was; answers are counted where they came.
///
/// Keeps a histogram (184 KiB) for each interval with requests that are unanswered, and a few figures of the
/// others. Thread-compatible.
class Timeline {
 public:
  using Clock = std::chrono::steady_clock;

  struct Interval {
    std::uint64_t due = 0;
    /// Answers that came in it.
    std::uint64_t done = 0;
    std::uint64_t turned_away = 0;
    std::uint64_t failed = 0;
    /// From being due to being done, in microseconds; 0 if none of those that were due in it was done.
    std::uint64_t p50 = 0;
    std::uint64_t p90 = 0;
    std::uint64_t p99 = 0;
    std::uint64_t p999 = 0;
    std::uint64_t max = 0;
  };

  /// REQUIRES: `length` > 0.
  Timeline(Clock::time_point begin, Clock::duration length) : begin_(begin), length_(length) {}

  /// A request was due at `due`; what is before the beginning does not count, here and below.
  void sent(Clock::time_point due);
  /// The request that was due at `due` was answered at `now`.
  void answered(Clock::time_point due, Clock::time_point now, Ending ending);
  /// One that was sent when another was answered, and so was due at no instant of its own: it belongs to the
  /// interval in which it was answered. REQUIRES: the other two are not used.
  void answered_in_turn(Clock::time_point now, Clock::duration took, Ending ending);
  /// What is unanswered by now stays so.
  void finish();

  [[nodiscard]] double seconds_of_interval() const {
    return std::chrono::duration<double>(length_).count();
  }
  /// From the beginning to the last one in which a request was due; figures of those that are past and whose
  /// requests are answered, and of all after `finish`.
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

 private:
  struct Open {
    Histogram latency;
    std::uint64_t unanswered = 0;
  };

  [[nodiscard]] bool counts(Clock::time_point at) const { return at >= begin_; }
  [[nodiscard]] std::size_t index_of(Clock::time_point at) const {
    return static_cast<std::size_t>((at - begin_) / length_);
  }
  /// An answer to a request of the interval `index`.
  void take(std::size_t index, Clock::time_point now, Clock::duration took, Ending ending);
  void conclude(std::size_t index);
  void conclude_what_is_past();

  const Clock::time_point begin_;
  const Clock::duration length_;
  std::vector<Interval> intervals_;
  /// Beside `intervals_`.
  std::vector<Open> open_;
  /// All before have been concluded.
  std::size_t concluded_ = 0;
};

}  // namespace wutong::load
