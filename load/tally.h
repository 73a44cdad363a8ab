#pragma once

#include <wutong/v1/points.pb.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

#include "load/ending.h"
#include "load/histogram.h"
#include "load/json.h"

namespace wutong::load {

/// What became of the requests of a run, and how long they took since they were due. Thread-compatible.
class Tally {
 public:
  using Duration = std::chrono::steady_clock::duration;

  void add(const v1::BatchItemReply& reply, Duration took);
  /// There will be no answer.
  void add_unanswered(std::uint64_t requests) { fail("no answer", requests); }

  [[nodiscard]] const Histogram& done() const { return done_; }
  [[nodiscard]] const Histogram& turned_away() const { return turned_away_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  /// Those that failed, by reason.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& failures() const { return failures_; }
  /// The first of those that failed, at length.
  [[nodiscard]] const std::string& example() const { return example_; }

  /// "1,000 done: p50 0.80 ms, p99 2.10 ms, most 3.30 ms; 0 turned away; 0 failed".
  [[nodiscard]] std::string text() const;
  /// Fields of the object that `json` is in: counts, latencies of what was done (`p50_ms` to `max_ms`), and
  /// of what was turned away, if anything was.
  void write(JsonWriter& json) const;

 private:
  void fail(const std::string& reason, std::uint64_t requests);

  Histogram done_;
  Histogram turned_away_;
  std::uint64_t failed_ = 0;
  std::map<std::string, std::uint64_t> failures_;
  std::string example_;
};

[[nodiscard]] std::uint64_t microseconds_of(std::chrono::steady_clock::duration duration);
[[nodiscard]] double quantile_ms(const Histogram& latency, double share);

}  // namespace wutong::load
