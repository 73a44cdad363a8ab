#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/domain/identities.h"
#include "persistence/audit.h"
#include "persistence/codec.h"
#include "persistence/memory_ledger.h"
#include "tests/actors/engine_cases.h"
#include "tests/support/journal_calls.h"
#include "tests/support/wait_until.h"

namespace wutong {
namespace {

using namespace testing;
using persistence::MemoryLedger;

const auto phone = identity_key("8613800138000");

domain::LinkIdentity link(domain::IdentityKey identity = phone) { return {.identity = identity}; }
domain::UnlinkIdentity unlink(domain::IdentityKey identity = phone) {
  return {.identity = identity};
}

class EngineIdentitiesTest : public ::testing::Test {
 protected:
  void start(EngineOptions with = options("a/1")) {
    with.node_boot = "a/" + std::to_string(++boots_);
    engine = std::make_unique<TestEngine>(ledger, with);
    ASSERT_TRUE(engine->wait_until_ready());
  }
  void start_with(const std::vector<std::string>& members) {
    start();
    for (const auto& member : members) engine->enroll(member, noon);
  }

  /// As a gateway that has gone wrote it, with nothing flushed.
  void written(std::uint64_t key, std::vector<LogEvent> events) {
    const auto shard = static_cast<std::uint32_t>(key & (info().shards - 1));
    const persistence::StoredCodec codec;
    std::string batch;
    std::uint64_t sequence = 0;
    events.insert(events.begin(), Taken{.header = {}, .writer = "gone/1#1"});
    for (auto& event : events) {
      const domain::Position position{.epoch = 1, .sequence = ++sequence};
      std::visit(
          [&](auto& of_kind) {
            if constexpr (requires { of_kind.header; }) {
              of_kind.header.position = position;
            } else {
              domain::header_of(of_kind.event).position = position;
            }
          },
          event);
      codec.append_event(batch, event);
    }
    const auto answer =
        test::JournalCalls(ledger.journal(shard))
            .append(test::fresh_head(), test::head_at(1, sequence, "gone/1#1"), std::move(batch));
    ASSERT_TRUE(answer.has_value());
  }
  void claimed(domain::IdentityKey identity, const std::string& member) {
    written(identity.high,
            {IdentityClaimed{.header = {}, .identity = identity, .member = member_key(member)}});
  }

  /// Whom the identity names; empty for nobody.
  std::string named(domain::IdentityKey identity = phone) {
    const auto reply = engine->call(identity, ReadMember{}, noon);
    if (const auto* member = std::get_if<MemberReply>(&reply)) return member->member.id;
    EXPECT_EQ(refusal_in(reply), domain::Refusal::member_unknown);
    return {};
  }
  bool links(const std::string& member, domain::IdentityKey identity = phone) {
    const auto reply = engine->call(member, link(identity), noon);
    if (std::holds_alternative<MemberReply>(reply)) return true;
    EXPECT_EQ(refusal_in(reply), domain::Refusal::identity_of_other);
    return false;
  }

  persistence::AuditReport audited() {
    EXPECT_TRUE(engine->stop());
    const auto report = persistence::audit(ledger, persistence::StoredCodec());
    EXPECT_TRUE(report.has_value());
    if (!report) return {};
    if (report->broken) ADD_FAILURE() << report->broken->what;
    EXPECT_EQ(report->in_flight, 0U);
    return *report;
  }

  MemoryLedger ledger{info()};
  std::unique_ptr<TestEngine> engine;

