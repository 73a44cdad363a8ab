#include "load/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/load/golden_program.h"

namespace wutong::load {
namespace {

using testing::ElementsAre;

using Day = absl::CivilDay;

constexpr RefundScope::Kind of_amount = RefundScope::Kind::amount;

/// Golden cases, on one member.
class AccountTest : public testing::Test {
 protected:
  void start(std::int64_t points, const char* party = "MALL", Day expires_on = Day(2027, 12, 31)) {
    account_.start_with(
        {.party = party, .expires_on = expires_on, .serial = next_serial_++, .points = points});
  }

  std::optional<CheckoutResult> pay(const char* id, std::int64_t amount, std::int64_t points = 0,
                                    const char* when = "2026-06-01T12:00:00") {
    return pay(id, Order{.venue = "M1", .amount_minor = amount, .points_to_use = points}, when);
  }

  std::optional<CheckoutResult> pay(const char* id, Order order,
                                    const char* when = "2026-06-01T12:00:00") {
    order.occurred_at_unix_ms = at(rules_, when);
    return account_.checkout(id, order, order.occurred_at_unix_ms, caps_);
  }

  std::optional<RefundResult> refund(const char* id, std::int64_t amount, std::int64_t excluded = 0,
                                     const char* when = "2026-06-02T12:00:00") {
    return account_.refund(id,
                           {.kind = of_amount, .amount_minor = amount, .excluded_minor = excluded},
                           at(rules_, when));
  }

