#include "actors/domain/windows.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "actors/domain/calendar.h"
#include "actors/domain/limits.h"
#include "tests/actors/domain/world.h"

/// Limits over all their windows, with all that they do (4.4).
namespace wutong::testing {
namespace {

using namespace domain;

Limit limit(const std::string& id, Measure measure, std::int64_t bound,
            LimitEffect effect = LimitEffect::decline, Window window = Window::calendar_day,
            std::int32_t seconds = 0) {
  return {.id = LimitId::intern(id),
          .measure = measure,
          .window = window,
          .seconds = seconds,
          .effect = effect,
          .bound = bound};
}

Limit sliding(const std::string& id, std::int32_t seconds, std::int64_t bound,
              LimitEffect effect = LimitEffect::decline, Measure measure = Measure::orders) {
  return limit(id, measure, bound, effect, Window::sliding, seconds);
}

/// The order, or its decline.
bool accepted(World& world, const Checkout& checkout) {
  const Decision decision = world.run(checkout);
  const auto* happened = std::get_if<Accepted>(&decision);
  RC_ASSERT(happened != nullptr);
  return std::holds_alternative<CheckedOut>(happened->event);
}

std::vector<Instant> minutes_apart(Instant first, int count, std::int64_t ms) {
  std::vector<Instant> times;
  for (int i = 0; i < count; ++i) times.push_back(first + Duration{i * ms});
  return times;
}

TEST(Golden, Case20DeclinesTheOrderBeyondTheBoundOfASlidingWindow) {
  World world;
  world.policy.limits = {sliding("orders", 600, 5)};
  std::vector<bool> outcomes;
  const Instant first = world.now;
  for (const Instant at : minutes_apart(first, 7, 100'000)) {
    world.now = at;
    outcomes.push_back(
        accepted(world, world.checkout({.id = std::to_string(at.unix_ms), .amount = {100'00}})));
  }
  EXPECT_EQ(outcomes, std::vector<bool>({true, true, true, true, true, false, true}));

  // The sixth again: the same decline, counted once.
  const std::string sixth = std::to_string(first.unix_ms + 500'000);
  const Order again{.id = sixth, .amount = {100'00}, .paid_at = first + Duration{500'000}};
  const auto sliding_before = world.member.sliding;
  const Decision decision = world.run(world.checkout(again));
  ASSERT_TRUE(std::holds_alternative<Replay>(decision));
  const auto& declined = std::get<Declined>(std::get<Replay>(decision).record);
  EXPECT_EQ(declined.id, sixth);
  EXPECT_EQ(declined.checks.at(0).value_before, 5);
  EXPECT_TRUE(declined.checks.at(0).exceeded);
  EXPECT_EQ(world.member.sliding, sliding_before);
}

TEST(Decline, ChangesNothingAndLeavesTheIdFreeForOtherContent) {
  World world;
  world.policy.limits = {limit("amount", Measure::amount, 200'00)};
  const Declined declined = world.done<Declined>(world.checkout({.id = "1", .amount = {200'01}}));
  EXPECT_EQ(declined.after, Balances{});
  EXPECT_TRUE(world.member.lots.empty());
  EXPECT_TRUE(world.member.counters.empty());

  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {200'00}})), 20);
  EXPECT_EQ(world.refusal(world.checkout({.id = "1", .amount = {200'01}})),
            (Refused{Refusal::other_content, Field::amount}));
}

TEST(Decline, OfEachContentIsRememberedOfEach) {
  World world;
  world.policy.limits = {limit("amount", Measure::amount, 200'00)};
  const Checkout one = world.checkout({.id = "1", .amount = {300'00}});
  const Checkout two = world.checkout({.id = "1", .amount = {400'00}});
  const Declined of_one = world.done<Declined>(one);
  const Declined of_two = world.done<Declined>(two);

  const Decision again_one = world.run(one);
  const Decision again_two = world.run(two);

  EXPECT_EQ(std::get<Replay>(again_one).record, Record(of_one));
  EXPECT_EQ(std::get<Replay>(again_two).record, Record(of_two));
}

TEST(Decline, IsStrongerThanACap) {
  World world;
  world.policy.limits = {daily_limit("cap", 10),
                         limit("earned", Measure::points_earned, 20, LimitEffect::decline)};
  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {200'00}})), 10);
  // All limits look at what is asked, before any cut.
  world.done<Declined>(world.checkout({.id = "2", .amount = {110'00}}));
  EXPECT_EQ(earned(world.buy({.id = "3", .amount = {100'00}})), 0);
}

TEST(Decline, ComesAfterEveryRefusal) {
  World world;
  world.policy.limits = {limit("orders", Measure::orders, 0)};
  EXPECT_EQ(world.refusal(world.checkout({.id = "1", .amount = {588'00}, .use = {100}})),
            (Refused{Refusal::balance_too_low, Field::points_to_use}));
}

TEST(Decline, OfARefundCountsRefundsOfTheDay) {
  World world;
  world.policy.limits = {limit("refunds", Measure::refunds, 2)};
  const Order order{.id = "1", .amount = {300'00}};
  world.buy(order);
  const auto refund = [&](const std::string& id) {
    return world.refund(id, order, RefundOfAmount{{10'00}, {}});
  };
  world.done<Refunded>(refund("r1"));
  EXPECT_EQ(world.done<Refunded>(refund("r2")).checks.at(0).value_before, 1);

  const Declined declined = world.done<Declined>(refund("r3"));
  EXPECT_EQ(declined.order_id, "1");
  EXPECT_TRUE(std::holds_alternative<Replay>(world.run(refund("r3"))));
  const Order other{.id = "2", .amount = {300'00}};
  world.buy(other);
  world.done<Declined>(world.refund("r4", other, RefundOfAmount{{10'00}, {}}));

  world.now = at("2026-11-03 00:00:00");
  world.done<Refunded>(refund("r5"));
}

TEST(Sliding, KeepsASixtiethAsLongAsTheLastThatWasCountedInIt) {
  World world;
  world.policy.limits = {sliding("orders", 600, 2)};
  const Instant first = world.now;
  const auto accepted_after = [&](std::int64_t ms) {
    world.now = first + Duration{ms};
    return accepted(world, world.checkout({.id = std::to_string(ms), .amount = {100'00}}));
  };
  EXPECT_TRUE(accepted_after(0));
  EXPECT_TRUE(accepted_after(9'000));

  EXPECT_FALSE(accepted_after(600'000));
  EXPECT_FALSE(accepted_after(608'999));
  EXPECT_TRUE(accepted_after(609'000));
}

TEST(Sliding, DeclineOfALateOrderIsAFlag) {
  World world;
  world.policy.limits = {sliding("orders", 600, 0)};
  Checkout late = world.checkout({.id = "1", .amount = {100'00}});
  late.origin.offline = true;
  const CheckedOut order = world.buy(late);
  EXPECT_TRUE(order.checks.at(0).exceeded);
  EXPECT_EQ(order.checks.at(0).effect, LimitEffect::flag);

  world.policy.limits = {limit("orders", Measure::orders, 0)};
  Checkout calendar = world.checkout({.id = "2", .amount = {100'00}});
  calendar.origin.offline = true;
  world.done<Declined>(calendar);
}

TEST(Counters, OfPointsUsedGoDownByWhatIsGivenBackAndOrdersNever) {
  World world;
  world.policy.limits = {limit("orders", Measure::orders, 100),
                         limit("used", Measure::points_used, 10'000)};
  world.buy({.id = "opening", .amount = {2'500'00}});
  const Order order{.id = "1", .amount = {1'000'00}, .use = {400}};
  world.buy(order);
  const Day today = day("2026-11-02");
  const auto counted = [&](Measure measure) {
    return counted_on(world.member, measure, Window::calendar_day, today, {});
  };
  EXPECT_EQ(counted(Measure::points_used), 400);

  world.give_back("r1", order, RefundOfAmount{{500'00}, {}});

  EXPECT_EQ(counted(Measure::points_used), 200);
  EXPECT_EQ(counted(Measure::orders), 2);
}

TEST(Scope, TheMostSpecificThatHoldsSetsTheBoundOfOneCounter) {
  World world;
  Limit orders = limit("orders", Measure::orders, 5);
  orders.scoped = {{.member = "wang", .venue = VenueId::intern("H1"), .bound = 1},
                   {.channel = Channel::web, .bound = 2},
                   {.venue = VenueId::intern("M1"), .bound = 3},
                   {.format = FormatId::intern("hotel"), .bound = 4}};
  const Venue* mall = world.program.venue(VenueId::intern("M1"));
  const Venue* hotel = world.program.venue(VenueId::intern("H1"));
  const auto bound = [&](const Member& member, const Venue* venue, Channel channel) {
    const Origin origin{.venue = venue->id, .channel = channel};
    return bound_on(orders, {.member = &member, .venue = venue, .origin = &origin});
  };
  Member stranger;
  stranger.id = "li";
  EXPECT_EQ(bound(world.member, hotel, Channel::web), 1);
  EXPECT_EQ(bound(stranger, hotel, Channel::web), 2);
  EXPECT_EQ(bound(stranger, mall, Channel::till), 3);
  EXPECT_EQ(bound(stranger, hotel, Channel::till), 4);

  world.policy.limits = {orders};
  for (const char* id : {"1", "2"}) world.buy({.id = id, .amount = {10'00}});
  // Its third order; of web orders two are allowed in all.
  Checkout web = world.checkout({.id = "3", .amount = {10'00}});
  web.origin.channel = Channel::web;
  world.done<Declined>(web);
  world.buy({.id = "4", .amount = {10'00}});
}

/// The risk team tunes on live traffic: bound, effect and mode change, what was counted does not.
TEST(ChangedLimit, GoesOnWithWhatWasCounted) {
  World world;
  const auto of = [&](std::int64_t bound, LimitEffect effect, LimitMode mode) {
    Limit changed = limit("l", Measure::orders, bound, effect);
    changed.mode = mode;
    world.policy.limits = {changed};
  };
  const auto before = [&](const std::string& order) {
    const Event event =
        std::get<Accepted>(world.run(world.checkout({.id = order, .amount = {10'00}}))).event;
    const auto* declined = std::get_if<Declined>(&event);
    return (declined != nullptr ? declined->checks : std::get<CheckedOut>(event).checks)
        .at(0)
        .value_before;
  };
  of(5, LimitEffect::decline, LimitMode::live);
  EXPECT_EQ(before("1"), 0);
  of(2, LimitEffect::flag, LimitMode::live);
  EXPECT_EQ(before("2"), 1);
  of(2, LimitEffect::flag, LimitMode::shadow);
  EXPECT_EQ(before("3"), 2);
  of(3, LimitEffect::decline, LimitMode::live);
  EXPECT_EQ(before("declined"), 3);
  of(9, LimitEffect::decline, LimitMode::live);
  EXPECT_EQ(before("5"), 3);

  // What it would have let through begins with the shadow; back to live, all is there.
  of(9, LimitEffect::decline, LimitMode::shadow);
  EXPECT_EQ(before("6"), 0);
  EXPECT_EQ(before("7"), 1);
  of(9, LimitEffect::decline, LimitMode::live);
  EXPECT_EQ(before("8"), 6);
}

struct Arrival {
  std::int64_t gap_ms = 0;
  std::int64_t amount = 0;
};

/// Never more than the bound in any window, and nobody is stopped who is below it beyond the sixtieth
/// that a window may reach back further.
void expect_sliding(std::int32_t seconds, std::int64_t bound, Measure measure,
                    const std::vector<Arrival>& arrivals) {
  World world;
  world.policy.limits = {sliding("s", seconds, bound, LimitEffect::decline, measure)};
  const std::int64_t window_ms = seconds * std::int64_t{1'000};
  struct Counted {
    Instant at;
    std::int64_t value = 0;
  };
  std::vector<Counted> counted;
  const auto in_last = [&](std::int64_t ms) {
    std::int64_t sum = 0;
    for (const Counted& one : counted) {
      if (one.at > world.now - Duration{ms}) sum += one.value;
    }
    return sum;
  };
  std::size_t declined = 0;
  for (const Arrival& arrival : arrivals) {
    world.now = world.now + Duration{arrival.gap_ms};
    const Order order{.id = std::to_string(world.events.size()), .amount = {arrival.amount}};
    const std::int64_t asked = measure == Measure::orders ? 1 : arrival.amount;
    if (accepted(world, world.checkout(order))) {
      RC_ASSERT(asked == 0 || in_last(window_ms) + asked <= bound);
      counted.push_back({world.now, asked});
    } else {
      ++declined;
      RC_ASSERT(in_last(window_ms + granularity_ms(seconds)) + asked > bound);
    }
    RC_ASSERT(world.member.sliding.size() <= 64U);
  }
  RC_CLASSIFY(declined > 0 && counted.size() > 3, "some of both");
}

std::vector<Arrival> arrivals_around(std::int32_t seconds) {
  const std::int64_t window_ms = seconds * std::int64_t{1'000};
  const auto gap =
      rc::gen::oneOf(rc::gen::inRange<std::int64_t>(0, window_ms / 10 + 2),
                     rc::gen::element<std::int64_t>(0, 1, granularity_ms(seconds), window_ms - 1,
                                                    window_ms, window_ms + 1),
                     rc::gen::element<std::int64_t>(granularity_ms(seconds) / 2,
                                                    window_ms - granularity_ms(seconds) / 2),
                     rc::gen::inRange<std::int64_t>(0, 2 * window_ms));
  return *rc::gen::container<std::vector<Arrival>>(rc::gen::build<Arrival>(
      rc::gen::set(&Arrival::gap_ms, gap),
      rc::gen::set(&Arrival::amount, rc::gen::inRange<std::int64_t>(0, 500))));
}

RC_GTEST_PROP(Sliding, LetsNeverMoreThanTheBoundThroughAndStopsNobodyBelowIt, ()) {
  const auto seconds = *rc::gen::element<std::int32_t>(1, 2, 59, 600, 3'600, 86'400, 2'592'000);
  const bool of_orders = *rc::gen::arbitrary<bool>();
  const auto bound = *rc::gen::inRange<std::int64_t>(0, of_orders ? 6 : 1'500);
  expect_sliding(seconds, bound, of_orders ? Measure::orders : Measure::amount,
                 arrivals_around(seconds));
}

RC_GTEST_PROP(Calendar, CountsExactlyWhatTheWindowOfTheBusinessDayHas, ()) {
  const auto window =
      *rc::gen::element(Window::calendar_day, Window::calendar_week, Window::calendar_month);
  const auto bound = *rc::gen::inRange<std::int64_t>(0, 6);
  World world;
  world.now = at("2026-12-20 10:00:00");
  world.policy.limits = {limit("c", Measure::orders, bound, LimitEffect::decline, window)};
  std::vector<Day> counted;
  const auto hours = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 60));
  for (const int gap : hours) {
    world.now = world.now + Duration{gap * 3'600'000LL};
    // Some come days late, into a window that is over.
    const auto late = *rc::gen::element<std::int64_t>(0, 0, 0, 1, 30, 100, 160) * 3'600'000;
    const Instant paid_at = world.now - Duration{late};
    const Day today = first_day_of(window, business_day(paid_at, world.program.zone));
    const auto before = std::ranges::count(counted, today);
    const Order order{
        .id = std::to_string(world.events.size()), .amount = {1'00}, .paid_at = paid_at};
    const bool done = accepted(world, world.checkout(order));
    RC_ASSERT(done == (before < bound));
    if (done) counted.push_back(today);
  }
}

}  // namespace
}  // namespace wutong::testing
