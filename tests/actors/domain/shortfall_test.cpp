#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

/// What a refund cannot take back at once (D6), beyond the golden cases.
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

const Order thousand{.id = "1", .amount = {1'000'00}};

TEST(Shortfall, GivenBackPointsAreTakenBeforeADebtIsMade) {
  World world;
  world.buy(thousand);  // 200
  const Order paid{.id = "2", .amount = {1'000'00}, .use = {200}};
  EXPECT_EQ(earned(world.buy(paid)), 198);
  world.done<Held>(world.hold("h", {198}));

  const Refunded refund = world.give_back("r", paid, RefundOfWhole{});

  EXPECT_EQ(refund.after, (Balances{.available = {2}, .held = {198}}));
  EXPECT_TRUE(world.member.debts.empty());
}

TEST(Shortfall, GivenBackPointsRepayDebtsFirst) {
  World world;
  world.buy(thousand);  // 200
  const Order spent{.id = "2", .amount = {100'00}, .use = {200}};
  Checkout checkout = world.checkout(spent);
  checkout.excluded_from_earning = spent.amount;
  world.buy(checkout);
  EXPECT_EQ(world.give_back("r1", thousand, RefundOfWhole{}).after, (Balances{.debt = {200}}));

  const Refunded back = world.give_back("r2", spent, RefundOfAmount{{100'00}, {100'00}});

  EXPECT_EQ(back.given_back, Points{200});
  EXPECT_EQ(back.after, Balances{}) << "what comes back repays first";
  EXPECT_EQ(postings(back.effects),
            Texts({"give_back 200 MALL->POOL 600000", "repay_debt -100 POOL->MALL 300000",
                   "repay_debt -100 POOL->MALL 300000"}));
  EXPECT_TRUE(world.member.debts.empty());
}

TEST(Shortfall, DebtsAreRepaidOldestOrderFirstThenByLine) {
  World world;
  const Order older{.id = "older", .amount = {300'00}, .paid_at = at("2026-11-01 10:00:00")};
  const Order newer{.id = "newer", .amount = {300'00}, .paid_at = at("2026-11-01 11:00:00")};
  add(world.program, fixed_bonus("B", 10, "BRAND"));
  world.buy(newer);
  world.buy(older);
  world.buy({.id = "more", .amount = {200'00}});
  const Order spent{.id = "spent", .amount = {1'000'00}, .use = {100}, .excluded = {1'000'00}};
  world.buy(spent);  // leaves 10
  world.give_back("r1", newer, RefundOfWhole{});
  world.give_back("r2", older, RefundOfWhole{});
  ASSERT_EQ(world.balances(), (Balances{.debt = {70}}));
  ASSERT_EQ(world.member.debts.size(), 4U);
  EXPECT_EQ(world.member.debts[0].order, order_key("M1", "older"));
  EXPECT_EQ(world.member.debts[0].line, 0U);
  EXPECT_EQ(world.member.debts[1].party, PartyId::intern("BRAND"));

  const CheckedOut next = world.buy({.id = "next", .amount = {250'00}});  // 25 + 10

  EXPECT_EQ(postings(next.effects),
            Texts({"earn 25 MALL->POOL 75000", "earn 10 BRAND->POOL 30000",
                   "repay_debt -25 POOL->MALL 75000", "repay_debt -5 POOL->MALL 15000",
                   "repay_debt -5 POOL->BRAND 15000"}));
  EXPECT_EQ(next.after, (Balances{.debt = {35}}));
}

TEST(Shortfall, PointsGivenBackAfterTheirDayCoverTheRefundThatGivesThemBackAndNoLaterOne) {
  World world;
  add(world.program, fixed_bonus("B", 100, "BRAND"));
  world.buy({.id = "opening", .amount = {9'00}});  // 100 of the bonus
  world.now = at("2027-02-01 10:00:00");
  const Order order{.id = "1", .amount = {1'000'00}, .use = {100}, .excluded = {991'00}};
  ASSERT_EQ(earned(world.buy(order)), 100);
  world.buy({.id = "2", .amount = {1'000'00}, .use = {100}, .excluded = {1'000'00}});
  world.now = at("2028-01-05 10:00:00");
  ASSERT_EQ(world.balances(), Balances{});
  World parts = world;

  EXPECT_EQ(world.give_back("whole", order, RefundOfWhole{}).after, Balances{});

  EXPECT_EQ(parts.give_back("r1", order, RefundOfAmount{{991'00}, {991'00}}).given_back,
            Points{99});
  EXPECT_EQ(parts.give_back("r2", order, RefundOfWhole{}).after, (Balances{.debt = {99}}));
}

const Order first{.id = "1", .amount = {500'00}};
const Order second{.id = "2", .amount = {500'00}};

/// Both are bought, and `last`; then the day of all points passes.
World world_in_which_points_expire(const Order& last) {
  World world;
  world.now = at("2026-12-20 12:00:00");
  for (const Order& order : {first, second, last}) world.buy(order);
  world.now = at("2028-01-05 12:00:00");
  world.pass_time();
  return world;
}

TEST(Shortfall, ExpiredPointsOnceCountedAreUsedUp) {
  World world = world_in_which_points_expire(
      {.id = "3", .amount = {200'00}, .use = {100}, .excluded = {200'00}});
  ASSERT_EQ(world.balances(), Balances{});

  // 100 were earned, all were spent: nothing expired.
  EXPECT_EQ(world.give_back("r1", first, RefundOfWhole{}).after.debt, Points{50});
  EXPECT_EQ(world.give_back("r2", second, RefundOfWhole{}).after.debt, Points{100});
}

TEST(Shortfall, ExpiredPointsCoverTheFirstRefundsThatNeedThem) {
  World world = world_in_which_points_expire({.id = "3", .amount = {300'00}, .excluded = {300'00}});

  const Refunded covered = world.give_back("r1", first, RefundOfWhole{});
  EXPECT_EQ(covered.effects.expired_counts.size(), 1U);
  EXPECT_EQ(covered.after.debt, Points{0});
  EXPECT_EQ(world.member.lots[0].expired_uncounted, Points{50});
  EXPECT_EQ(world.give_back("r2", second, RefundOfWhole{}).after.debt, Points{0});
  EXPECT_EQ(world.member.lots[0].expired_uncounted, Points{0});
}

}  // namespace
}  // namespace wutong::testing
