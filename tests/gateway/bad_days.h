#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/gateway/crowd.h"
#include "tests/support/redis_server.h"
#include "tests/support/running_gateway.h"
#include "tests/support/seed.h"
#include "tests/support/wait_until.h"

/// What the tests of bad days share.
namespace wutong::test {

using namespace std::chrono_literals;  // NOLINT: tests are full of times.

constexpr int calls_under_way_min = 50;
/// What callers give an attempt where the gateway's own times are looked at: a little below a bound of
/// its histogram.
constexpr auto caller_patience = 900ms;
constexpr auto above_caller_patience_s = "1";

/// A gateway in the gateway's own time, with a lease so short that a restarted node, which is another
/// owner, need not wait long for the one before.
inline GatewayOptions in_a_hurry(std::string node = "node-1") {
  return {.node = std::move(node),
          .clock = "gateway",
          .history_days = 35,
          .engine = {"lease_ttl_ms = 500", "append_timeout_ms = 1000", "flush_interval_ms = 200"},
          .ledger = {"append_timeout_ms = 500"}};
}

/// With the time-outs that are shipped.
inline GatewayOptions as_shipped() { return {.clock = "gateway", .history_days = 35}; }

/// Moments that a seed chooses.
class Moments {
 public:
  explicit Moments(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
  }
  /// Lets a moment pass, at most `longest`, then waits for enough calls to be under way.
  [[nodiscard]] bool comes(const Crowd& crowd, std::chrono::milliseconds longest) {
    const std::chrono::milliseconds moment(below(static_cast<std::uint64_t>(longest.count())));
    static_cast<void>(wait_until(moment, [] { return false; }));
    return wait_until(10s, [&] { return crowd.under_way() >= calls_under_way_min; });
  }

 private:
  std::mt19937_64 random_;
};

/// The shortest and the longest of several times, for people.
class Times {
 public:
  void add(std::chrono::milliseconds time) {
    shortest_ = std::min(shortest_, time);
    longest_ = std::max(longest_, time);
  }
  void print(const char* of_what) const {
    std::printf("%s: %lld to %lld ms\n", of_what, static_cast<long long>(shortest_.count()),
                static_cast<long long>(longest_.count()));
  }

 private:
  std::chrono::milliseconds shortest_ = std::chrono::hours(1);
  std::chrono::milliseconds longest_{0};
};

/// How many answers took the gateway, by its own clock, longer than this bound of its histogram.
inline double answers_slower_than(const RunningGateway& gateway, const std::string& bound_s,
                                  std::vector<std::string> labels) {
  const std::string name = "wutong_call_duration_seconds";
  // Of one page: between two, more calls are answered.
  const auto page = gateway.http("/metrics");
  const auto all = std::max(0.0, RunningGateway::metric_in(page, name + "_count", labels));
  labels.push_back("le=\"" + bound_s + "\"");
  return all - std::max(0.0, RunningGateway::metric_in(page, name + "_bucket", labels));
}

/// Waits until the gateway, not gRPC, has told many callers that it cannot serve them now.
inline void expect_many_told(const Crowd& crowd) {
  const auto before = crowd.attempts().told_unavailable.load();
  EXPECT_TRUE(wait_until(10s, [&] {
    return crowd.attempts().told_unavailable.load() >= before + 300;
  })) << crowd.summary();
}

/// The gateway let nobody wait for longer than its caller would. That callers' attempts end in time
/// shows nothing: their own deadlines end them.
/// REQUIRES: the crowd has `caller_patience`; this process of the gateway saw it all.
inline void expect_told_in_time(const Crowd& crowd, const RunningGateway& gateway) {
  const auto& attempts = crowd.attempts();
  // The gateway keeps a tenth of the time free. A machine that others crowd may take that now and then;
  // a gateway that minds no deadline would let nearly all run out of time.
  const auto few = std::max<std::uint64_t>(3, attempts.told_unavailable / 20);
  EXPECT_LE(attempts.ended(grpc::StatusCode::DEADLINE_EXCEEDED), few) << crowd.summary();
  EXPECT_LE(gateway.metric("wutong_calls_total", {"outcome=\"deadline_exceeded\""}), 0);
  EXPECT_LE(answers_slower_than(gateway, above_caller_patience_s, {}), static_cast<double>(few))
      << crowd.summary();
}

/// Nothing that was acknowledged is lost, doubled or changed, and `wutong audit` agrees.
inline void expect_all_is_well(Crowd& crowd, const RunningGateway& gateway) {
  crowd.finish();
  std::printf("%s\n", crowd.summary().c_str());
  EXPECT_EQ(crowd.findings(gateway), "");
  const auto audit = gateway.run({"audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  EXPECT_EQ(gateway.metric("wutong_shards_halted"), 0);
}

}  // namespace wutong::test
