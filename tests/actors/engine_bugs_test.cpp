#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "tests/actors/engine_cases.h"
#include "tests/support/journal_calls.h"
#include "tests/support/wait_until.h"

/// What must not be: a bug, or two ids of one key. It stops whom it concerns, and nobody else.
namespace wutong {
namespace {

using namespace testing;
using persistence::MemoryLedger;

TEST(EngineBugs, ABugEndsTheCallThatMeetsItAndNoOther) {
  MemoryLedger ledger(info());
  TestEngine engine(ledger, options("a/1"));
  ASSERT_TRUE(engine.wait_until_ready());
  engine.enroll("alice", noon);
  const auto sound = engine.engine().rules();
  auto program = *sound.program;
  // What no document can say: the venue's awards are funded by a party that there is not.
  program.parties.erase(domain::PartyId::intern("MALL"));
  engine.engine().set_rules({std::make_shared<const domain::Program>(program), sound.policy});

  const auto failed = engine.call("alice", checkout_of("o1", 10'000, noon), noon);
  engine.engine().set_rules(sound);
  const auto done = engine.call("alice", checkout_of("o1", 10'000, noon), noon);

  ASSERT_TRUE(std::holds_alternative<FailedReply>(failed)) << failed.index();
  EXPECT_EQ(std::get<FailedReply>(failed).failure, CallFailure::unavailable);
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(done)) << done.index();
  EXPECT_FALSE(std::get<ReceiptReply>(done).replayed);
  EXPECT_EQ(engine.engine().stats().broken_promises, 1U);
}

TEST(EngineBugs, ABugInTheMiddleOfAWriteEndsItsShardAndNoOther) {
  MemoryLedger ledger(info());
  const auto key = testing::member_key("alice");
  const auto shard = static_cast<std::uint32_t>(key.value % 4);
  // No event leaves such a member: a lot that is still to come.
  Snapshot broken;
  broken.member.id = "alice";
  broken.member.position = {1, 1};
  broken.member.lots = {{.serial = 9, .expires_on = testing::day("2027-12-31"), .points = {1}}};
  const Mark fresh;
  ASSERT_EQ(
      test::JournalCalls(ledger.journal(shard))
          .flush({.writer = "none",
                  .expected = fresh,
                  .next = {.position = {}, .flush = 1},
                  .snapshots = {{.member = key,
                                 .snapshot = persistence::StoredCodec().snapshot_bytes(broken)}}}),
      FlushOutcome::done);
  TestEngine engine(ledger, options("a/1"));
  ASSERT_TRUE(engine.wait_until_ready());
  std::string other = "b";
  while (testing::member_key(other).value % 4 == shard) other += "b";
  engine.enroll(other, noon);

  const auto failed = engine.call("alice", checkout_of("o1", 10'000, noon), noon);

  ASSERT_TRUE(std::holds_alternative<FailedReply>(failed)) << failed.index();
  EXPECT_EQ(std::get<FailedReply>(failed).failure, CallFailure::unavailable);
  EXPECT_TRUE(test::wait_until(std::chrono::seconds(10),
                               [&] { return engine.engine().stats().shards_owned == 3; }));
  EXPECT_FALSE(engine.engine().ready());
  EXPECT_EQ(engine.engine().stats().broken_promises, 1U);
  EXPECT_TRUE(std::holds_alternative<MemberReply>(engine.call(other, ReadMember{}, noon)));
  EXPECT_TRUE(engine.stop());
}

TEST(EngineBugs, ASecondMemberOfOneKeyIsNotServedTheFirstOnesPoints) {
  MemoryLedger ledger(info());
  TestEngine engine(ledger, options("a/1"));
  ASSERT_TRUE(engine.wait_until_ready());
  engine.enroll("alice", noon);
  const auto as_bob = [&](Request request) {
    std::promise<Reply> told;
    auto call = std::make_shared<Call>();
    call->member_id = "bob";
    call->member = testing::member_key("alice");
    call->request = std::move(request);
    call->received_at = noon;
    call->deadline = system_clocks().boot_ns() + 20'000'000'000;
    call->done = [&](Reply reply, const CallTimes&) { told.set_value(std::move(reply)); };
    engine.engine().submit(std::move(call));
    return told.get_future().get();
  };

  for (const Request& request : {Request(domain::Enroll{.member_id = "bob"}),
                                 Request(checkout_of("o1", 10'000, noon)), Request(ReadMember{})}) {
    const auto reply = as_bob(request);
    ASSERT_TRUE(std::holds_alternative<FailedReply>(reply)) << reply.index();
    EXPECT_EQ(std::get<FailedReply>(reply).failure, CallFailure::unavailable);
  }
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(
      engine.call("alice", checkout_of("o1", 10'000, noon), noon)));
}

}  // namespace
}  // namespace wutong
