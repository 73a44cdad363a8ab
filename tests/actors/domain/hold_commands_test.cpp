#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "actors/domain/holds.h"
#include "tests/actors/domain/world.h"

/// Hold, release and capture as commands (D9).
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

/// 500 points of MALL, earned in 2025.
World with_500_points() {
  World world;
  world.program.promotions.clear();
  world.now = at("2025-11-02 10:00:00");
  world.buy({.id = "0", .amount = {5'000'00}});
  world.now = at("2026-11-02 10:00:00");
  return world;
}

TEST(HoldCommand, SetsAsideUntilTheProgramsTimeout) {
  World world = with_500_points();
  world.program.hold_timeout = {30 * 60'000};

  const Held held = world.done<Held>(world.hold("h1", {300}));

  EXPECT_EQ(held.lapses_at, at("2026-11-02 10:30:00"));
  EXPECT_EQ(held.after, (Balances{.available = {200}, .held = {300}}));
  EXPECT_TRUE(held.effects.movements.empty());
  EXPECT_EQ(world.balances(), held.after);
}

TEST(HoldCommand, IsRefusedBeyondWhatIsAvailable) {
  World world = with_500_points();
  world.done<Held>(world.hold("h1", {300}));

  EXPECT_EQ(world.refusal(world.hold("h2", {201})),
            (Refused{Refusal::balance_too_low, Field::points}));
  EXPECT_EQ(world.done<Held>(world.hold("h2", {200})).after, Balances{.held = {500}});
}

TEST(HoldCommand, IsRefusedBeyondWhatMayBeOpenAtATime) {
  World world = with_500_points();
  for (int i = 0; i < open_holds_max; ++i) {
    world.done<Held>(world.hold(std::to_string(i), {1}));
  }

  EXPECT_EQ(world.refusal(world.hold("more", {1})),
            (Refused{Refusal::too_many_holds, Field::hold_id}));
  world.done<Released>(world.release("7"));
  world.done<Held>(world.hold("more", {1}));

  world.now = world.now + world.program.hold_timeout;
  EXPECT_EQ(world.done<Held>(world.hold("later", {500})).after, Balances{.held = {500}});
}

TEST(HoldCommand, RepeatedIsTheSameReceiptAndElseTheFirstDifference) {
  World world = with_500_points();
  const Held held = world.done<Held>(world.hold("h1", {300}));

  const Decision again = world.run(world.hold("h1", {300}));
  ASSERT_TRUE(std::holds_alternative<Replay>(again));
  EXPECT_EQ(std::get<Held>(std::get<Replay>(again).record), held);

  EXPECT_EQ(world.refusal(world.hold("h1", {299})),
            (Refused{Refusal::other_content, Field::points}));
  world.now = world.now + Duration{1};
  EXPECT_EQ(world.refusal(world.hold("h1", {300})),
            (Refused{Refusal::other_content, Field::occurred_at}));
}

TEST(HoldCommand, IsReleasedOnce) {
  World world = with_500_points();
  world.done<Held>(world.hold("h1", {300}));

  const Released released = world.done<Released>(world.release("h1"));

  EXPECT_EQ(released.points, Points{300});
  EXPECT_EQ(released.after, Balances{.available = {500}});
  EXPECT_EQ(released.hold_occurred_at, world.now);
  const Decision again = world.run(world.release("h1"));
  ASSERT_TRUE(std::holds_alternative<Replay>(again));
  EXPECT_EQ(std::get<Released>(std::get<Replay>(again).record), released);
}

TEST(HoldCommand, ThatIsUnknownLapsedOrCapturedIsNotReleased) {
  World world = with_500_points();
  const Refused unknown{Refusal::hold_unknown, Field::hold_id};
  EXPECT_EQ(world.refusal(world.release("h1")), unknown);

  world.done<Held>(world.hold("h1", {100}));
  world.now = world.now + world.program.hold_timeout;
  EXPECT_EQ(world.refusal(world.release("h1")), unknown);

  world.done<Held>(world.hold("h2", {100}));
  world.buy(world.capture({.id = "1", .amount = {1'000'00}, .use = {100}}, "h2"));
  EXPECT_EQ(world.refusal(world.release("h2")), unknown);
}

TEST(HoldCommand, IsCapturedByAnOrderThatMayUseLess) {
  World world = with_500_points();
  world.done<Held>(world.hold("h1", {300}));

  const CheckedOut order =
      world.buy(world.capture({.id = "1", .amount = {1'000'00}, .use = {200}}, "h1"));

  EXPECT_EQ(postings(order.effects),
            Texts({"use -200 POOL->MALL 600000", "earn 99 MALL->POOL 297000"}));
  EXPECT_EQ(order.after, Balances{.available = {399}});
  EXPECT_TRUE(world.member.holds.empty());
}

TEST(HoldCommand, CapturesNoMoreThanItHolds) {
  World world = with_500_points();
  world.done<Held>(world.hold("h1", {200}));

  EXPECT_EQ(world.refusal(world.capture({.id = "1", .amount = {1'000'00}, .use = {300}}, "h1")),
            (Refused{Refusal::balance_too_low, Field::points_to_use}));
  EXPECT_EQ(world.refusal(world.capture({.id = "1", .amount = {1'000'00}, .use = {100}}, "h2")),
            (Refused{Refusal::hold_unknown, Field::hold_id}));
}

TEST(HoldCommand, IsTheWayForALateOrderToUsePoints) {
  World world = with_500_points();
  Checkout order = world.capture({.id = "1", .amount = {1'000'00}, .use = {200}}, "h1");
  order.origin.offline = true;
  Checkout without = order;
  without.hold_id.clear();
  world.done<Held>(world.hold("h1", {200}));

  EXPECT_EQ(world.refusal(without), (Refused{Refusal::late_without_hold, Field::hold_id}));
  EXPECT_TRUE(world.buy(order).late);
}

TEST(HoldCommand, AQuoteOfItsCaptureOffersWhatItHolds) {
  World world = with_500_points();
  world.done<Held>(world.hold("h1", {200}));
  const Checkout order = world.capture({.id = "1", .amount = {2'000'00}, .use = {200}}, "h1");

  const Quoted quoted = quote(world.member, world.program, world.policy, {order}, world.now);

  EXPECT_FALSE(quoted.refused);
  EXPECT_EQ(quoted.points_max, Points{200});
  EXPECT_EQ(quoted.cash_due, Money{1'994'00});
}

TEST(Golden, Case18UsesWhatIsHeldAfterItsDayAndLetsTheRestExpire) {
  World world = with_500_points();
  world.program.hold_timeout = {30 * 60'000};
  world.now = at("2026-12-31 23:50:00");
  EXPECT_EQ(world.done<Held>(world.hold("h1", {300})).lapses_at, at("2027-01-01 00:20:00"));

  world.now = at("2027-01-01 00:10:00");
  const CheckedOut order = world.buy(
      world.capture({.id = "1", .amount = {50'00}, .use = {200}, .excluded = {50'00}}, "h1"));

  EXPECT_EQ(postings(std::get<TimePassed>(world.events[world.events.size() - 2]).effects),
            Texts({"expire -200 POOL->MALL 600000"}));
  EXPECT_EQ(postings(order.effects),
            Texts({"use -200 POOL->MALL 600000", "expire -100 POOL->MALL 300000"}));
  EXPECT_EQ(order.cash_due, Money{44'00});
  EXPECT_EQ(earned(order), 0);
  EXPECT_EQ(order.after, Balances{});
}

}  // namespace
}  // namespace wutong::testing
