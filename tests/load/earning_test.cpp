#include "load/earning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/load/golden_program.h"

namespace wutong::load {
namespace {

using testing::ElementsAre;

Order mall_order(const Rules& rules, std::int64_t amount_minor) {
  return {.venue = "M1",
          .occurred_at_unix_ms = at(rules, "2026-06-01T12:00:00"),
          .amount_minor = amount_minor};
}

std::vector<std::int64_t> points_of(const Earning& earning) {
  std::vector<std::int64_t> points;
  for (const Award& award : earning.awards) points.push_back(award.points);
  return points;
}

TEST(Earning, TheFirstStepMultipliesTheWholeOrderFromItsAmountOn) {
  const Rules rules = golden_program();

  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 58'799))), ElementsAre(58));
  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 58'800))), ElementsAre(58, 30));
}

TEST(Earning, TheHighestStepReachedApplies) {
  const Rules rules = golden_program();

  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 88'799))), ElementsAre(88, 45));
  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 88'800))), ElementsAre(88, 89));
}

TEST(Earning, MultipliersOfDifferentGroupsAddUp) {
  Rules rules = golden_program();
  rules.promotions.push_back(weekend("other"));

  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 58'800))), ElementsAre(58, 30, 59));
}

TEST(Earning, TheBestOfAGroupWinsExactlyAndTheSmallerIdOnATie) {
  Rules rules = golden_program();
  rules.promotions.insert(rules.promotions.begin(), bonus("B60", 60, "one"));
  rules.promotions.push_back(weekend("one"));

  const Earning better = earning_of(rules, mall_order(rules, 58'800));
  const Earning tied = earning_of(rules, mall_order(rules, 60'000));

  EXPECT_THAT(points_of(better), ElementsAre(58, 30, 60));
  EXPECT_EQ(better.awards[2].promotion, "B60");
  EXPECT_THAT(points_of(tied), ElementsAre(60, 30, 60));
  EXPECT_EQ(tied.awards[2].promotion, "B60");
  EXPECT_EQ(tied.awards[2].party, "BRAND");
}

TEST(Earning, MoneyPaidWithPointsEarnsNothing) {
  const Rules rules = golden_program();
  Order order = mall_order(rules, 58'800);
  order.points_to_use = 2'900;

  const Earning earning = earning_of(rules, order);

  EXPECT_EQ(earning.offset_money_minor, 8'700);
  EXPECT_EQ(earning.cash_due_minor, 50'100);
  EXPECT_THAT(points_of(earning), ElementsAre(50));
}

TEST(Earning, TendersThatEarnNothingAreNotEligible) {
  Rules rules = golden_program();
  rules.tenders_without_earning = {"gift_card"};
  Order order = mall_order(rules, 10'000);
  order.tenders = {{"gift_card", 4'000}, {"cash", 6'000}};

  EXPECT_EQ(earning_of(rules, order).eligible_minor, 6'000);
}

TEST(Earning, AStoreMayHaveARateAndAPartyOfItsOwn) {
  Rules rules = golden_program();
  rules.venues[0].stores = {{.id = "S1", .party = "BRAND", .rate = Rate{2, 1'000}}};
  Order order = mall_order(rules, 10'000);
  order.store = "S1";

  const Earning earning = earning_of(rules, order);

  EXPECT_THAT(points_of(earning), ElementsAre(20));
  EXPECT_EQ(earning.awards[0].party, "BRAND");
}

TEST(Earning, SharesOfOneAwardAddUpToItsFloor) {
  Rules rules = golden_program();
  rules.venues[0].funding = {{"MALL", 3'333}, {"HOTEL", 6'667}};

  EXPECT_THAT(points_of(earning_of(rules, mall_order(rules, 10'990))), ElementsAre(3, 7));
}

TEST(Earning, AMultiplierOnSomeLinesCountsThemLessTheirPartOfWhatPointsPaid) {
  Rules rules = golden_program();
  Promotion shoes = weekend("shoes");
  shoes.lines.categories = {"shoes"};
  rules.promotions.push_back(shoes);
  Order order = mall_order(rules, 30'000);
  order.lines = {{.number = 1, .amount_minor = 10'000, .category = "shoes"},
                 {.number = 2, .amount_minor = 20'000, .category = "food"}};
  order.points_to_use = 100;

  const Earning earning = earning_of(rules, order);

  // 297.00 eligible; the shoes count 99.00: 29.7 and 9.9 make 29 and 10.
  EXPECT_THAT(points_of(earning), ElementsAre(29, 10));
}

TEST(Earning, PromotionsKeepTheirDatesWeekdaysAndPlaces) {
  Rules rules = golden_program();
  Promotion dated = weekend("");
  dated.starts_at_unix_ms = at(rules, "2026-11-20T00:00:00");
  dated.ends_at_unix_ms = at(rules, "2026-11-21T00:00:00");
  rules.promotions = {dated};
  Order order = mall_order(rules, 40'000);

  order.occurred_at_unix_ms = *dated.ends_at_unix_ms - 1;
  EXPECT_EQ(earning_of(rules, order).points(), 80);
  order.occurred_at_unix_ms = *dated.ends_at_unix_ms;
  EXPECT_EQ(earning_of(rules, order).points(), 40);

  // 2026-11-20 is a Friday.
  order.occurred_at_unix_ms = *dated.starts_at_unix_ms;
  rules.promotions[0].weekdays.fill(false);
  EXPECT_EQ(earning_of(rules, order).points(), 40);
  rules.promotions[0].weekdays[4] = true;
  EXPECT_EQ(earning_of(rules, order).points(), 80);
  rules.promotions[0].formats = {"hotel"};
  EXPECT_EQ(earning_of(rules, order).points(), 40);
}

TEST(Earning, ACapCutsFromTheLastLineBackwards) {
  const Rules rules = golden_program();
  Earning earning = earning_of(rules, mall_order(rules, 88'800));

  cut_to(earning.awards, 50);

  EXPECT_THAT(points_of(earning), ElementsAre(50, 0));
  EXPECT_EQ(earning.awards[0].cut, 38);
  EXPECT_EQ(earning.awards[1].cut, 89);
}

TEST(Offset, TheMaximumIsInStepsWithinShareAndBalance) {
  const Rules rules = golden_program();

  EXPECT_EQ(points_max(rules, mall_order(rules, 58'800), 5'000), 2'900);
  EXPECT_EQ(points_max(rules, mall_order(rules, 58'800), 1'250), 1'200);
  EXPECT_EQ(points_max(rules, mall_order(rules, 4'999), 100), 0);
  EXPECT_EQ(points_max(rules, mall_order(rules, 5'000), 500), 200);
}

TEST(Rules, PointsExpireAtTheEndOfAMonthOrAYear) {
  Rules rules = golden_program();
  EXPECT_EQ(rules.expiry_of(absl::CivilDay(2026, 12, 31)), absl::CivilDay(2027, 12, 31));

  rules.expiry.cutoff_month_day = 1'101;
  EXPECT_EQ(rules.expiry_of(absl::CivilDay(2026, 10, 31)), absl::CivilDay(2027, 12, 31));
  EXPECT_EQ(rules.expiry_of(absl::CivilDay(2026, 11, 1)), absl::CivilDay(2028, 12, 31));

  rules.expiry = {.end_of_month_after = 1};
  EXPECT_EQ(rules.expiry_of(absl::CivilDay(2027, 1, 31)), absl::CivilDay(2027, 2, 28));
}

}  // namespace
}  // namespace wutong::load
