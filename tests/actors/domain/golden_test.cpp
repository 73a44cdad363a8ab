#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

/// The golden cases that need neither tiers, nor holds, nor sliding windows, worked to the last unit.
/// Opening balances come from earlier checkouts. Money is in fen, settlement in 1/1000 fen.
namespace wutong::testing {
namespace {

using namespace domain;
using Movements = std::vector<std::string>;
using Owed = std::map<std::string, std::int64_t>;
using Awarded = std::vector<std::int64_t>;

/// A fresh member's first purchase at M1.
CheckedOut fresh(Money amount) { return World().buy(Order{.id = "1", .amount = amount}); }

TEST(Golden, Case1EarnsTheBaseAndFromTheFirstStepHalfAsMuchAgain) {
  const CheckedOut below = fresh({587'99});
  EXPECT_EQ(points_of(below.awards), Awarded({58}));
  EXPECT_EQ(owed(below.effects), Owed({{"MALL->POOL", 174'000}}));

  const CheckedOut reached = fresh({588'00});
  EXPECT_EQ(points_of(reached.awards), Awarded({58, 30}));
  EXPECT_EQ(owed(reached.effects), Owed({{"MALL->POOL", 264'000}}));
  EXPECT_EQ(reached.awards[1].promotion, PromotionId::intern("S"));
  EXPECT_EQ(reached.awards[1].threshold, Money{588'00});
  EXPECT_EQ(reached.cash_due, Money{588'00});
  EXPECT_EQ(reached.after.available, Points{88});
}

TEST(Golden, Case2TakesTheHighestStepForTheWholeEligibleAmount) {
  const CheckedOut first_step = fresh({887'99});
  EXPECT_EQ(points_of(first_step.awards), Awarded({88, 45}));
  EXPECT_EQ(owed(first_step.effects), Owed({{"MALL->POOL", 399'000}}));

  const CheckedOut second_step = fresh({888'00});
  EXPECT_EQ(points_of(second_step.awards), Awarded({88, 89}));
  EXPECT_EQ(owed(second_step.effects), Owed({{"MALL->POOL", 531'000}}));
}

TEST(Golden, Case3PaysUpToTheShareInSteps) {
  World world;
  world.buy({.id = "opening", .amount = {25'000'00}});
  ASSERT_EQ(world.balances().available, Points{5'000});
  const auto asking = [&](std::int64_t points) {
    return world.checkout({.id = "1", .amount = {588'00}, .use = {points}});
  };

  const Quoted quoted = quote(world.member, world.program, world.policy, {asking(0)}, world.now);
  EXPECT_EQ(quoted.points_max, Points{2'900});
  EXPECT_EQ(quoted.offset_money_max, Money{87'00});
  EXPECT_EQ(world.refusal(asking(2'950)).refusal, Refusal::not_in_steps);
  EXPECT_EQ(world.refusal(asking(3'000)).refusal, Refusal::above_offset_share);

  const CheckedOut order = world.buy(asking(2'900));
  EXPECT_EQ(order.offset_money, Money{87'00});
  EXPECT_EQ(order.cash_due, Money{501'00});
  EXPECT_EQ(points_of(order.awards), Awarded({50}));
  EXPECT_EQ(postings(order.effects),
            Movements({"use -2900 POOL->MALL 8700000", "earn 50 MALL->POOL 150000"}));
  EXPECT_EQ(order.after.available, Points{2'150});
}

TEST(Golden, Case4PaysWithPointsFromTheThresholdOn) {
  World world;
  world.buy({.id = "opening", .amount = {2'500'00}});
  ASSERT_EQ(world.balances().available, Points{500});

  EXPECT_EQ(world.refusal(world.checkout({.id = "1", .amount = {49'99}, .use = {100}})).refusal,
            Refusal::below_offset_threshold);

  const CheckedOut order = world.buy({.id = "1", .amount = {50'00}, .use = {200}});
  EXPECT_EQ(order.offset_money, Money{6'00});
  EXPECT_EQ(order.cash_due, Money{44'00});
  EXPECT_EQ(earned(order), 4);
}

TEST(Golden, Case5AddsUpMultipliersOfDifferentGroups) {
  World world;
  Promotion weekend = multiplier("W", 20'000);
  weekend.weekdays = 0x60;
  add(world.program, weekend);

  world.now = at("2026-11-20 12:00:00");
  EXPECT_EQ(points_of(world.buy({.id = "friday", .amount = {588'00}}).awards), Awarded({58, 30}));
  world.now = at("2026-11-21 12:00:00");
  EXPECT_EQ(points_of(world.buy({.id = "saturday", .amount = {588'00}}).awards),
            Awarded({58, 30, 59}));
}

TEST(Golden, Case6LetsTheBestOfAGroupWinAndTheSmallerIdOnATie) {
  World world;
  for (Promotion rival : {multiplier("W", 20'000), fixed_bonus("B60", 60, "BRAND")}) {
    rival.stacking_group = Symbol::intern("weekend");
    add(world.program, rival);
  }

  const CheckedOut less = world.buy({.id = "1", .amount = {588'00}});
  EXPECT_EQ(points_of(less.awards), Awarded({58, 30, 60}));
  EXPECT_EQ(less.awards[2].promotion, PromotionId::intern("B60"));
  EXPECT_EQ(owed(less.effects), Owed({{"MALL->POOL", 264'000}, {"BRAND->POOL", 180'000}}));

  const CheckedOut tie = world.buy({.id = "2", .amount = {600'00}});
  EXPECT_EQ(points_of(tie.awards), Awarded({60, 30, 60}));
  EXPECT_EQ(tie.awards[2].promotion, PromotionId::intern("B60"));
  EXPECT_EQ(owed(tie.effects), Owed({{"MALL->POOL", 270'000}, {"BRAND->POOL", 180'000}}));
}

TEST(Golden, Case7ClawsNothingBackForExcludedGoods) {
  World world;
  const Order order{.id = "1", .amount = {1'000'00}, .excluded = {400'00}};
  EXPECT_EQ(points_of(world.buy(order).awards), Awarded({60, 30}));

  const Refunded excluded = world.give_back("r1", order, RefundOfAmount{{400'00}, {400'00}});
  EXPECT_EQ(excluded.clawed_back, Points{0});
  EXPECT_EQ(excluded.cash_back, Money{400'00});

  const Refunded earning = world.give_back("r2", order, RefundOfAmount{{600'00}, {}});
  EXPECT_EQ(earning.clawed_back, Points{90});
  EXPECT_EQ(earning.after.available, Points{0});
}

TEST(Golden, Case8SpreadsOffsetAndAwardOverPartialRefunds) {
  World world;
  world.buy({.id = "opening", .amount = {2'500'00}});
  const Order order{.id = "1", .amount = {100'00}, .use = {500}};
  const CheckedOut bought = world.buy(order);
  EXPECT_EQ(earned(bought), 8);
  EXPECT_EQ(bought.cash_due, Money{85'00});

  const Refunded first = world.give_back("r1", order, RefundOfAmount{{33'33}, {}});
  const Refunded second = world.give_back("r2", order, RefundOfAmount{{33'33}, {}});
  const Refunded third = world.give_back("r3", order, RefundOfAmount{{33'34}, {}});

  EXPECT_EQ(first.clawed_back, Points{2});
  EXPECT_EQ(second.clawed_back, Points{3});
  EXPECT_EQ(third.clawed_back, Points{3});
  EXPECT_EQ(first.given_back, Points{166});
  EXPECT_EQ(second.given_back, Points{167});
  EXPECT_EQ(third.given_back, Points{167});
  EXPECT_EQ(first.cash_back, Money{28'34});
  EXPECT_EQ(second.cash_back, Money{28'33});
  EXPECT_EQ(third.cash_back, Money{28'33});
  EXPECT_EQ(world.refusal(world.refund("r4", order, RefundOfAmount{{1}, {}})),
            (Refused{Refusal::more_than_left, Field::amount}));
  EXPECT_EQ(world.balances().available, Points{500});
}

TEST(Golden, Case9FloorsEachLineOfTheRefundedShare) {
  World world;
  add(world.program, fixed_bonus("B", 100, "BRAND"));
  const Order order{.id = "1", .amount = {300'00}};
  EXPECT_EQ(points_of(world.buy(order).awards), Awarded({30, 100}));

  const Refunded first = world.give_back("r1", order, RefundOfAmount{{2'99}, {}});
  const Refunded second = world.give_back("r2", order, RefundOfAmount{{97'02}, {}});
  const Refunded third = world.give_back("r3", order, RefundOfAmount{{49'99}, {}});

  EXPECT_EQ(first.totals.clawed_back, std::vector<Points>({{0}, {0}}));
  EXPECT_EQ(second.totals.clawed_back, std::vector<Points>({{10}, {33}}));
  EXPECT_EQ(third.totals.clawed_back, std::vector<Points>({{15}, {50}}));
  EXPECT_EQ(owed(second.effects), Owed({{"POOL->MALL", 30'000}, {"POOL->BRAND", 99'000}}));
}

TEST(Golden, Case10BurnsTheEarliestExpiryFirstAndGivesBackToTheSameLots) {
  World world;
  world.now = at("2025-03-01 12:00:00");
  world.buy({.id = "stay", .venue = "H1", .amount = {1'250'00}});
  world.now = at("2026-03-01 12:00:00");
  world.buy({.id = "opening", .amount = {2'000'00}});
  ASSERT_EQ(lots(world.member),
            Movements({"HOTEL 250 until 2026-12-31", "MALL 400 until 2027-12-31"}));

  world.now = at("2026-12-30 12:00:00");
  const Order order{.id = "1", .amount = {100'00}, .use = {500}};
  const CheckedOut bought = world.buy(order);
  EXPECT_EQ(postings(bought.effects),
            Movements({"use -250 POOL->MALL 700000", "use -250 POOL->MALL 750000",
                       "earn 8 MALL->POOL 24000"}));

  world.now = at("2026-12-31 12:00:00");
  const Refunded refund = world.give_back("r1", order, RefundOfAmount{{50'00}, {}});
  EXPECT_EQ(refund.cash_back, Money{42'50});
  EXPECT_EQ(refund.clawed_back, Points{4});
  EXPECT_EQ(postings(refund.effects),
            Movements({"give_back 125 MALL->POOL 350000", "give_back 125 MALL->POOL 375000",
                       "claw_back -4 POOL->MALL 12000"}));
  EXPECT_EQ(lots(world.member),
            Movements({"HOTEL 125 until 2026-12-31", "MALL 279 until 2027-12-31"}));
}

TEST(Golden, Case11OwesWhatWasSpentAndCase12RepaysItFromTheNextAward) {
  World world;
  const Order a{.id = "A", .amount = {888'00}};
  EXPECT_EQ(earned(world.buy(a)), 177);
  const CheckedOut spent = world.buy({.id = "B", .amount = {100'00}, .use = {100}});
  EXPECT_EQ(earned(spent), 9);
  EXPECT_EQ(spent.after.available, Points{86});

  const Refunded refund = world.give_back("r1", a, RefundOfWhole{});
  EXPECT_EQ(refund.clawed_back, Points{177});
  EXPECT_EQ(owed(refund.effects), Owed({{"POOL->MALL", 258'000}}));
  EXPECT_EQ(refund.cash_back, Money{888'00});
  EXPECT_EQ(refund.after, (Balances{.available = {0}, .debt = {91}}));

  const CheckedOut stay = world.buy({.id = "stay", .venue = "H1", .amount = {600'00}});
  EXPECT_EQ(earned(stay), 120);
  EXPECT_EQ(owed(stay.effects), Owed({{"HOTEL->POOL", 336'000}, {"POOL->MALL", 254'800}}));
  EXPECT_EQ(stay.after, (Balances{.available = {29}, .debt = {0}}));
  EXPECT_EQ(lots(world.member), Movements({"HOTEL 29 until 2027-12-31"}));
  EXPECT_EQ(pool_owes(world.member), 81'200);
}

TEST(Golden, Case13CountsWhatHasExpiredOfTheLotBeforeItTakesFromOthers) {
  World world;
  world.now = at("2026-12-20 12:00:00");
  const Order first{.id = "1", .amount = {888'00}};
  EXPECT_EQ(earned(world.buy(first)), 177);
  world.now = at("2027-06-01 12:00:00");
  EXPECT_EQ(earned(world.buy({.id = "2", .amount = {100'00}, .use = {100}})), 9);

  world.now = at("2028-01-05 12:00:00");
  const Refunded refund = world.give_back("r1", first, RefundOfWhole{});
  ASSERT_GE(world.events.size(), 2U);
  const auto* expired = std::get_if<TimePassed>(&world.events[world.events.size() - 2]);
  ASSERT_NE(expired, nullptr);
  EXPECT_EQ(postings(expired->effects), Movements({"expire -77 POOL->MALL 231000"}));
  EXPECT_EQ(refund.clawed_back, Points{177});
  Points counted;
  for (const ExpiredCount& count : refund.effects.expired_counts) counted += count.points;
  EXPECT_EQ(counted, Points{77});
  EXPECT_EQ(owed(refund.effects), Owed({{"POOL->MALL", 27'000}}));
  EXPECT_EQ(refund.after, (Balances{.available = {0}, .debt = {91}}));
}

/// Case 14 up to its refund on 2028-01-05.
Refunded refund_after_the_points_had_their_day(World& world) {
  world.now = at("2026-03-01 12:00:00");
  world.buy({.id = "opening", .amount = {2'500'00}});
  world.now = at("2027-12-30 12:00:00");
  const Order order{.id = "1", .amount = {100'00}, .use = {500}};
  EXPECT_EQ(earned(world.buy(order)), 8);
  world.now = at("2028-01-05 12:00:00");
  return world.give_back("r1", order, RefundOfWhole{});
}

TEST(Golden, Case14ExpiresAtOnceWhatIsGivenBackAfterItsDay) {
  World world;
  const Refunded refund = refund_after_the_points_had_their_day(world);

  EXPECT_EQ(postings(refund.effects),
            Movements({"give_back 500 MALL->POOL 1500000", "claw_back -8 POOL->MALL 24000",
                       "expire -500 POOL->MALL 1500000"}));
  EXPECT_EQ(refund.cash_back, Money{85'00});
  EXPECT_EQ(refund.after, Balances{});
}

TEST(Golden, Case14LetsWhatIsGivenBackLiveOnForTheDaysOfGrace) {
  World world;
  world.program.expiry.give_back_grace_days = 30;
  const Refunded refund = refund_after_the_points_had_their_day(world);

  EXPECT_EQ(refund.after.available, Points{500});
  EXPECT_EQ(lots(world.member), Movements({"MALL 500 until 2028-02-04"}));
}

TEST(Golden, Case16GoesByTheTimeOfPaymentAndTheProgramInForceAtReceipt) {
  World world;
  world.policy.limits = {daily_limit("cap", 1'000'000)};
  Promotion promotion = multiplier("D", 20'000);
  promotion.starts_at = at("2026-11-20 00:00:00");
  promotion.ends_at = at("2026-11-21 00:00:00");
  Program with_promotion = world.program;
  add(with_promotion, promotion);
  const Order on_time{.id = "1", .amount = {400'00}, .paid_at = at("2026-11-20 23:59:30")};
  world.now = at("2026-11-21 10:00:00");

  World removed = world;
  EXPECT_EQ(earned(removed.buy(on_time)), 40);

  world.program = with_promotion;
  const CheckedOut late = world.buy(on_time);
  EXPECT_EQ(earned(late), 80);
  EXPECT_TRUE(late.late);
  EXPECT_EQ(world.member.counters,
            std::vector<Counter>(
                {{Measure::points_earned, Window::calendar_day, day("2026-11-20"), 80}}));
  EXPECT_EQ(
      earned(world.buy({.id = "2", .amount = {400'00}, .paid_at = at("2026-11-21 00:00:00.000")})),
      40);

  World year_end;
  year_end.now = at("2027-01-01 00:05:00");
  year_end.buy({.id = "3", .amount = {100'00}, .paid_at = at("2026-12-31 23:59:59")});
  EXPECT_EQ(lots(year_end.member), Movements({"MALL 10 until 2027-12-31"}));
}

TEST(Golden, Case17CutsToTheCapOfTheDayOfThePurchase) {
  World world;
  world.policy.limits = {daily_limit("cap", 1'000)};
  world.now = at("2026-11-20 12:00:00");
  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {4'750'00}})), 950);

  world.now = at("2026-11-21 10:00:00");
  const Order late{.id = "2", .amount = {888'00}, .paid_at = at("2026-11-20 20:00:00")};
  const CheckedOut cut = world.buy(late);
  EXPECT_EQ(points_of(cut.awards), Awarded({50, 0}));
  EXPECT_EQ(cut.awards[0].cut, Points{38});
  EXPECT_EQ(cut.awards[1].cut, Points{89});
  const Day friday = day("2026-11-20");
  EXPECT_EQ(world.member.counters,
            std::vector<Counter>({{Measure::points_earned, Window::calendar_day, friday, 1'000}}));

  EXPECT_EQ(world.give_back("r1", late, RefundOfWhole{}).clawed_back, Points{50});
  EXPECT_EQ(world.member.counters,
            std::vector<Counter>({{Measure::points_earned, Window::calendar_day, friday, 950}}));
}

TEST(Golden, Case19KnowsAnOrderAgainAndRefusesWithoutATrace) {
  World world;
  world.buy({.id = "opening", .amount = {1'950'00}});
  ASSERT_EQ(world.balances().available, Points{390});
  const Order x{.id = "X", .amount = {100'00}};
  const Checkout sent = world.checkout(x);
  const CheckedOut receipt = world.buy(sent);
  EXPECT_EQ(earned(receipt), 10);

  const Decision again = world.run(sent);
  ASSERT_TRUE(std::holds_alternative<Replay>(again));
  const auto& replayed = std::get<CheckedOut>(std::get<Replay>(again).record);
  EXPECT_EQ(replayed.awards, receipt.awards);
  EXPECT_EQ(replayed.effects, receipt.effects);

  Checkout dearer = sent;
  dearer.amount = {100'01};
  EXPECT_EQ(world.refusal(dearer), (Refused{Refusal::other_content, Field::amount}));

  world.give_back("r1", x, RefundOfAmount{{60'00}, {}});
  EXPECT_EQ(world.refusal(world.refund("r2", x, RefundOfAmount{{40'01}, {}})).refusal,
            Refusal::more_than_left);
  world.buy({.id = "topping up", .amount = {60'00}});
  ASSERT_EQ(world.balances().available, Points{400});

  const Order y{.id = "Y", .amount = {100'00}, .use = {500}};
  EXPECT_EQ(world.refusal(world.checkout(y)),
            (Refused{Refusal::balance_too_low, Field::points_to_use}));
  EXPECT_EQ(earned(world.buy({.id = "Y", .amount = {100'00}, .use = {400}})), 8);
}

}  // namespace
}  // namespace wutong::testing