 private:
  int boots_ = 0;
};

TEST_F(EngineIdentitiesTest, EveryRequestMayNameTheMemberByAnIdentity) {
  start_with({"alice"});
  ASSERT_TRUE(links("alice"));

  const auto order = engine->call(phone, checkout_of("o1", 58'800, noon), noon);
  const auto again = engine->call("alice", checkout_of("o1", 58'800, noon), noon);
  const auto by_id = engine->call("alice", checkout_of("o2", 10'000, noon), noon);
  const auto replay = engine->call(phone, checkout_of("o2", 10'000, noon), noon);
  const auto refund = engine->call(phone, refund_of("r1", "o1", 10'000, noon), noon);
  const auto history = engine->call(phone, ReadHistory{}, noon);
  const auto key = record_key("M1", "o1");
  const auto receipt = engine->call(phone, ReadReceipt{.key = key, .order = key}, noon);
  const auto unnamed = engine->call("", refund_of("r2", "o2", 10'000, noon), noon);

  EXPECT_EQ(order_in(order), order_in(again));
  EXPECT_TRUE(std::get<ReceiptReply>(again).replayed);
  EXPECT_EQ(order_in(by_id), order_in(replay));
  EXPECT_TRUE(std::get<ReceiptReply>(replay).replayed) << "the same content, however named";
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(refund)) << refund.index();
  EXPECT_EQ(std::get<HistoryReply>(history).records.size(), 3U);
  EXPECT_EQ(order_in(receipt), order_in(order));
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(unnamed)) << unnamed.index();
  EXPECT_EQ(audited().identities, 1U);
}

TEST_F(EngineIdentitiesTest, AnIdentityOfNobodyIsAnUnknownMember) {
  start_with({"alice"});

  EXPECT_EQ(named(), "");
  EXPECT_EQ(refusal_in(engine->call(phone, checkout_of("o1", 100, noon), noon)),
            domain::Refusal::member_unknown);
  EXPECT_EQ(refusal_in(engine->call("nobody", link(), noon)), domain::Refusal::member_unknown);
  EXPECT_EQ(refusal_in(engine->call(phone, unlink(), noon)), domain::Refusal::member_unknown);
}

TEST_F(EngineIdentitiesTest, LinkingAgainChangesNothing) {
  start_with({"alice"});

  const auto first = std::get<MemberReply>(engine->call("alice", link(), noon));
  const auto again = std::get<MemberReply>(engine->call("alice", link(), noon));

  EXPECT_TRUE(first.changed_now);
  EXPECT_FALSE(again.changed_now);
  EXPECT_EQ(first.member, again.member);
}

TEST_F(EngineIdentitiesTest, AnIdentityIsOneMembersUntilItIsUnlinked) {
  start_with({"alice", "bob"});
  ASSERT_TRUE(links("alice"));
  EXPECT_EQ(named(), "alice");

  const auto refused = engine->call("bob", link(), noon);
  EXPECT_EQ(refusal_in(refused), domain::Refusal::identity_of_other);
  EXPECT_FALSE(std::get<RefusedReply>(refused).retryable);
  EXPECT_FALSE(std::get<MemberReply>(engine->call("bob", unlink(), noon)).changed_now);
  EXPECT_EQ(named(), "alice");

  EXPECT_TRUE(std::get<MemberReply>(engine->call(phone, unlink(), noon)).changed_now);
  EXPECT_EQ(named(), "");
  EXPECT_TRUE(links("bob"));
  EXPECT_EQ(named(), "bob") << "whoever was looked up before";
  EXPECT_FALSE(links("alice"));
  const auto report = audited();
  EXPECT_EQ(report.identities, 1U);
  EXPECT_EQ(report.claims_without_link, 0U);
}

TEST_F(EngineIdentitiesTest, AMemberMayLinkAnewWhatItHasJustUnlinked) {
  start_with({"alice"});
  for (int round = 0; round < 20; ++round) {
    auto linked = engine->submit("alice", link(), noon);
    auto unlinked = engine->submit("alice", unlink(), noon);
    auto again = engine->submit("alice", link(), noon);

    EXPECT_TRUE(std::holds_alternative<MemberReply>(linked.get()));
    EXPECT_TRUE(std::get<MemberReply>(unlinked.get()).changed_now);
    EXPECT_TRUE(std::get<MemberReply>(again.get()).changed_now);
    EXPECT_EQ(named(), "alice") << "a late hint frees nothing";
  }
  EXPECT_EQ(audited().claims_without_link, 0U);
}

TEST_F(EngineIdentitiesTest, OfSixtyFourCallsAtOnceOneMemberWins) {
  start_with({"alice", "bob"});
  for (int round = 0; round < 10; ++round) {
    const auto identity = identity_key("card" + std::to_string(round));
    std::vector<std::pair<std::string, std::future<Reply>>> calls;
    for (int call = 0; call < 64; ++call) {
      const std::string member = call % 2 == 0 ? "alice" : "bob";
      calls.emplace_back(member, engine->submit(member, link(identity), noon));
    }

    std::string winner;
    int changed = 0;
    for (auto& [member, future] : calls) {
      const auto reply = future.get();
      if (const auto* linked = std::get_if<MemberReply>(&reply)) {
        if (winner.empty()) winner = member;
        EXPECT_EQ(member, winner);
        changed += linked->changed_now ? 1 : 0;
      } else {
        EXPECT_EQ(refusal_in(reply), domain::Refusal::identity_of_other);
      }
    }
    EXPECT_EQ(changed, 1);
    EXPECT_EQ(named(identity), winner);
  }
  EXPECT_EQ(audited().identities, 10U);
}

TEST_F(EngineIdentitiesTest, AClaimWhoseLinkWasLostIsGivenOver) {
  claimed(phone, "alice");
  start_with({"alice", "bob"});

  EXPECT_EQ(named(), "") << "claimed is not linked";
  EXPECT_TRUE(links("bob"));
  EXPECT_EQ(named(), "bob");
  EXPECT_FALSE(links("alice"));
  EXPECT_EQ(audited().claims_without_link, 0U);
}

TEST_F(EngineIdentitiesTest, AClaimWhoseLinkWasLostStaysItsMembers) {
  claimed(phone, "alice");
  start_with({"alice"});

  EXPECT_TRUE(links("alice"));
  EXPECT_EQ(named(), "alice");
  EXPECT_EQ(audited().identities, 1U);
}

TEST_F(EngineIdentitiesTest, AClaimOfAMemberWhoNeverCameToBeIsGivenOver) {
  claimed(phone, "alice");
  start_with({"bob"});

  EXPECT_EQ(named(), "");
  EXPECT_TRUE(links("bob"));
  EXPECT_EQ(named(), "bob");
}

TEST_F(EngineIdentitiesTest, AStaleClaimIsCountedByTheAuditAndNoFault) {
  claimed(phone, "alice");
  start_with({"alice"});

  EXPECT_EQ(audited().claims_without_link, 1U);
}

TEST_F(EngineIdentitiesTest, AnUnlinkWhoseHintWasLostLeavesAClaimThatIsGivenOver) {
  const auto alice = member_key("alice");
  const domain::EventHeader header{.received_at = noon, .program_version = 1, .policy_version = 1};
  written(alice.value,
          {MemberEvent{alice, domain::Enrolled{.header = header, .member_id = "alice"}},
           MemberEvent{alice, domain::IdentityLinked{.header = header, .identity = phone}},
           MemberEvent{alice, domain::IdentityUnlinked{.header = header, .identity = phone}}});
  claimed(phone, "alice");
  ASSERT_NE(alice.value & 3, phone.high & 3) << "each log is written once here";
  start_with({"bob"});

  EXPECT_EQ(named(), "");
  EXPECT_TRUE(links("bob"));
  EXPECT_EQ(named(), "bob");
  EXPECT_EQ(audited().claims_without_link, 0U);
}

TEST_F(EngineIdentitiesTest, WhatIsLinkedSurvivesACrashWithNothingFlushed) {
  auto slow = options("a");
  slow.flush_interval_ms = 60'000;
  start(slow);
  for (const auto* member : {"alice", "bob"}) engine->enroll(member, noon);
  ASSERT_TRUE(links("alice"));
  ASSERT_TRUE(links("bob", identity_key("card")));
  engine->call("alice", unlink(), noon);
  ASSERT_TRUE(links("bob"));

  for (int crash = 0; crash < 3; ++crash) {
    engine->crash();
    start(slow);
    EXPECT_EQ(named(), "bob");
    EXPECT_EQ(named(identity_key("card")), "bob");
    EXPECT_FALSE(links("alice"));
  }
  EXPECT_EQ(audited().identities, 2U);
}

TEST_F(EngineIdentitiesTest, ACrashWithALinkUnderWayLeavesTheIdentityToOneMember) {
  start_with({"alice", "bob"});
  for (int round = 0; round < 12; ++round) {
    const auto identity = identity_key("round" + std::to_string(round));
    std::vector<std::future<Reply>> calls;
    for (const auto* member : {"alice", "bob"}) {
      calls.push_back(engine->submit(member, link(identity), noon, 2'000));
    }
    if (round % 2 == 0) calls.front().wait_for(std::chrono::microseconds(100 * round));
    engine->crash();
    start();

    const bool alice = links("alice", identity);
    const bool bob = links("bob", identity);
    EXPECT_NE(alice, bob);
    EXPECT_EQ(named(identity), alice ? "alice" : "bob");
    for (const auto* member : {"alice", "bob"}) engine->call(member, unlink(identity), noon);
    EXPECT_EQ(named(identity), "");
  }
  audited();
}

TEST_F(EngineIdentitiesTest, APassivatedMemberIsFoundAndAsked) {
  auto small = options("a");
  small.resident_members_max = 8;
  start(small);
  engine->enroll("alice", noon);
  ASSERT_TRUE(links("alice"));
  // Where all that are in memory are dirty, there is no room for another until they are flushed.
  const auto ask = [&](const auto& whom, const Request& request) {
    Reply reply;
    EXPECT_TRUE(test::wait_until(std::chrono::seconds(20), [&] {
      reply = engine->call(whom, request, noon);
      return !std::holds_alternative<FailedReply>(reply);
    }));
    return reply;
  };
  const auto make_room = [&] {
    for (int index = 0; index < 40; ++index) {
      const auto member = "m" + std::to_string(index);
      ask(member, domain::Enroll{.member_id = member});
    }
  };

  make_room();
  EXPECT_EQ(std::get<MemberReply>(ask(phone, ReadMember{})).member.id, "alice");
  make_room();
  EXPECT_EQ(refusal_in(ask(std::string("m1"), link())), domain::Refusal::identity_of_other);
  EXPECT_GT(engine->engine().stats().passivations, 0U);
  EXPECT_EQ(audited().identities, 1U);
}

TEST_F(EngineIdentitiesTest, LooksUpInTheLedgerWhatMemoryDoesNotKeep) {
  auto forgetful = options("a");
  forgetful.identity_answers_max = 0;
  forgetful.flush_interval_ms = 1;
  start(forgetful);
  engine->enroll("alice", noon);
  ASSERT_TRUE(links("alice"));
  EXPECT_TRUE(engine->stop());
  start(forgetful);

  for (int call = 0; call < 3; ++call) EXPECT_EQ(named(), "alice");

  const auto stats = engine->engine().stats();
  EXPECT_EQ(stats.identity_reads, 3U);
  EXPECT_EQ(stats.identity_hits, 0U);
  EXPECT_TRUE(test::wait_until(std::chrono::seconds(20),
                               [&] { return engine->engine().stats().identities_in_memory == 0; }));
}

TEST_F(EngineIdentitiesTest, RemembersWhatItLookedUp) {
  start_with({"alice"});
  ASSERT_TRUE(links("alice"));
  EXPECT_TRUE(engine->stop());
  start();

  for (int call = 0; call < 5; ++call) EXPECT_EQ(named(), "alice");
  for (int call = 0; call < 5; ++call) EXPECT_EQ(named(identity_key("nobody")), "");

  EXPECT_TRUE(test::wait_until(std::chrono::seconds(20), [&] {
    const auto stats = engine->engine().stats();
    return stats.identity_reads == 2U && stats.identity_hits == 8U;
  }));
}

TEST_F(EngineIdentitiesTest, HasAtMostSixteen) {
  start_with({"alice", "bob"});
  for (std::size_t number = 0; number < domain::identities_max; ++number) {
    ASSERT_TRUE(links("alice", identity_key("card" + std::to_string(number))));
  }

  EXPECT_EQ(refusal_in(engine->call("alice", link(), noon)), domain::Refusal::too_many_identities);
  EXPECT_TRUE(links("bob")) << "a refused link claims nothing";
}

}  // namespace
}  // namespace wutong