  Rules rules_ = golden_program();
  Account account_{rules_};
  std::vector<std::int64_t> caps_;
  std::uint32_t next_serial_ = 1;
};

TEST_F(AccountTest, PointsPayInStepsAndWithinTheShare) {
  start(5'000);

  EXPECT_FALSE(pay("a", 58'800, 2'950));
  EXPECT_FALSE(pay("a", 58'800, 3'000));
  const auto paid = pay("a", 58'800, 2'900);

  ASSERT_TRUE(paid);
  EXPECT_EQ(paid->earning.cash_due_minor, 50'100);
  EXPECT_EQ(account_.available(), 5'000 - 2'900 + 50);
}

TEST_F(AccountTest, SmallOrdersTakeNoPoints) {
  start(500);

  EXPECT_FALSE(pay("a", 4'999, 100));
  const auto paid = pay("a", 5'000, 200);

  ASSERT_TRUE(paid);
  EXPECT_EQ(paid->earning.offset_money_minor, 600);
  EXPECT_EQ(paid->earning.points(), 4);
}

TEST_F(AccountTest, ExcludedGoodsClawNothingBack) {
  pay("a", Order{.venue = "M1", .amount_minor = 100'000, .excluded_minor = 40'000});
  EXPECT_EQ(account_.available(), 90);

  EXPECT_EQ(refund("a", 40'000, 40'000)->clawed_back, 0);
  EXPECT_EQ(refund("a", 60'000)->clawed_back, 90);
}

TEST_F(AccountTest, PartialRefundsAddUpToTheWhole) {
  start(500);
  pay("a", 10'000, 500);

  std::vector<RefundResult> parts;
  for (const std::int64_t amount : {3'333, 3'333, 3'334}) parts.push_back(*refund("a", amount));

  EXPECT_THAT(parts, ElementsAre(testing::Field(&RefundResult::clawed_back, 2),
                                 testing::Field(&RefundResult::clawed_back, 3),
                                 testing::Field(&RefundResult::clawed_back, 3)));
  EXPECT_THAT(parts, ElementsAre(testing::Field(&RefundResult::given_back, 166),
                                 testing::Field(&RefundResult::given_back, 167),
                                 testing::Field(&RefundResult::given_back, 167)));
  EXPECT_THAT(parts, ElementsAre(testing::Field(&RefundResult::cash_back_minor, 2'834),
                                 testing::Field(&RefundResult::cash_back_minor, 2'833),
                                 testing::Field(&RefundResult::cash_back_minor, 2'833)));
  EXPECT_FALSE(refund("a", 1));
  EXPECT_EQ(account_.available(), 500);
}

TEST_F(AccountTest, EachAwardLineIsClawedBackByItsOwnFloor) {
  rules_.promotions.insert(rules_.promotions.begin(), bonus("B", 100, ""));
  ASSERT_EQ(pay("a", 30'000)->earning.points(), 130);

  EXPECT_EQ(refund("a", 299)->total_clawed_back, 0);
  EXPECT_EQ(refund("a", 10'001 - 299)->total_clawed_back, 10 + 33);
  EXPECT_EQ(refund("a", 4'999)->total_clawed_back, 15 + 50);
}

TEST_F(AccountTest, LotsAreUsedByTheirLastDayAndGivenBackWhereTheyCameFrom) {
  start(400, "MALL", Day(2027, 12, 31));
  start(250, "HOTEL", Day(2026, 12, 31));

  const auto paid = pay("a", 10'000, 500, "2026-12-30T12:00:00");
  ASSERT_TRUE(paid);
  ASSERT_EQ(paid->used.size(), 2U);
  EXPECT_EQ(paid->used[0].party, "HOTEL");
  EXPECT_EQ(paid->used[0].points, 250);
  EXPECT_EQ(paid->used[1].points, 250);
  EXPECT_EQ(paid->earning.points(), 8);

  const auto refunded = refund("a", 5'000, 0, "2026-12-31T12:00:00");
  EXPECT_EQ(refunded->given_back, 250);
  EXPECT_EQ(refunded->clawed_back, 4);
  EXPECT_EQ(refunded->cash_back_minor, 4'250);
  EXPECT_EQ(account_.lots()[0].points, 279);
  EXPECT_EQ(account_.lots()[1].points, 125);
}

TEST_F(AccountTest, WhatCannotBeClawedBackIsOwedAndRepaidByTheNextAward) {
  pay("a", 88'800);
  pay("b", 10'000, 100);
  ASSERT_EQ(account_.available(), 86);

  const auto refunded = refund("a", 88'800);
  EXPECT_EQ(refunded->clawed_back, 177);
  EXPECT_EQ(refunded->debt_incurred, 91);
  EXPECT_EQ(account_.debt(), 91);
  EXPECT_EQ(account_.available(), 0);

  const auto paid = pay("c", Order{.venue = "H1", .amount_minor = 60'000});
  EXPECT_EQ(paid->earning.points(), 120);
  EXPECT_EQ(paid->debt_repaid, 91);
  EXPECT_EQ(account_.available(), 29);
  EXPECT_EQ(account_.debt(), 0);
}

TEST_F(AccountTest, ExpiredPointsCountAsClawedBackOnce) {
  pay("a", 88'800, 0, "2026-12-20T12:00:00");
  pay("b", 10'000, 100, "2027-06-01T12:00:00");

  const auto refunded = refund("a", 88'800, 0, "2028-01-05T12:00:00");

  EXPECT_EQ(refunded->clawed_back, 177);
  EXPECT_EQ(refunded->clawed_back_as_expired, 77);
  EXPECT_EQ(refunded->debt_incurred, 91);
}

TEST_F(AccountTest, PointsGivenBackAfterTheirDayExpireAtOnce) {
  start(500);
  pay("a", 10'000, 500, "2027-12-30T12:00:00");

  const auto refunded = refund("a", 10'000, 0, "2028-01-05T12:00:00");

  EXPECT_EQ(refunded->given_back, 500);
  EXPECT_EQ(refunded->clawed_back, 8);
  EXPECT_EQ(account_.available(), 0);
}

TEST_F(AccountTest, PointsGivenBackAfterTheirDayLiveOnForTheDaysOfGrace) {
  rules_.expiry.give_back_grace_days = 30;
  start(500);
  pay("a", 10'000, 500, "2027-12-30T12:00:00");

  // On their last day they go back to where they came from.
  EXPECT_EQ(refund("a", 5'000, 0, "2027-12-31T12:00:00")->given_back, 250);
  EXPECT_EQ(account_.lots()[0].points, 250);
  const auto refunded = refund("a", 5'000, 0, "2028-01-05T12:00:00");

  EXPECT_EQ(refunded->given_back, 250);
  EXPECT_EQ(refunded->clawed_back, 4);
  ASSERT_EQ(account_.lots().size(), 3U);
  EXPECT_EQ(account_.lots()[0].points, 0);
  EXPECT_EQ(account_.lots()[2].party, "MALL");
  EXPECT_EQ(account_.lots()[2].expires_on, Day(2028, 2, 4));
  EXPECT_EQ(account_.available(), 250);
  account_.expire(at(rules_, "2028-02-04T23:59:59"));
  EXPECT_EQ(account_.available(), 250);
  account_.expire(at(rules_, "2028-02-05T00:00:00"));
  EXPECT_EQ(account_.available(), 0);
}

TEST_F(AccountTest, ADailyCapCutsAndARefundMakesRoom) {
  caps_ = {1'000};
  account_.start_counter(Day(2026, 6, 1), 950);

  const auto paid = pay("a", 88'800);
  EXPECT_EQ(paid->earning.points(), 50);
  EXPECT_EQ(account_.earned_on(Day(2026, 6, 1)), 1'000);

  refund("a", 88'800);
  EXPECT_EQ(account_.earned_on(Day(2026, 6, 1)), 950);
}

TEST_F(AccountTest, ALineThatWasCutToNothingHasNoLot) {
  caps_ = {0};
  pay("a", 88'800);

  ASSERT_TRUE(refund("a", 88'800));

  EXPECT_TRUE(account_.lots().empty());
}

TEST_F(AccountTest, LinesAreRefundedOnceAndByTheirAmounts) {
  pay("a", Order{.venue = "M1",
                 .amount_minor = 30'000,
                 .excluded_minor = 10'000,
                 .lines = {{.number = 1, .amount_minor = 20'000},
                           {.number = 2, .amount_minor = 10'000, .excluded = true}}});
  const RefundScope second{.kind = RefundScope::Kind::lines, .lines = {2}};

  const auto refunded = account_.refund("a", second, at(rules_, "2026-06-02T12:00:00"));
  ASSERT_TRUE(refunded);
  EXPECT_EQ(refunded->excluded_minor, 10'000);
  EXPECT_EQ(refunded->clawed_back, 0);
  EXPECT_FALSE(account_.refund("a", second, at(rules_, "2026-06-02T12:00:00")));

  const auto rest = account_.refund("a", {}, at(rules_, "2026-06-02T12:00:00"));
  EXPECT_EQ(rest->amount_minor, 20'000);
  EXPECT_EQ(rest->clawed_back, 20);
}

TEST_F(AccountTest, ALineMayBeLostBelowItsThreshold) {
  rules_.promotions[0].lost_below_threshold = true;
  pay("a", 60'000);
  ASSERT_EQ(account_.available(), 90);

  EXPECT_EQ(refund("a", 1'200)->clawed_back, 1);
  EXPECT_EQ(refund("a", 1)->clawed_back, 30);
}

TEST_F(AccountTest, AnotherNameForALotWithPointsIsAContradiction) {
  start(10);

  EXPECT_TRUE(account_.name_lot("MALL", Day(2027, 12, 31), 1));
  EXPECT_FALSE(account_.name_lot("MALL", Day(2027, 12, 31), 2));
  EXPECT_FALSE(account_.name_lot("HOTEL", Day(2027, 12, 31), 1));
  EXPECT_TRUE(account_.name_lot("HOTEL", Day(2027, 12, 31), 2));
}

}  // namespace
}  // namespace wutong::load
