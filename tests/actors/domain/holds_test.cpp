#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "actors/domain/calendar.h"
#include "actors/domain/lots.h"
#include "tests/actors/domain/random_world.h"

/// Points set aside (D8, D9): what holds do to a member, and what they keep all else from doing.
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

constexpr RecordKey payment{1, 0};

/// `points` set aside in burn order until `until`.
Held held(const World& world, Points points, Instant until, RecordKey key = payment) {
  Held event{.header = {.received_at = world.now},
             .key = key,
             .hold_id = "T07-1",
             .content = {.occurred_at = world.now, .points = points},
             .lapses_at = until,
             .after = world.balances()};
  event.after.available -= points;
  event.after.held += points;
  const Day today = business_day(world.now, world.program.zone);
  for (const Lot& lot : world.member.lots) {
    if (!is_usable(lot, today, world.now)) continue;
    const Points part = std::min(points, lot.free());
    if (part == Points{}) continue;
    event.effects.holds.push_back({key, until, lot.serial, part});
    points -= part;
  }
  EXPECT_EQ(points, Points{}) << "more than there is";
  return event;
}

/// What frees all that is held by `key`.
std::vector<HoldChange> freed(const Member& member, RecordKey key = payment) {
  std::vector<HoldChange> changes;
  for (const HeldPoints& part : member.holds) {
    if (part.hold == key) {
      changes.push_back({part.hold, part.lapses_at, part.lot_serial, -part.points});
    }
  }
  return changes;
}

Movement out_of(const Lot& lot, Reason reason, Points points) {
  return {.reason = reason,
          .lot_serial = lot.serial,
          .party = lot.party,
          .price = lot.price,
          .expires_on = lot.expires_on,
          .points = -points,
          .counterparty = lot.party};
}

/// Earned in 2025, so that they expire at the end of 2026.
World with_500_points_on(const std::string& civil) {
  World world;
  world.now = at("2025-11-02 10:00:00");
  Checkout order = world.checkout({.id = "0", .amount = {5'000'00}});
  world.program.promotions.clear();
  world.buy(order);
  world.now = at(civil);
  return world;
}

TEST(Hold, SetsPointsAsideInTheirLotsAndPostsNothing) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  const auto owed_before = pool_owes(world.member);

  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));

  EXPECT_EQ(world.balances(), (Balances{.available = {200}, .held = {300}}));
  EXPECT_EQ(lots(world.member), Texts({"MALL 500 until 2026-12-31"}));
  EXPECT_EQ(pool_owes(world.member), owed_before);
}

TEST(Hold, IsTakenFromSeveralLotsAndIsOneOfSeveral) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.buy({.id = "1", .venue = "H1", .amount = {100'00}});

  world.happen(held(world, {100}, at("2026-11-02 11:00:00"), {9, 0}));
  world.happen(held(world, {410}, at("2026-11-02 10:30:00")));

  EXPECT_EQ(world.balances(), (Balances{.available = {10}, .held = {510}}));
  EXPECT_EQ(world.member.holds,
            std::vector<HeldPoints>({{payment, at("2026-11-02 10:30:00"), 1, {400}},
                                     {payment, at("2026-11-02 10:30:00"), 2, {10}},
                                     {{9, 0}, at("2026-11-02 11:00:00"), 1, {100}}}));
}

TEST(Hold, IsEndedByARelease) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));

  world.happen(Released{.header = {.received_at = world.now},
                        .key = {2, 0},
                        .hold = payment,
                        .points = {300},
                        .effects = {.holds = freed(world.member)},
                        .after = {.available = {500}}});

  EXPECT_EQ(world.balances(), Balances{.available = {500}});
  EXPECT_TRUE(world.member.holds.empty());
}

