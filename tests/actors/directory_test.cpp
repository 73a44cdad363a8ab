#include "actors/directory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace wutong {
namespace {

constexpr std::int64_t ms = 1'000'000;
constexpr std::size_t answers_max = 4;
constexpr domain::IdentityKey phone{.high = 1, .low = 7};
constexpr domain::MemberKey lin{10};
constexpr domain::MemberKey wang{11};

using Found = std::vector<std::optional<domain::MemberKey>>;
using Says = std::vector<DirectorySays>;

/// The shard of a directory, as its log sees it.
class Host : public DirectoryHost {
 public:
  domain::Position append_claimed(domain::IdentityKey, domain::MemberKey member) override {
    claimed.push_back(member);
    return {.epoch = 1, .sequence = ++events};
  }
  domain::Position append_identity_freed(domain::IdentityKey, domain::MemberKey) override {
    ++freed;
    return {.epoch = 1, .sequence = ++events};
  }
  void reply(std::uint32_t, std::uint64_t, const DirectoryReply& reply) override {
    said.push_back(reply.says);
    told.push_back(reply.member);
  }
  void found(std::uint64_t, std::optional<domain::MemberKey> member) override {
    answers.push_back(member);
  }
  void read_claim(domain::IdentityKey) override { ++reads; }
  void inquire(domain::IdentityKey, domain::MemberKey member, std::uint64_t number) override {
    asked.push_back(member);
    inquiry = number;
  }

  std::uint64_t events = 0;
  int freed = 0;
  int reads = 0;
  std::uint64_t inquiry = 0;
  std::vector<domain::MemberKey> claimed;
  std::vector<domain::MemberKey> asked;
  std::vector<domain::MemberKey> told;
  Says said;
  Found answers;
};

class DirectoryTest : public ::testing::Test {
 protected:
  void ask(DirectoryAsk what, domain::MemberKey member, std::int64_t now_ns = 0,
           domain::IdentityKey identity = phone) {
    directory.ask(0, 1,
                  {.ask = what, .identity = identity, .member = member, .ticket = member.value},
                  now_ns);
  }
  /// Claimed and durable, as the log's tail tells.
  void claimed_by(domain::MemberKey member) {
    directory.restore({.epoch = 1, .sequence = ++host.events}, phone, member);
  }
  void answer(domain::MemberKey member, bool holds) {
    directory.inquiry_answered(phone, member, host.inquiry, holds);
  }
  void commit() { directory.committed({.epoch = 1, .sequence = host.events}); }
  bool look_up(domain::IdentityKey identity = phone) {
    return directory.look_up(identity, ++ticket, 0);
  }

