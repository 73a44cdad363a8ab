#include "load/pace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <utility>
#include <vector>

#include "load/jobs.h"
#include "load/rules_file.h"

namespace wutong::load {
namespace {

using testing::HasSubstr;

/// A day of three hours with `orders` orders each, and nothing that follows.
Plan plan_of(std::array<std::uint32_t, 3> orders) {
  Plan plan;
  for (std::size_t hour = 0; hour < orders.size(); ++hour) {
    for (std::uint32_t i = 0; i < orders[hour]; ++i) {
      const auto minute = static_cast<std::uint16_t>((10 + hour) * 60 + 5);
      plan.steps.push_back(
          {.order = static_cast<std::uint32_t>(plan.orders.size()), .minute = minute});
      plan.orders.push_back({.minute = minute});
    }
  }
  return plan;
}

/// Calls that nobody answers, counted.
class LostCalls final : public Jobs {
 public:
  explicit LostCalls(std::size_t count) : most_(count) {}

  [[nodiscard]] std::size_t count() const override { return most_.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override {
    caller_.get_member({}, [done = std::move(done)](const Answer<v1::GetMemberReply>&) { done(); });
    most_[job] = caller_.under_way();
  }

  [[nodiscard]] Caller& caller() { return caller_; }
  /// The most under way when one of the jobs from `from` to `to` − 1 had started.
  [[nodiscard]] std::size_t most(std::ptrdiff_t from, std::ptrdiff_t to) const {
    return *std::max_element(most_.begin() + from, most_.begin() + to);
  }

 private:
  Caller caller_{{.target = "127.0.0.1:1", .give_up_after = std::chrono::milliseconds(0)}};
  std::vector<std::size_t> most_;
};

TEST(Pace, ThePeakHasAllCallsAndOtherHoursTheirPart) {
  const Plan plan = plan_of({25, 100, 1});

  const Pace pace(plan, 64);

  EXPECT_EQ(pace.hours()[10].outstanding, 16U);
  EXPECT_EQ(pace.hours()[11].outstanding, 64U);
  EXPECT_EQ(pace.hours()[12].outstanding, 1U);
}

TEST(Pace, CallsUnderWayFollowTheHours) {
  const Plan plan = plan_of({10, 40, 3});
  Pace pace(plan, 20);
  LostCalls jobs(plan.steps.size());

  const bool finished = run(jobs, jobs.caller(), {.outstanding_at = [&](std::size_t job) {
                              return pace.outstanding_at(job, jobs.caller().under_way());
                            }});

  EXPECT_TRUE(finished);
  EXPECT_EQ(jobs.most(0, 10), 5U);
  EXPECT_EQ(jobs.most(10, 50), 20U);
  EXPECT_EQ(jobs.most(50, 53), 1U);
  EXPECT_EQ(pace.hours()[10].under_way_max, 5U);
  EXPECT_EQ(pace.hours()[11].under_way_max, 20U);
  EXPECT_EQ(pace.hours()[12].under_way_max, 1U);
}

TEST(Pace, SaysWhereTheDayIsAndWhereItsPeakWas) {
  const Plan plan = plan_of({10, 40, 3});
  Pace pace(plan, 20);

  EXPECT_EQ(pace.outstanding_at(12, 7), 20U);

  EXPECT_EQ(pace.text(), "11:05, 20 at once");
  EXPECT_THAT(pace.summary(), HasSubstr("the peak from 11:00 with 40 orders, 8 calls at once"));
  EXPECT_THAT(pace.summary(), HasSubstr("the quietest hour from 12:00 with 3 orders"));
}

TEST(Pace, ADayOfTheSampleProgramHasPeaksAndQuietHours) {
  const auto rules = rules_of_file(WUTONG_SOURCE_DIR "/ops/program/program.json");
  const Plan plan = plan_day(*rules, {.orders = 20'000, .members = 5'000});

  const Pace pace(plan, 256);

  std::vector<std::size_t> outstanding;
  for (const Pace::Hour& hour : pace.hours()) {
    if (hour.orders > 0) outstanding.push_back(hour.outstanding);
  }
  std::ranges::sort(outstanding);
  EXPECT_GE(outstanding.size(), 18U);
  EXPECT_LT(outstanding.front(), 20U);
  EXPECT_LT(outstanding[outstanding.size() / 2], 200U);
  EXPECT_EQ(outstanding.back(), 256U);
}

TEST(Pace, StepsAreSentInTheHourOfTheOrdersAroundThem) {
  const auto rules = rules_of_file(WUTONG_SOURCE_DIR "/ops/program/program.json");
  const Plan plan = plan_day(*rules, {.orders = 20'000, .members = 5'000});

  EXPECT_TRUE(std::ranges::is_sorted(plan.steps, {}, &PlannedStep::minute));
  for (const PlannedStep& step : plan.steps) {
    const std::uint16_t paid = plan.orders[step.order].minute;
    if (step.kind == StepKind::checkout) {
      EXPECT_EQ(step.minute, paid);
    } else {
      EXPECT_GE(step.minute, paid);
    }
  }
}

}  // namespace
}  // namespace wutong::load
