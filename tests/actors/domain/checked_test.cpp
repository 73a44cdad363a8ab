#include "actors/domain/checked.h"

#include <gtest/gtest.h>

#include <limits>

#include "actors/domain/ensure.h"
#include "actors/domain/guards.h"
#include "tests/actors/domain/world.h"

namespace wutong::testing {
namespace {

using namespace domain;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

TEST(Wide, KeepsProductsThat64BitsCannot) {
  const Wide square = Wide(most) * most;
  EXPECT_TRUE(square.exact());
  EXPECT_EQ(square.narrow(), std::nullopt);
  EXPECT_EQ(floor_divided(square, most).narrow(), most);
}

TEST(Wide, OverflowSticks) {
  const Wide lost = Wide(most) * most * most;
  EXPECT_FALSE(lost.exact());
  EXPECT_FALSE((lost - lost).exact());
  EXPECT_EQ((lost * 0).narrow(), std::nullopt);
  EXPECT_EQ(floor_divided(lost, 1).narrow(), std::nullopt);
}

TEST(Wide, DividesDownwards) {
  EXPECT_EQ(floor_divided(Wide(7), 2).narrow(), 3);
  EXPECT_EQ(floor_divided(Wide(-7), 2).narrow(), -4);
  EXPECT_EQ(floor_divided(Wide(-8), 2).narrow(), -4);
  EXPECT_EQ(floor_divided(Wide(1), 0).narrow(), std::nullopt);
  EXPECT_EQ(floor_divided(Wide(least), 1).narrow(), least);
}

TEST(CumulativeFloor, PartsAddUpToTheFlooredWhole) {
  CumulativeFloor thirds(3);
  EXPECT_EQ(thirds.next(2), 0);
  EXPECT_EQ(thirds.next(2), 1);
  EXPECT_EQ(thirds.next(2), 1);
  EXPECT_EQ(thirds.next(2), 0);
}

/// A rate that no document should have, but that must not harm.
CheckedOut or_nothing(World& world, const Decision& decision) {
  EXPECT_FALSE(std::holds_alternative<Accepted>(decision));
  EXPECT_EQ(std::get<Refused>(decision).refusal, Refusal::amount_overflows);
  EXPECT_TRUE(world.member.lots.empty());
  return {};
}

TEST(Overflow, AnAwardBeyondWhatAMemberMayHaveIsRefused) {
  World world;
  world.program.venues.at(VenueId::intern("M1")).rate = {{1'000'000}, {1}};
  or_nothing(world, world.run(world.checkout({.id = "1", .amount = {1'000'000'00}})));
}

TEST(Overflow, AnAwardBeyond128BitsIsRefused) {
  World world;
  world.program.venues.at(VenueId::intern("M1")).rate = {{most}, {1}};
  or_nothing(world, world.run(world.checkout({.id = "1", .amount = order_amount_max})));
}

TEST(Overflow, TheLargestOrderIsComputedExactly) {
  World world;
  world.program.promotions.clear();
  world.program.venues.at(VenueId::intern("M1")).rate = {{1}, {1'000}};
  EXPECT_EQ(earned(world.buy({.id = "1", .amount = order_amount_max})), 1'000'000'000'000);
  EXPECT_EQ(world.refusal(world.checkout({.id = "2", .amount = {10'00}})).refusal,
            Refusal::amount_overflows)
      << "the member has all that a member may have";
}

struct Broken {};
void throw_instead(const BrokenPromise&) { throw Broken{}; }

TEST(Ensure, AsksTheHandlerBeforeItAborts) {
  const EnsureHandler usual = set_ensure_handler(throw_instead);
  EXPECT_THROW(ENSURE(1 + 1 == 3, "arithmetic"), Broken);
  EXPECT_NO_THROW(ENSURE(1 + 1 == 2, "arithmetic"));
  set_ensure_handler(usual);
}

TEST(Ensure, StopsAMemberWhoseStateBrokeItsPromise) {
  World world;
  world.buy({.id = "1", .amount = {100'00}});
  Member tampered = world.member;
  tampered.lots.clear();
  const Refunded refund = world.give_back("r1", {.id = "1", .amount = {100'00}}, RefundOfWhole{});

  const EnsureHandler usual = set_ensure_handler(throw_instead);
  EXPECT_THROW(domain::apply(tampered, refund), Broken);
  set_ensure_handler(usual);
}

TEST(EnsureDeathTest, AbortsAndSaysWhy) {
  EXPECT_DEATH(ENSURE(1 + 1 == 3, "arithmetic"), "checked_test.*broken: 1 \\+ 1 == 3: arithmetic");
}

}  // namespace
}  // namespace wutong::testing