  Host host;
  Directory directory{host, answers_max};
  std::uint64_t ticket = 0;
};

TEST_F(DirectoryTest, AClaimIsAnsweredOnceItIsDurable) {
  ask(DirectoryAsk::claim, lin);
  directory.claim_read(phone, std::nullopt);
  EXPECT_EQ(host.claimed, std::vector({lin}));
  EXPECT_TRUE(host.said.empty());

  commit();

  EXPECT_EQ(host.said, Says({DirectorySays::claimed}));
}

TEST_F(DirectoryTest, TheSameMembersClaimAgainWritesNothing) {
  claimed_by(lin);

  ask(DirectoryAsk::claim, lin);

  EXPECT_EQ(host.said, Says({DirectorySays::claimed}));
  EXPECT_TRUE(host.claimed.empty());
}

TEST_F(DirectoryTest, AnothersClaimIsRefusedIfItsMemberHoldsTheIdentity) {
  claimed_by(lin);

  ask(DirectoryAsk::claim, wang);
  EXPECT_EQ(host.asked, std::vector({lin}));
  EXPECT_TRUE(host.said.empty());
  answer(lin, true);

  EXPECT_EQ(host.said, Says({DirectorySays::of_other}));
  EXPECT_TRUE(host.claimed.empty());
}

TEST_F(DirectoryTest, AClaimThatItsMemberDeniesIsGivenOver) {
  claimed_by(lin);
  ask(DirectoryAsk::claim, wang);

  answer(lin, false);
  EXPECT_EQ(host.claimed, std::vector({wang}));
  EXPECT_TRUE(host.said.empty());
  commit();

  EXPECT_EQ(host.said, Says({DirectorySays::claimed}));
  EXPECT_EQ(host.told, std::vector({wang}));
}

TEST_F(DirectoryTest, ADenialFromBeforeItsMemberClaimedAnewIsNone) {
  claimed_by(lin);
  ask(DirectoryAsk::claim, wang);
  const auto before = host.inquiry;

  ask(DirectoryAsk::claim, lin);
  EXPECT_EQ(host.said, Says({DirectorySays::claimed}));
  directory.inquiry_answered(phone, lin, before, false);
  EXPECT_TRUE(host.claimed.empty());
  EXPECT_NE(host.inquiry, before);
  answer(lin, true);

  EXPECT_EQ(host.said, Says({DirectorySays::claimed, DirectorySays::of_other}));
}

TEST_F(DirectoryTest, WhoeverWaitsForAnAnswerIsBusyAfterASecond) {
  claimed_by(lin);
  ask(DirectoryAsk::claim, wang);

  directory.tick(Directory::ask_again_ns + 2 * ms);
  EXPECT_EQ(host.asked, std::vector({lin, lin}));
  directory.tick(Directory::inquiry_wait_ns_max);
  EXPECT_TRUE(host.said.empty());
  directory.tick(Directory::inquiry_wait_ns_max + ms);
  EXPECT_EQ(host.said, Says({DirectorySays::busy}));
  answer(lin, false);

  EXPECT_TRUE(host.claimed.empty());
  EXPECT_EQ(directory.waiting(), 0U);
}

TEST_F(DirectoryTest, MoreThanEightDoNotWaitForOneIdentity) {
  claimed_by(lin);

  for (std::uint64_t member = 20; member < 29; ++member) ask(DirectoryAsk::claim, {member});

  EXPECT_EQ(host.said, Says({DirectorySays::busy}));
}

TEST_F(DirectoryTest, AnUnlinkedIdentityIsFreedIfItsMemberDeniesIt) {
  claimed_by(lin);

  ask(DirectoryAsk::unlinked, lin);
  EXPECT_EQ(host.freed, 0);
  answer(lin, false);
  commit();

  EXPECT_EQ(host.freed, 1);
  EXPECT_TRUE(look_up());
  EXPECT_EQ(host.answers, Found({std::nullopt}));
}

TEST_F(DirectoryTest, ALateHintFreesNothingThatIsHeldOrAnothers) {
  claimed_by(lin);

  ask(DirectoryAsk::unlinked, lin);
  answer(lin, true);
  ask(DirectoryAsk::unlinked, wang);

  EXPECT_EQ(host.freed, 0);
  EXPECT_EQ(host.asked, std::vector({lin}));
}

TEST_F(DirectoryTest, LookUpsOfOneIdentityShareARead) {
  EXPECT_FALSE(look_up());
  EXPECT_FALSE(look_up());
  directory.claim_read(phone, lin);
  EXPECT_TRUE(look_up());

  EXPECT_EQ(host.reads, 1);
  EXPECT_EQ(host.answers, Found({lin, lin, lin}));
}

TEST_F(DirectoryTest, NobodysIdentityIsRememberedUntilItIsClaimed) {
  look_up();
  directory.claim_read(phone, std::nullopt);
  EXPECT_TRUE(look_up());

  ask(DirectoryAsk::claim, lin);
  commit();
  EXPECT_TRUE(look_up());

  EXPECT_EQ(host.reads, 1);
  EXPECT_EQ(host.answers, Found({std::nullopt, std::nullopt, lin}));
}

TEST_F(DirectoryTest, TheAnswersThatWereWantedLastStay) {
  for (std::uint64_t low = 1; low <= answers_max + 1; ++low) {
    look_up({.high = 0, .low = low});
    directory.claim_read({.high = 0, .low = low}, lin);
    EXPECT_TRUE(look_up({.high = 0, .low = 1})) << "wanted again each time";
  }

  EXPECT_EQ(directory.size(), answers_max);
  EXPECT_TRUE(look_up({.high = 0, .low = 1}));
  EXPECT_FALSE(look_up({.high = 0, .low = 2}));
}

TEST_F(DirectoryTest, AFailedReadIsAskedAgainForClaimsAlone) {
  look_up();
  directory.read_failed(phone);
  EXPECT_EQ(directory.waiting(), 0U);
  directory.tick(ms);
  EXPECT_EQ(host.reads, 1);

  ask(DirectoryAsk::claim, lin);
  directory.read_failed(phone);
  directory.tick(2 * ms);

  EXPECT_EQ(host.reads, 3);
  EXPECT_TRUE(host.answers.empty());
}

TEST_F(DirectoryTest, AFlushCoversTheOldestDurableChanges) {
  claimed_by(lin);
  ask(DirectoryAsk::claim, wang);
  answer(lin, false);

  const auto before = directory.to_flush({.epoch = 1, .sequence = 9}, 9);
  commit();
  const auto after = directory.to_flush({.epoch = 1, .sequence = 9}, 9);

  ASSERT_EQ(before.size(), 1U);
  ASSERT_EQ(after.size(), 2U);
  EXPECT_EQ(after[0].member, lin);
  EXPECT_EQ(after[1].member, wang);
  EXPECT_EQ(directory.first_unflushed_after(1), (domain::Position{1, 2}));
  directory.flushed(2);
  EXPECT_EQ(directory.unflushed_count(), 0U);
  EXPECT_TRUE(look_up());
  EXPECT_EQ(host.answers, Found({wang}));
  EXPECT_EQ(host.reads, 0);
}

TEST_F(DirectoryTest, WhatIsUnflushedIsKnownWhateverElseIsWanted) {
  claimed_by(lin);

  for (std::uint64_t low = 100; low < 120; ++low) {
    look_up({.high = 0, .low = low});
    directory.claim_read({.high = 0, .low = low}, std::nullopt);
  }

  EXPECT_TRUE(look_up());
  EXPECT_EQ(host.answers.back(), lin);
}

}  // namespace
}  // namespace wutong
