#include "actors/domain/identities.h"

#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

namespace wutong::testing {
namespace {

using namespace domain;

constexpr IdentityKey number(std::uint64_t low) { return {.high = 7, .low = low}; }

LinkIdentity link(std::uint64_t low, IdentityKind kind = IdentityKind::phone) {
  return {.kind = kind, .identity = number(low)};
}
UnlinkIdentity unlink(std::uint64_t low, IdentityKind kind = IdentityKind::phone) {
  return {.kind = kind, .identity = number(low)};
}

TEST(Identities, AMemberIsKnownByWhatIsLinkedUntilItIsUnlinked) {
  World world;
  EXPECT_FALSE(has_identity(world.member, number(1)));

  const auto linked = world.done<IdentityLinked>(link(1));
  EXPECT_EQ(linked.identity, number(1));
  EXPECT_TRUE(has_identity(world.member, number(1)));
  EXPECT_EQ(world.member.identities.at(0).linked_at, linked.header.received_at);

  world.done<IdentityUnlinked>(unlink(1));
  EXPECT_FALSE(has_identity(world.member, number(1)));
}

TEST(Identities, LinkingAndUnlinkingAgainChangeNothing) {
  World world;
  world.done<IdentityLinked>(link(1));

  EXPECT_TRUE(std::holds_alternative<Unchanged>(world.run(link(1))));
  world.done<IdentityUnlinked>(unlink(1));
  EXPECT_TRUE(std::holds_alternative<Unchanged>(world.run(unlink(1))));
  EXPECT_TRUE(world.member.identities.empty());
}

TEST(Identities, StandByKindThenHash) {
  World world;
  world.done<IdentityLinked>(link(9, IdentityKind::card));
  world.done<IdentityLinked>(link(5));
  world.done<IdentityLinked>(link(3, IdentityKind::card));
  world.done<IdentityLinked>(link(2));

  std::vector<std::uint64_t> order;
  for (const auto& linked : world.member.identities) order.push_back(linked.identity.low);

  EXPECT_EQ(order, (std::vector<std::uint64_t>{2, 5, 3, 9}));
}

TEST(Identities, AreAtMostSixteen) {
  World world;
  for (std::uint64_t low = 1; low <= identities_max; ++low) world.done<IdentityLinked>(link(low));

  EXPECT_EQ(world.refusal(link(100)), (Refused{Refusal::too_many_identities, Field::identity}));
  EXPECT_TRUE(std::holds_alternative<Unchanged>(world.run(link(3))))
      << "that it has it counts first";
  world.done<IdentityUnlinked>(unlink(3));
  world.done<IdentityLinked>(link(100));
}

TEST(Identities, OfASuspendedMemberCanBeGivenUpButNotAdded) {
  World world;
  world.done<IdentityLinked>(link(1));
  world.member.status = MemberStatus::suspended;

  EXPECT_EQ(world.refusal(link(2)), (Refused{Refusal::member_not_active, Field::member}));
  world.done<IdentityUnlinked>(unlink(1));
}

TEST(Identities, OfNobodyAreRefused) {
  World world;
  world.member = {};

  EXPECT_EQ(world.refusal(link(1)).refusal, Refusal::member_unknown);
  EXPECT_EQ(world.refusal(unlink(1)).refusal, Refusal::member_unknown);
}

TEST(Identities, ReplayGivesTheLiveState) {
  World world;
  for (const std::uint64_t low : {4, 2, 8}) world.done<IdentityLinked>(link(low));
  world.done<IdentityUnlinked>(unlink(2));

  Member replayed;
  for (const auto& event : world.events) apply(replayed, event);

  EXPECT_EQ(replayed.identities, world.member.identities);
}

}  // namespace
}  // namespace wutong::testing
