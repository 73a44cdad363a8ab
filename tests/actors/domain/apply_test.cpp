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

}  // namespace
}  // namespace wutong::testing
