#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "load/flood.h"
#include "load/ramp.h"
#include "load/rules_file.h"
#include "load/steady.h"
#include "load/unruly.h"
#include "tests/load/naive_gateway.h"

/// `steady`, `ramp` and `flood` as a whole, against a gateway that errs as it is told to.
namespace wutong::load {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class MeasuredRunsTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("wutong_measured_runs_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void start(NaiveGateway::Faults faults = {}) { gateway_.emplace(rules_, faults); }

  CommonFlags common() {
    return {.target = gateway_->target(),
            .channels = 2,
            .outstanding = 16,
            .give_up_after_s = 0,
            .json_file = folder_ / "summary.json"};
  }
  /// By calls, or over streams where `batch` says so.
  TrafficFlags traffic(std::uint32_t batch) {
    return {.common = common(),
            .program_file = program_,
            .members = 10,
            .enroll = true,
            .batch = batch,
            .html_file = folder_ / "report.html"};
  }
  /// 400 requests within a second.
  SteadyFlags steady(std::uint32_t batch) {
    return {.traffic = traffic(batch), .rate = 400, .seconds = 1, .warm_up_s = 0};
  }

  std::string text_of(const char* file) {
    std::ifstream in(folder_ / file);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  /// Of the summary, the first of that name.
  double number(const std::string& name) {
    const std::string summary = text_of("summary.json");
    const auto at = summary.find("\"" + name + "\": ");
    if (at == std::string::npos) ADD_FAILURE() << name << " is missing in " << summary;
    return std::strtod(summary.c_str() + at + name.size() + 4, nullptr);
  }

  const std::string program_ = WUTONG_SOURCE_DIR "/ops/program/program.json";
  const Rules rules_ = rules_of_file(program_).value();
  std::filesystem::path folder_;
  std::optional<NaiveGateway> gateway_;
};

/// Calls, and batches of 16.
class OpenLoopTest : public MeasuredRunsTest, public testing::WithParamInterface<std::uint32_t> {};

TEST_P(OpenLoopTest, WhoeverIsDueIsSentThoughNobodyIsAnswered) {
  // More than a loop that waits for answers would have under way.
  start({.waits_for = 400});
  SteadyFlags flags = steady(GetParam());
  // The gateway answers a stream when it reads the next of it, so the last must come by the same.
  flags.traffic.common.channels = 1;

  EXPECT_EQ(run_steady(flags), exit_ok);

  EXPECT_EQ(number("done"), 400);
  // The first was due when the run began, and answered when the last had come.
  EXPECT_GE(number("max_ms"), 997);
  EXPECT_GE(number("p50_ms"), 490);
}

TEST_P(OpenLoopTest, RequestsWithRefundsAreAllDone) {
  start();
  SteadyFlags flags = steady(GetParam());
  flags.traffic.refunds_percent = 30;
  flags.traffic.poisson = true;

  EXPECT_EQ(run_steady(flags), exit_ok);

  EXPECT_GT(gateway_->refunds_taken(), 20U);
  EXPECT_EQ(static_cast<double>(gateway_->checkouts_seen()) +
                static_cast<double>(gateway_->refunds_taken()),
            number("done"));
}

TEST_P(OpenLoopTest, WhatIsTurnedAwayIsCountedAndFailsUnlessItMay) {
  start({.exhausted = 10});
  SteadyFlags flags = steady(GetParam());

  EXPECT_EQ(run_steady(flags), exit_wrong);

  EXPECT_EQ(number("done"), 360);
  EXPECT_EQ(number("turned_away"), 40);
  EXPECT_EQ(number("failed"), 0);
  flags.traffic.seed = 2;
  flags.may_turn_away = true;
  EXPECT_EQ(run_steady(flags), exit_ok);
}

TEST_P(OpenLoopTest, ARampEndsWhereRequestsAreTurnedAway) {
  // 150 requests hold, and of 200 more one does not.
  start({.exhausted = 300});

  EXPECT_EQ(
      run_ramp(
          {.traffic = traffic(GetParam()),
           .search =
               {.from = 150, .to = 200, .raise_percent = 100, .precision_percent = 50, .tries = 1},
           .p99_bound_ms = 60'000,
           .step_s = 1,
           .warm_up_s = 0}),
      exit_ok);

  EXPECT_EQ(number("knee_per_s"), 150);
  EXPECT_EQ(number("broke_per_s"), 200);
  EXPECT_THAT(text_of("report.html"), HasSubstr("the knee is at 150 a second"));
}

INSTANTIATE_TEST_SUITE_P(CallsAndStreams, OpenLoopTest, testing::Values(0U, 16U));

TEST_F(MeasuredRunsTest, ARateBreaksWhereP99IsAboveItsBound) {
  // Whoever is due in the first of two seconds waits for those of the second.
  start({.waits_for = 190});

  EXPECT_EQ(run_ramp({.traffic = traffic(0),
                      .search = {.from = 100, .to = 100, .tries = 5},
                      .p99_bound_ms = 800,
                      .step_s = 2,
                      .warm_up_s = 0}),
            exit_ok);

  // Another try found answers at once.
  EXPECT_THAT(text_of("summary.json"),
              AllOf(HasSubstr("\"held\": false"), HasSubstr("\"held\": true")));
}

TEST_F(MeasuredRunsTest, RequestsOfAStreamThatBreaksAreWithoutAnswer) {
  start({.breaks_stream_after = 100});

  testing::internal::CaptureStdout();
  EXPECT_EQ(run_steady(steady(16)), exit_wrong);

  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("\na stream ended: UNAVAILABLE"));
  EXPECT_THAT(text_of("summary.json"), HasSubstr("\"no answer\""));
}

TEST_F(MeasuredRunsTest, AFloodTellsHowAStreamBroke) {
  start({.breaks_stream_after = 100});

  testing::internal::CaptureStdout();
  EXPECT_EQ(run_flood({.common = common(),
                       .program_file = program_,
                       .members = 10,
                       .enroll = true,
                       .checkouts = 1'000,
                       .batch = 4}),
            exit_wrong);

  EXPECT_THAT(testing::internal::GetCapturedStdout(), HasSubstr("\na stream ended: UNAVAILABLE"));
}

TEST_F(MeasuredRunsTest, AnAnswerThatNobodyWaitsForBreaksAStreamOff) {
  for (const auto& faults :
       {NaiveGateway::Faults{.answers_twice = 100}, NaiveGateway::Faults{.answers_nobody = 100}}) {
    start(faults);

    testing::internal::CaptureStdout();
    EXPECT_EQ(run_flood({.common = common(),
                         .program_file = program_,
                         .members = 10,
                         .enroll = true,
                         .checkouts = 1'000,
                         .batch = 4}),
              exit_wrong);
    EXPECT_THAT(testing::internal::GetCapturedStdout(),
                HasSubstr("\nan answer that nobody waits for, number "));

    start(faults);
    testing::internal::CaptureStdout();
    EXPECT_EQ(run_steady(steady(4)), exit_wrong);
    EXPECT_THAT(testing::internal::GetCapturedStdout(),
                HasSubstr("\nan answer that nobody waits for, number "));
  }
}

TEST_F(MeasuredRunsTest, CallsThatFailAreNotTriedAgain) {
  // The members' enrollment is, so it comes first.
  start();
  SteadyFlags flags = steady(0);
  ASSERT_EQ(run_steady(flags), exit_ok);
  flags.traffic.enroll = false;
  flags.traffic.seed = 2;
  gateway_->err({.unavailable = 4});

  EXPECT_EQ(run_steady(flags), exit_wrong);

  EXPECT_EQ(number("done"), 300);
  EXPECT_EQ(number("failed"), 100);
  EXPECT_EQ(number("UNAVAILABLE"), 100);
}

TEST_F(MeasuredRunsTest, AReportIsOneFileThatNeedsNoOther) {
  start({.exhausted = 10});
  SteadyFlags flags = steady(0);
  flags.traffic.interval_ms = 100;
  flags.may_turn_away = true;

  EXPECT_EQ(run_steady(flags), exit_ok);

  const std::string page = text_of("report.html");
  EXPECT_THAT(page, AllOf(HasSubstr("<svg"), HasSubstr("requests a second"), HasSubstr("p99.9"),
                          HasSubstr("Turned away (RESOURCE_EXHAUSTED)")));
  EXPECT_THAT(page,
              AllOf(Not(HasSubstr("src=")), Not(HasSubstr("href=")), Not(HasSubstr("url(")),
                    Not(HasSubstr("@import")), Not(HasSubstr("<script")), Not(HasSubstr("nan"))));
}

TEST_F(MeasuredRunsTest, AFloodTellsItsRateOverTime) {
  start();
  for (const std::uint32_t batch : {0U, 4U}) {
    EXPECT_EQ(run_flood({.common = common(),
                         .program_file = program_,
                         .seed = batch + 1,
                         .members = 10,
                         .enroll = true,
                         .checkouts = 200,
                         .batch = batch,
                         .interval_ms = 10,
                         .html_file = folder_ / "report.html"}),
              exit_ok);

    EXPECT_GE(number("checkouts"), 200);
    EXPECT_GT(number("checkouts_per_s"), 0);
    EXPECT_THAT(text_of("summary.json"), HasSubstr("\"intervals\""));
    EXPECT_THAT(text_of("report.html"), HasSubstr("<svg"));
  }
}

TEST_F(MeasuredRunsTest, UnrulyClientsComeAndGoBreakOffAndHardlyRead) {
  start();
  ASSERT_EQ(run_steady(steady(0)), exit_ok);

  EXPECT_EQ(run_unruly({.common = common(),
                        .program_file = program_,
                        .members = 10,
                        .seconds = 1,
                        .connections = 20,
                        .calls_per_s = 100,
                        .reconnects_per_s = 50,
                        .broken_streams_per_s = 50,
                        .slow_readers = 2,
                        .read_every_ms = 100,
                        .batch = 16}),
            exit_ok);

  EXPECT_GT(number("connections_opened"), 20);
  EXPECT_GT(number("calls_answered"), 0);
  EXPECT_GT(number("streams_broken"), 0);
  EXPECT_GT(number("slow_read"), 0);
  EXPECT_GT(number("slow_sent"), number("slow_read"));
  EXPECT_EQ(number("slow_ended"), 0);
}

}  // namespace
}  // namespace wutong::load
