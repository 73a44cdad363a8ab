#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

/// What events do to a member that no command brings about yet.
namespace wutong::testing {
namespace {

using namespace domain;

const PartyId mall = PartyId::intern("MALL");
constexpr RecordKey order{1, 0};

PendingChange pending(const World& world, std::uint32_t line, Points points) {
  return {.order = order,
          .order_occurred_at = world.now,
          .line = line,
          .party = mall,
          .price = {3'000},
          .expires_on = day("2027-12-31"),
          .points = points};
}

/// 588.00 on M1, all of which is reviewed.
CheckedOut under_review(const World& world) {
  return {.header = {.received_at = world.now},
          .key = order,
          .content = {.occurred_at = world.now, .amount = {588'00}},
          .awards = {{.party = mall, .points = {58}, .pending = {58}},
                     {.party = mall, .points = {30}, .pending = {30}}},
          .effects = {.pending = {pending(world, 0, {58}), pending(world, 1, {30})}},
          .after = {.pending = {88}}};
}

TEST(Pending, IsNotIssuedAndStandsApart) {
  World world;

  world.happen(under_review(world));

  EXPECT_EQ(world.balances(), Balances{.pending = {88}});
  EXPECT_TRUE(world.member.lots.empty());
  EXPECT_EQ(pool_owes(world.member), 0);
  EXPECT_EQ(world.buy({.id = "2", .amount = {100'00}}).after,
            (Balances{.available = {10}, .pending = {88}}));
}

TEST(Pending, GoesIntoItsLotOnceItIsApproved) {
  World world;
  world.happen(under_review(world));

  world.happen(Reviewed{.header = {.received_at = world.now},
                        .order = order,
                        .order_occurred_at = world.now,
                        .approved = true,
                        .effects = {.movements = {{.reason = Reason::earn,
                                                   .line = 0,
                                                   .lot_serial = 1,
                                                   .party = mall,
                                                   .price = {3'000},
                                                   .expires_on = day("2027-12-31"),
                                                   .points = {58},
                                                   .counterparty = mall}},
                                    .pending = {pending(world, 0, {-58})}}});

  EXPECT_EQ(world.balances(), (Balances{.available = {58}, .pending = {30}}));
  EXPECT_EQ(lots(world.member), std::vector<std::string>({"MALL 58 until 2027-12-31"}));
  ASSERT_EQ(world.member.pending.size(), 1U);
  EXPECT_EQ(world.member.pending.front().line, 1U);
}

TEST(Pending, IsPositiveAndInOrder) {
  World world;
  world.happen(under_review(world));
  const Member sound = world.member;

  Member member = sound;
  member.pending.front().points = {};
  EXPECT_EQ(broken_invariant(member), "a pending award is not positive");

  member = sound;
  member.pending.front().line = 2;
  EXPECT_EQ(broken_invariant(member), "pending awards are not in their order");
}

const TierId gold = TierId::intern("gold");
const TierId silver = TierId::intern("silver");

TierGiven given(const World& world, TierSpan span) {
  return {.header = {.received_at = world.now},
          .effects = {.tiers = {span}},
          .after = world.balances()};
}

TEST(Tier, IsKeptBySourceAndFirstDay) {
  World world;
  const TierSpan kept{TierSource::kept, day("2026-01-01"), day("2026-12-31"), silver};
  const TierSpan by_hand{TierSource::given, day("2026-11-02"), day("2027-12-31"), gold};

  world.happen(given(world, by_hand));
  world.happen(given(world, kept));

  EXPECT_EQ(world.member.tiers, std::vector<TierSpan>({kept, by_hand}));
}

TEST(Tier, TakesThePlaceOfTheOneBeforeOrEndsIt) {
  World world;
  TierSpan span{TierSource::kept, day("2026-01-01"), day("2026-12-31"), gold};
  world.happen(given(world, span));

  span.tier = silver;
  world.happen(given(world, span));
  EXPECT_EQ(world.member.tiers, std::vector<TierSpan>({span}));

  span.tier = {};
  world.happen(given(world, span));
  EXPECT_TRUE(world.member.tiers.empty());
}

TEST(Tier, IsSomeTierForSomeDays) {
  World world;
  world.happen(given(world, {TierSource::kept, day("2026-01-01"), day("2026-12-31"), gold}));

  Member member = world.member;
  member.tiers.front().until = day("2025-12-31");
  EXPECT_EQ(broken_invariant(member), "a tier is none, or of no day");

  member = world.member;
  member.tiers.push_back(member.tiers.front());
  EXPECT_EQ(broken_invariant(member), "tiers are not in their order");
}

TEST(Tier, ItsProgressByMonthsOutlivesTheLimitsDays) {
  World world;
  const Counter of_day{Measure::points_earned, Window::calendar_day, day("2026-11-01"), 58};
  const Counter of_month{Measure::eligible_spend, Window::calendar_month, day("2026-11-01"),
                         588'00};
  const TierSpan reached{TierSource::reached, day("2026-11-02"), day("2026-12-31"), gold};
  world.happen(TimePassed{
      .header = {.received_at = world.now},
      .effects = {.counters = {{of_day.measure, of_day.window, of_day.day, of_day.value},
                               {of_month.measure, of_month.window, of_month.day, of_month.value}},
                  .tiers = {reached}}});
  EXPECT_EQ(world.member.counters, std::vector<Counter>({of_day, of_month}));

  world.now = at("2029-11-01 10:00:00");
  world.buy({.id = "1", .amount = {5'00}});
  EXPECT_EQ(world.member.counters, std::vector<Counter>({of_month}));
  EXPECT_EQ(world.member.tiers, std::vector<TierSpan>({reached}));

  world.now = at("2030-01-10 10:00:00");
  world.buy({.id = "2", .amount = {5'00}});
  EXPECT_TRUE(world.member.counters.empty());
  EXPECT_TRUE(world.member.tiers.empty());
}

TEST(Tier, ItsProgressIsNoDaysCounter) {
  World world;
  world.policy.limits = {daily_limit("a", 100)};
  world.now = at("2026-11-01 10:00:00");
  world.happen(TimePassed{.header = {.received_at = world.now},
                          .effects = {.counters = {{Measure::points_earned, Window::calendar_month,
                                                    day("2026-11-01"), 99}}}});

  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {500'00}})), 50);
}

constexpr RecordKey opening{7, 7};

Movement moved(Reason reason, Points points) {
  return {.reason = reason,
          .lot_serial = 1,
          .party = mall,
          .price = {3'000},
          .expires_on = day("2027-12-31"),
          .points = points,
          .counterparty = mall};
}

Granted granted(const World& world, Points points) {
  return {.header = {.received_at = world.now},
          .key = opening,
          .content = {.occurred_at = world.now, .points = points, .party = mall},
          .effects = {.movements = {moved(Reason::grant, points)}},
          .after = {.available = points}};
}

TEST(Grant, IsALotLikeOthers) {
  World world;

  world.happen(granted(world, {500}));

  EXPECT_EQ(postings(*effects_of(world.events.back())),
            std::vector<std::string>({"grant 500 MALL->POOL 1500000"}));
  EXPECT_EQ(world.balances(), Balances{.available = {500}});
  EXPECT_EQ(world.buy({.id = "1", .amount = {100'00}, .use = {500}}).after.available, Points{8});
}

TEST(Grant, IsTakenBackFromLotsAndTheRestIsOwed) {
  World world;
  world.happen(granted(world, {500}));
  const Instant then = world.now;
  world.buy({.id = "1", .amount = {100'00}, .use = {400}, .excluded = {100'00}});

  world.happen(GrantRevoked{.header = {.received_at = world.now},
                            .key = {8, 8},
                            .grant = opening,
                            .grant_occurred_at = then,
                            .points = {500},
                            .effects = {.movements = {moved(Reason::revoke, {-100})},
                                        .debts = {{.order = opening,
                                                   .order_occurred_at = then,
                                                   .party = mall,
                                                   .points = {400}}}},
                            .after = {.debt = {400}}});

  EXPECT_EQ(world.balances(), Balances{.debt = {400}});
  EXPECT_EQ(world.buy({.id = "2", .amount = {500'00}}).after, Balances{.debt = {350}});
}

TEST(Grant, IsFiledByItsOwnTimeAndItsRevocationBesideIt) {
  World world;
  const Record grant = granted(world, {500});
  const Record revocation =
      GrantRevoked{.key = {8, 8}, .grant = opening, .grant_occurred_at = world.now};

  EXPECT_EQ(filed_under(grant).key, opening);
  EXPECT_FALSE(filed_under(grant).beside);
  EXPECT_EQ(filed_under(revocation).beside, opening);
  EXPECT_EQ(filed_under(revocation).at, filed_under(grant).at);
}

TEST(Member, KeepsNoMoreRoomThanItNeeds) {
  World world;
  static_cast<void>(world.buy({.id = "1", .amount = {588'00}}));
  static_cast<void>(world.buy({.id = "2", .amount = {88'00}}));
  world.member.counters.push_back({.value = 50});
  world.member.counters.reserve(100);
  world.member.sliding.reserve(100);
  world.member.lots.reserve(100);
  const Member before = world.member;
  ASSERT_FALSE(before.lots.empty());

  trim(world.member);

  EXPECT_EQ(world.member, before);
  EXPECT_EQ(world.member.lots.capacity(), before.lots.size());
  EXPECT_EQ(world.member.counters.capacity(), before.counters.size());
  EXPECT_EQ(world.member.sliding.capacity(), before.sliding.size());

  ASSERT_FALSE(before.records.empty()) << "of both orders";
  drop_records(world.member);
  EXPECT_EQ(world.member.records.capacity(), 0U);
}

}  // namespace
}  // namespace wutong::testing
