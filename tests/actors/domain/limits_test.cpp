#include "actors/domain/limits.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/actors/domain/world.h"

/// A daily limit on points earned (4.4), and quotes.
namespace wutong::testing {
namespace {

using namespace domain;
using Awarded = std::vector<std::int64_t>;

TEST(Limits, ACapLetsExactlyItsBoundThrough) {
  World world;
  world.policy.limits = {daily_limit("cap", 100)};

  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {500'00}})), 50);
  EXPECT_EQ(earned(world.buy({.id = "2", .amount = {500'00}})), 50);
  const CheckedOut none = world.buy({.id = "3", .amount = {500'00}});
  EXPECT_EQ(points_of(none.awards), Awarded({0}));
  EXPECT_TRUE(none.effects.movements.empty());
  EXPECT_TRUE(none.effects.counters.empty());

  world.now = at("2026-11-03 00:00:00");
  EXPECT_EQ(earned(world.buy({.id = "4", .amount = {500'00}})), 50);
}

TEST(Limits, ChecksTellWhatTheySaw) {
  World world;
  world.policy.version = 7;
  world.policy.limits = {daily_limit("cap", 80)};
  world.buy({.id = "1", .amount = {500'00}});

  const CheckedOut order = world.buy({.id = "2", .amount = {500'00}});

  EXPECT_EQ(order.checks, std::vector<RiskCheck>({{.limit = LimitId::intern("cap"),
                                                   .mode = LimitMode::live,
                                                   .effect = LimitEffect::cap,
                                                   .value_before = 50,
                                                   .value_asked = 50,
                                                   .bound = 80,
                                                   .exceeded = true}}));
  EXPECT_EQ(order.header.policy_version, 7U);
  EXPECT_EQ(earned(order), 30);
}

TEST(Limits, AShadowIsCountedAndToldButNotFelt) {
  World world;
  world.policy.limits = {daily_limit("cap", 10, LimitEffect::cap, LimitMode::shadow)};

  const CheckedOut order = world.buy({.id = "1", .amount = {500'00}});

  EXPECT_EQ(earned(order), 50);
  EXPECT_TRUE(order.checks[0].exceeded);
  EXPECT_EQ(world.member.counters[0].value, 50);
}

TEST(Limits, AFlagIsToldButNotFelt) {
  World world;
  world.policy.limits = {daily_limit("flag", 10, LimitEffect::flag)};

  const CheckedOut order = world.buy({.id = "1", .amount = {500'00}});

  EXPECT_EQ(earned(order), 50);
  EXPECT_TRUE(order.checks[0].exceeded);
}

TEST(Limits, OneThatIsOffIsNeitherCountedNorTold) {
  World world;
  world.policy.limits = {daily_limit("cap", 10, LimitEffect::cap, LimitMode::off)};

  const CheckedOut order = world.buy({.id = "1", .amount = {500'00}});

  EXPECT_EQ(earned(order), 50);
  EXPECT_TRUE(order.checks.empty());
  EXPECT_TRUE(world.member.counters.empty());
}

TEST(Limits, ABoundMayBeReachedAndNotExceeded) {
  World world;
  world.policy.limits = {daily_limit("cap", 50)};

  const CheckedOut order = world.buy({.id = "1", .amount = {500'00}});

  EXPECT_EQ(earned(order), 50);
  EXPECT_FALSE(order.checks[0].exceeded);
}

TEST(Limits, TheTightestCapWinsInWhateverOrderTheyStand) {
  World world;
  world.policy.limits = {daily_limit("a", 40), daily_limit("b", 30),
                         daily_limit("c", 10, LimitEffect::cap, LimitMode::shadow)};
  do {
    World fresh = world;
    EXPECT_EQ(earned(fresh.buy({.id = "1", .amount = {500'00}})), 30);
  } while (std::ranges::next_permutation(world.policy.limits, {}, &Limit::id).found);
}

TEST(Limits, LinesAreCutFromTheLastBackwards) {
  std::vector<AwardLine> awards = {
      {.points = {10}}, {.points = {20}}, {.points = {0}}, {.points = {30}}};

  cut(awards, {15});

  EXPECT_EQ(points_of(awards), Awarded({10, 5, 0, 0}));
  EXPECT_EQ(awards[1].cut, Points{15});
  EXPECT_EQ(awards[3].cut, Points{30});
}

TEST(Limits, ARefundClawsBackOnlyWhatTheCapLeft) {
  World world;
  world.policy.limits = {daily_limit("cap", 100)};
  const Order order{.id = "1", .amount = {888'00}};
  EXPECT_EQ(points_of(world.buy(order).awards), Awarded({88, 12}));

  EXPECT_EQ(world.give_back("r1", order, RefundOfAmount{{444'00}, {}}).clawed_back, Points{50});
  EXPECT_EQ(world.member.counters[0].value, 50);
}

TEST(Quote, TellsWhatTheCheckoutThenDoes) {
  World world;
  world.policy.limits = {daily_limit("cap", 5'060)};
  world.buy({.id = "opening", .amount = {25'000'00}});
  Checkout asked = world.checkout({.id = "1", .amount = {900'00}, .use = {400}});
  const Checkout with_tenders = asked;
  asked.tenders.clear();
  asked.order_id.clear();
  asked.key = {};

  const Quoted quoted = quote(world.member, world.program, world.policy, {asked}, world.now);
  const CheckedOut order = world.buy(with_tenders);

  EXPECT_EQ(quoted.refused, std::nullopt);
  EXPECT_EQ(quoted.awards, order.awards);
  EXPECT_EQ(quoted.checks, order.checks);
  EXPECT_EQ(quoted.eligible, order.eligible);
  EXPECT_EQ(quoted.cash_due, order.cash_due);
  EXPECT_EQ(quoted.offset_money, order.offset_money);
  EXPECT_EQ(quoted.now.available, Points{5'000});
  EXPECT_EQ(earned(order), 60) << "the quote knew of the cap";
}

TEST(Quote, TheMaximumIsInStepsWithinTheBalanceAndCanBePaid) {
  World world;
  world.buy({.id = "opening", .amount = {1'500'00}});
  world.buy({.id = "more", .amount = {70'00}});
  const Checkout asked = world.checkout({.id = "1", .amount = {588'00}});

  const Quoted quoted = quote(world.member, world.program, world.policy, {asked}, world.now);

  EXPECT_EQ(quoted.now.available, Points{307});
  EXPECT_EQ(quoted.points_max, Points{300});
  EXPECT_EQ(quoted.offset_money_max, Money{9'00});
  EXPECT_EQ(world.buy({.id = "1", .amount = {588'00}, .use = quoted.points_max}).cash_due,
            Money{579'00});
}

TEST(Quote, TellsTheMaximumAlsoWhereTooMuchIsAsked) {
  World world;
  world.buy({.id = "opening", .amount = {25'000'00}});
  const Checkout asked = world.checkout({.id = "1", .amount = {588'00}, .use = {3'000}});

  const Quoted quoted = quote(world.member, world.program, world.policy, {asked}, world.now);

  EXPECT_EQ(quoted.refused, (Refused{Refusal::above_offset_share, Field::points_to_use}));
  EXPECT_EQ(quoted.points_max, Points{2'900});
  EXPECT_EQ(quoted.cash_due, Money{588'00});
}

TEST(Quote, OffersNoPointsWhereNoneCouldBeUsed) {
  World world;
  world.buy({.id = "opening", .amount = {25'000'00}});
  Checkout offline = world.checkout({.id = "1", .amount = {588'00}});
  offline.origin.offline = true;
  const Checkout small = world.checkout({.id = "2", .amount = {49'99}});
  const auto maximum = [&](const Checkout& asked) {
    return quote(world.member, world.program, world.policy, {asked}, world.now).points_max;
  };

  EXPECT_EQ(maximum(offline), Points{0});
  EXPECT_EQ(maximum(small), Points{0});
}

TEST(Quote, OfAStrangerIsRefused) {
  World world;
  const Quoted quoted = quote(Member{}, world.program, world.policy,
                              {world.checkout({.id = "1", .amount = {588'00}})}, world.now);
  EXPECT_EQ(quoted.refused, (Refused{Refusal::member_unknown, Field::member}));
}

}  // namespace
}  // namespace wutong::testing