/// Golden case 18, but for the decision to capture.
TEST(Hold, OutlivesTheDayOfItsPointsUntilItIsCaptured) {
  World world = with_500_points_on("2026-12-31 23:50:00");
  world.happen(held(world, {300}, at("2027-01-01 00:20:00")));

  world.now = at("2027-01-01 00:10:00");
  world.pass_time();

  EXPECT_EQ(postings(std::get<TimePassed>(world.events.back()).effects),
            Texts({"expire -200 POOL->MALL 600000"}));
  EXPECT_EQ(world.balances(), Balances{.held = {300}});

  const Lot lot = world.member.lots.front();
  world.happen(CheckedOut{.header = {.received_at = world.now},
                          .key = {3, 0},
                          .content = {.points_to_use = {200}, .hold_id = "T07-1"},
                          .effects = {.movements = {out_of(lot, Reason::use, {200}),
                                                    out_of(lot, Reason::expire, {100})},
                                      .holds = freed(world.member)}});

  EXPECT_EQ(world.balances(), Balances{});
  EXPECT_TRUE(world.member.holds.empty());
  EXPECT_EQ(world.member.lots.front().expired_uncounted, Points{300});
}

TEST(Hold, LapsesAtItsInstantForReadsAndForTheNextEvent) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));

  world.now = at("2026-11-02 10:29:59.999");
  EXPECT_FALSE(due(world.member, world.program, world.policy, world.now));
  EXPECT_EQ(world.balances(), (Balances{.available = {200}, .held = {300}}));

  world.now = at("2026-11-02 10:30:00");
  EXPECT_EQ(world.balances(), Balances{.available = {500}});
  world.pass_time();

  const auto& lapsed = std::get<TimePassed>(world.events.back());
  EXPECT_TRUE(lapsed.effects.movements.empty());
  EXPECT_EQ(lapsed.after, Balances{.available = {500}});
  EXPECT_TRUE(world.member.holds.empty());
}

TEST(Hold, LapsedAfterTheDayOfItsPointsTheyExpireInTheSameEvent) {
  World world = with_500_points_on("2026-12-31 23:50:00");
  world.happen(held(world, {500}, at("2027-01-01 00:20:00")));

  world.now = at("2027-01-01 00:19:00");
  EXPECT_FALSE(due(world.member, world.program, world.policy, world.now));
  world.now = at("2027-01-01 00:20:00");
  world.pass_time();

  EXPECT_EQ(postings(std::get<TimePassed>(world.events.back()).effects),
            Texts({"expire -500 POOL->MALL 1500000"}));
  EXPECT_EQ(world.balances(), Balances{});
}

TEST(Hold, AQuoteCountsWhatHasLapsed) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));
  world.now = at("2026-11-02 10:30:00");
  const Checkout order = world.checkout({.id = "1", .amount = {1'000'00}, .use = {500}});

  const Quoted quoted = quote(world.member, world.program, world.policy, {order}, world.now);

  EXPECT_FALSE(quoted.refused);
  EXPECT_EQ(quoted.points_max, Points{500});
}

TEST(Hold, ItsPointsAreNotUsedOtherwise) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));

  EXPECT_EQ(world.refusal(world.checkout({.id = "1", .amount = {1'000'00}, .use = {300}})),
            (Refused{Refusal::balance_too_low, Field::points_to_use}));
  EXPECT_EQ(postings(world.buy({.id = "2", .amount = {1'000'00}, .use = {200}}).effects).front(),
            "use -200 POOL->MALL 600000");
  EXPECT_EQ(world.balances().held, Points{300});
}

TEST(Hold, ItsPointsAreNotClawedBack) {
  World world = with_500_points_on("2025-11-02 11:00:00");
  world.happen(held(world, {300}, at("2025-11-02 11:30:00")));

  world.give_back("r1", {.id = "0", .amount = {5'000'00}}, RefundOfWhole{});

  EXPECT_EQ(world.balances(), (Balances{.held = {300}, .debt = {300}}));
}

TEST(Hold, WhatItFreesRepaysNoDebt) {
  World world = with_500_points_on("2025-11-02 11:00:00");
  world.happen(held(world, {300}, at("2025-11-02 11:30:00")));
  world.give_back("r1", {.id = "0", .amount = {5'000'00}}, RefundOfWhole{});

  world.now = at("2025-11-02 11:30:00");
  world.pass_time();

  EXPECT_EQ(world.balances(), (Balances{.available = {300}, .debt = {300}}));
}

