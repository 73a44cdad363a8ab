#include "gateway/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>
#include <vector>

#include "actors/counters.h"

namespace wutong {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CounterCells, NothingIsLostBetweenThreads) {
  constexpr std::size_t threads = 40;  // more than there are rows
  constexpr std::uint64_t rounds = 10'000;
  CounterCells cells(19);
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < threads; ++i) {
      running.emplace_back([&cells] {
        for (std::uint64_t round = 0; round < rounds; ++round) cells.add(round % cells.count());
      });
    }
  }

  std::uint64_t total = 0;
  for (std::size_t cell = 0; cell < cells.count(); ++cell) total += cells.sum(cell);

  EXPECT_EQ(total, threads * rounds);
}

TEST(HistogramCells, BoundsAreInclusiveAndNeighboursApart) {
  constexpr std::array<std::int64_t, 2> bounds = {10, 100};
  HistogramCells histograms(2, bounds);

  for (const std::int64_t value : {-5, 0, 10, 11, 100, 101}) histograms.observe(1, value);

  EXPECT_EQ(histograms.read(1).buckets, (std::vector<std::uint64_t>{3, 2, 1}));
  EXPECT_EQ(histograms.read(1).count, 6U);
  EXPECT_EQ(histograms.read(1).sum, 222U);
  EXPECT_EQ(histograms.read(0).count, 0U);
}

TEST(Metrics, CallsAreToldByMethodAndOutcome) {
  CallMetrics calls;
  calls.begun(Method::checkout);
  calls.begun(Method::checkout);
  calls.begun(Method::quote);
  calls.finished(Method::checkout, CallOutcome::done, 1'500'000,
                 {.submitted = 1'000, .started = 2'000, .decided = 3'000, .committed = 900'000});
  calls.finished(Method::checkout, CallOutcome::unauthenticated, 1'000, {});

  const std::string text = metrics_text({.calls = calls, .version = "1.2.3"});

  EXPECT_THAT(text, HasSubstr("wutong_build_info{version=\"1.2.3\"} 1"));
  EXPECT_THAT(text, HasSubstr("wutong_calls_total{method=\"Checkout\",outcome=\"done\"} 1"));
  EXPECT_THAT(text, HasSubstr("outcome=\"unauthenticated\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("method=\"Quote\"")));
  EXPECT_THAT(text, HasSubstr("wutong_calls_under_way 1"));
  EXPECT_THAT(text, HasSubstr("wutong_streams_open 0"));
  EXPECT_THAT(text, HasSubstr("wutong_call_duration_seconds_bucket{method=\"Checkout\",outcome="
                              "\"done\",le=\"0.001\"} 0"));
  EXPECT_THAT(text, HasSubstr("wutong_call_duration_seconds_bucket{method=\"Checkout\",outcome="
                              "\"done\",le=\"0.002\"} 1"));
  EXPECT_THAT(text, HasSubstr("wutong_call_stage_seconds_count{stage=\"commit\"} 1"));
  EXPECT_THAT(text, HasSubstr("wutong_call_stage_seconds_count{stage=\"queue\"} 1"));
}

TEST(Metrics, EveryMethodAndOutcomeHasALineOfItsOwn) {
  CallMetrics calls;
  for (std::size_t method = 0; method < method_count; ++method) {
    for (std::size_t outcome = 0; outcome < call_outcome_names.size(); ++outcome) {
      for (std::size_t i = 0; i <= method * call_outcome_names.size() + outcome; ++i) {
        calls.finished(static_cast<Method>(method), static_cast<CallOutcome>(outcome), 1'000, {});
      }
    }
  }

  const std::string text = metrics_text({.calls = calls});

  EXPECT_THAT(text, HasSubstr("wutong_calls_total{method=\"Quote\",outcome=\"done\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("{method=\"Checkout\",outcome=\"declined\"} 17\n"));
  EXPECT_THAT(text, HasSubstr("{method=\"Hold\",outcome=\"declined\"} 95\n"));
  EXPECT_THAT(text, HasSubstr("{method=\"RevokeGrant\",outcome=\"unauthenticated\"} 143\n"));
  EXPECT_THAT(text, HasSubstr("{method=\"UnlinkIdentity\",outcome=\"unauthenticated\"} 169\n"));
}

TEST(Metrics, ExtraSamplesOfOneNameAreOneFamily) {
  const CallMetrics calls;
  const auto extra = [] {
    return std::vector<ExtraSample>{
        {.name = "wutong_redis_reconnects_total",
         .help = "Reconnects.",
         .is_counter = true,
         .value = 4,
         .labels = {{"connection", "1"}}},
        {.name = "wutong_redis_reconnects_total",
         .help = "Reconnects.",
         .is_counter = true,
         .value = 5,
         .labels = {{"connection", "2"}}},
    };
  };

  const std::string text = metrics_text({.calls = calls, .extra = extra});

  EXPECT_THAT(text, HasSubstr("# TYPE wutong_redis_reconnects_total counter\n"
                              "wutong_redis_reconnects_total{connection=\"1\"} 4\n"
                              "wutong_redis_reconnects_total{connection=\"2\"} 5\n"));
}

}  // namespace
}  // namespace wutong
