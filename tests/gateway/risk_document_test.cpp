#include "gateway/documents/risk_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/documents_fixture.h"

namespace wutong {
namespace {

using ::testing::ElementsAre;
using testing::errors_of;
using ::testing::IsEmpty;

TEST(RiskDocument, CompilesSortedByIdWithItsDefaults) {
  const auto policy = compile_risk_policy(
      R"({"version": 3, "limits": [
        {"id": "z", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "FLAG", "mode": "OFF", "bound": "12"},
        {"id": "a", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP", "bound": 1000}]})");

  ASSERT_THAT(errors_of(policy), IsEmpty());
  ASSERT_EQ((*policy)->limits.size(), 2U);
  const auto& first = (*policy)->limits[0];
  EXPECT_EQ(first.id.text(), "a");
  EXPECT_EQ(first.mode, domain::LimitMode::live);
  EXPECT_EQ(first.effect, domain::LimitEffect::cap);
  EXPECT_EQ(first.bound, 1'000);
  EXPECT_EQ((*policy)->limits[1].mode, domain::LimitMode::off);
  EXPECT_EQ((*policy)->limits[1].bound, 12);
}

TEST(RiskDocument, HasLimitsOfEveryMeasureOverEveryWindow) {
  const auto policy = compile_risk_policy(
      R"({"version": 3, "limits": [
        {"id": "a", "measure": "ORDERS", "window": "CALENDAR_WEEK", "effect": "DECLINE", "bound": 1},
        {"id": "b", "measure": "AMOUNT", "window": "CALENDAR_MONTH", "effect": "DECLINE", "bound": 1},
        {"id": "c", "measure": "POINTS_USED", "window": "SLIDING", "sliding_seconds": 600, "effect": "FLAG", "bound": 1},
        {"id": "d", "measure": "REFUNDS", "window": "CALENDAR_DAY", "effect": "DECLINE", "mode": "SHADOW", "bound": 1}]})");

  ASSERT_THAT(errors_of(policy), IsEmpty());
  const auto& limits = (*policy)->limits;
  EXPECT_EQ(limits[0].measure, domain::Measure::orders);
  EXPECT_EQ(limits[0].window, domain::Window::calendar_week);
  EXPECT_EQ(limits[0].effect, domain::LimitEffect::decline);
  EXPECT_EQ(limits[1].measure, domain::Measure::amount);
  EXPECT_EQ(limits[1].window, domain::Window::calendar_month);
  EXPECT_EQ(limits[2].measure, domain::Measure::points_used);
  EXPECT_EQ(limits[2].window, domain::Window::sliding);
  EXPECT_EQ(limits[2].seconds, 600);
  EXPECT_EQ(limits[3].measure, domain::Measure::refunds);
  EXPECT_EQ(limits[3].seconds, 0);
}

TEST(RiskDocument, PutsTheMostSpecificScopeFirst) {
  const auto policy = compile_risk_policy(
      R"({"version": 1, "limits": [{
        "id": "a", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "DECLINE", "bound": 9,
        "scoped_bounds": [
          {"format": "mall", "bound": 5}, {"venue": "M1", "bound": 4},
          {"store": {"venue": "M1", "store": "s1"}, "bound": 3}, {"channel": "WEB", "bound": 2},
          {"member": "wang", "bound": 1}]}]})");

  ASSERT_THAT(errors_of(policy), IsEmpty());
  std::vector<std::int64_t> bounds;
  for (const auto& scope : (*policy)->limits[0].scoped) bounds.push_back(scope.bound);
  EXPECT_THAT(bounds, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ((*policy)->limits[0].scoped[1].channel, domain::Channel::web);
  EXPECT_EQ((*policy)->limits[0].scoped[2].venue.text(), "M1");
}

TEST(RiskDocument, ThatIsBadIsToldWhole) {
  const auto policy = compile_risk_policy(
      R"({"limits": [
        {"id": "a", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP"},
        {"id": "a", "bound": -1}]})");

  EXPECT_THAT(
      errors_of(policy),
      ElementsAre(
          "line 1, column 1: version: must be given, 1 or more",
          R"(line 2, column 9: limits[0].bound: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].measure: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].window: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].effect: must be given (limit "a"))",
          R"(line 3, column 10: limits[1].id: "a" stands at limits[0].id already (limit "a"))",
          R"(line 3, column 21: limits[1].bound: must be 0 to 1000000000000 (limit "a"))"));
}

TEST(RiskDocument, SaysWhatDoesNotGoTogether) {
  const auto policy = compile_risk_policy(
      R"({"version": 1, "limits": [
{"id": "a", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "CAP", "bound": 1},
{"id": "b", "measure": "ORDERS", "window": "CALENDAR_DAY", "sliding_seconds": 5, "effect": "FLAG", "bound": 1},
{"id": "c", "measure": "ORDERS", "window": "SLIDING", "effect": "FLAG", "bound": 1},
{"id": "d", "measure": "ORDERS", "window": "SLIDING", "sliding_seconds": 2592001, "effect": "FLAG", "bound": 1},
{"id": "e", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "FLAG", "bound": 1, "scoped_bounds": [{"bound": 1}, {"venue": "", "bound": 1}]},
{"id": "f", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "FLAG", "bound": 1, "scoped_bounds": [{"venue": "M1", "bound": 1}, {"venue": "M1", "bound": 2}]}]})");

  EXPECT_THAT(
      errors_of(policy),
      ElementsAre(
          R"(line 2, column 60: limits[0].effect: can be CAP for POINTS_EARNED alone (limit "a"))",
          R"(line 3, column 60: limits[1].sliding_seconds: is for a SLIDING window alone (limit "b"))",
          R"(line 4, column 1: limits[2].sliding_seconds: must be given (limit "c"))",
          R"(line 5, column 55: limits[3].sliding_seconds: must be 1 to 2592000 (limit "d"))",
          R"(line 6, column 90: limits[4].scoped_bounds: name one scope twice (limit "e"))",
          R"(line 6, column 108: limits[4].scoped_bounds[0]: must name a member, channel, store, venue or format (limit "e"))",
          R"(line 6, column 123: limits[4].scoped_bounds[1].venue: must be given (limit "e"))",
          R"(line 7, column 90: limits[5].scoped_bounds: name one scope twice (limit "f"))"));
}

}  // namespace
}  // namespace wutong