TEST(Hold, IsDueForTheSweepWhenItLapses) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  EXPECT_EQ(next_due(world.member), (NextDue{day("2026-12-31"), never}));

  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));

  EXPECT_EQ(next_due(world.member), (NextDue{day("2026-12-31"), at("2026-11-02 10:30:00")}));
  const auto is_due_at = [&](const char* day_text, const char* instant) {
    return is_due(next_due(world.member), day(day_text), at(instant));
  };
  EXPECT_FALSE(is_due_at("2026-11-02", "2026-11-02 10:29:59"));
  EXPECT_TRUE(is_due_at("2026-11-02", "2026-11-02 10:30:00"));
  EXPECT_TRUE(is_due_at("2027-01-01", "2026-11-02 10:29:59"));
}

TEST(Hold, OfAllThatALotHasKeepsItFromBeingDue) {
  World world = with_500_points_on("2026-11-02 10:00:00");

  world.happen(held(world, {500}, at("2026-11-02 10:30:00")));

  EXPECT_GT(next_due(world.member).expires_on, day("9000-01-01"));
}

TEST(Hold, NeverExceedsWhatItsLotHas) {
  World world = with_500_points_on("2026-11-02 10:00:00");
  world.happen(held(world, {300}, at("2026-11-02 10:30:00")));
  const Member sound = world.member;
  const char* const uncovered = "lots do not have the points that are held of them";

  Member member = sound;
  member.lots.front().points = {299};
  EXPECT_EQ(broken_invariant(member), uncovered);

  member = sound;
  member.lots.front().held = {299};
  EXPECT_EQ(broken_invariant(member), uncovered);

  member = sound;
  member.holds.front().lot_serial = 7;
  EXPECT_EQ(broken_invariant(member), uncovered);

  member = sound;
  member.holds.front().points = {};
  member.lots.front().held = {};
  EXPECT_EQ(broken_invariant(member), "a hold is not positive");

  member = sound;
  member.holds.push_back(member.holds.front());
  member.lots.front().points = {1'000};
  member.lots.front().held = {600};
  EXPECT_EQ(broken_invariant(member), "holds are not in their order");
}

bool concerns_a_hold(const Command& command) {
  const auto* checkout = std::get_if<Checkout>(&command);
  return std::holds_alternative<Hold>(command) || std::holds_alternative<Release>(command) ||
         (checkout != nullptr && !checkout->hold_id.empty());
}

/// After every third step some of what is available is held for some hours.
RC_GTEST_PROP(Holds, NothingElseTouchesWhatIsHeld,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  std::size_t placed = 0;
  std::size_t checked = 0;
  std::int64_t posted = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Command command = next_command(world, steps[i], i);
    const Points held_before = world.balances().held;
    static_cast<void>(world.run(command));

    RC_ASSERT(concerns_a_hold(command) || world.balances().held == held_before);
    const Points available = world.balances().available;
    if (i % 3 == 2 && available > Points{}) {
      const Points points{std::max<std::int64_t>(1, available.count * steps[i].part / 10'000)};
      const Instant until = world.now + Duration{(steps[i].which % 24 + 1) * 3'600'000LL};
      world.happen(held(world, points, until, {i, 0}));
      ++placed;
    }
    for (; checked < world.events.size(); ++checked) {
      const Effects* effects = effects_of(world.events[checked]);
      if (effects == nullptr) continue;
      for (const Movement& movement : effects->movements) {
        posted += movement.points.count * movement.price.thousandths;
      }
    }
    RC_ASSERT(posted == pool_owes(world.member));
    const Balances* told = balances_after(world.events.back());
    if (told != nullptr) RC_ASSERT(*told == world.balances());
  }
  Member replayed;
  for (const Event& event : world.events) domain::apply(replayed, event);
  replayed.records = world.member.records;
  RC_ASSERT(replayed == world.member);
  RC_CLASSIFY(placed > 2, "several holds");
}

}  // namespace
}  // namespace wutong::testing
