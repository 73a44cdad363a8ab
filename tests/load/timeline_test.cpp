#include "load/timeline.h"

#include <gtest/gtest.h>

namespace wutong::load {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TimelineTest : public testing::Test {
 protected:
  static Timeline::Clock::time_point at(std::int64_t ms) {
    return Timeline::Clock::time_point(seconds(1'000)) + milliseconds(ms);
  }
  void request(std::int64_t due_ms, std::int64_t answered_ms, Ending ending = Ending::done) {
    timeline_.sent(at(due_ms));
    timeline_.answered(at(due_ms), at(answered_ms), ending);
  }

  Timeline timeline_{at(0), seconds(1)};
};

TEST_F(TimelineTest, AStallShowsWhereRequestsWereDueAndTheirAnswersWhereTheyCame) {
  request(100, 101);
  timeline_.sent(at(500));
  timeline_.sent(at(1'500));
  request(2'100, 2'101);
  timeline_.answered(at(500), at(2'200), Ending::done);
  timeline_.answered(at(1'500), at(2'200), Ending::done);
  timeline_.finish();

  const auto& intervals = timeline_.intervals();
  ASSERT_EQ(intervals.size(), 3U);
  EXPECT_EQ(intervals[0].due, 2U);
  EXPECT_EQ(intervals[0].done, 1U);
  EXPECT_EQ(intervals[0].p50, 1'000U);
  EXPECT_EQ(intervals[0].max, 1'700'000U);
  EXPECT_EQ(intervals[1].done, 0U);
  EXPECT_EQ(intervals[1].max, 700'000U);
  EXPECT_EQ(intervals[2].due, 1U);
  EXPECT_EQ(intervals[2].done, 3U);
  EXPECT_EQ(intervals[2].max, 1'000U);
}

TEST_F(TimelineTest, WhatIsTurnedAwayOrFailsHasNoLatency) {
  request(10, 20, Ending::turned_away);
  request(20, 900, Ending::failed);
  timeline_.finish();

  const auto& interval = timeline_.intervals().at(0);
  EXPECT_EQ(interval.due, 2U);
  EXPECT_EQ(interval.done, 0U);
  EXPECT_EQ(interval.turned_away, 1U);
  EXPECT_EQ(interval.failed, 1U);
  EXPECT_EQ(interval.max, 0U);
}

TEST_F(TimelineTest, WhatWasDueBeforeTheBeginningDoesNotCount) {
  request(-1, 10);
  timeline_.finish();

  EXPECT_TRUE(timeline_.intervals().empty());
}

TEST_F(TimelineTest, AnswersAfterTheLastRequestAreNoPartOfTheRate) {
  request(900, 1'100);
  timeline_.finish();

  ASSERT_EQ(timeline_.intervals().size(), 1U);
  EXPECT_EQ(timeline_.intervals()[0].done, 0U);
  EXPECT_EQ(timeline_.intervals()[0].max, 200'000U);
}

TEST_F(TimelineTest, AnIntervalHasItsFiguresOnceItIsPastAndAnswered) {
  timeline_.sent(at(100));
  timeline_.sent(at(200));
  timeline_.answered(at(100), at(110), Ending::done);
  timeline_.sent(at(1'100));
  EXPECT_EQ(timeline_.intervals()[0].max, 0U);

  timeline_.answered(at(200), at(1'200), Ending::done);
  timeline_.sent(at(2'100));

  EXPECT_EQ(timeline_.intervals()[0].max, 1'000'000U);
}

TEST_F(TimelineTest, InTurnLatencyBelongsWhereTheAnswerCame) {
  timeline_.answered_in_turn(at(1'100), milliseconds(900), Ending::done);
  timeline_.answered_in_turn(at(-5), milliseconds(1), Ending::done);
  timeline_.finish();

  ASSERT_EQ(timeline_.intervals().size(), 2U);
  EXPECT_EQ(timeline_.intervals()[0].due, 0U);
  EXPECT_EQ(timeline_.intervals()[1].done, 1U);
  EXPECT_EQ(timeline_.intervals()[1].p99, 900'000U);
}

}  // namespace
}  // namespace wutong::load
