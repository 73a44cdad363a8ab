#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "persistence/codec.h"
#include "persistence/memory_ledger.h"
#include "tests/actors/engine_cases.h"
#include "tests/support/journal_calls.h"
#include "tests/support/wait_until.h"

namespace wutong {
namespace {

using namespace testing;
using persistence::MemoryLedger;

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() : ledger(info()), engine(std::make_unique<TestEngine>(ledger, options("a/1"))) {
    EXPECT_TRUE(engine->wait_until_ready());
  }

  void restart(const std::string& node, bool crash) {
    if (crash) {
      engine->crash();
    } else {
      EXPECT_TRUE(engine->stop());
    }
    engine = std::make_unique<TestEngine>(ledger, options(node));
    EXPECT_TRUE(engine->wait_until_ready());
  }

  domain::Points balance(const std::string& member) {
    return std::get<MemberReply>(engine->call(member, ReadMember{}, noon)).now.available;
  }

  MemoryLedger ledger;
  std::unique_ptr<TestEngine> engine;
};

TEST_F(EngineTest, ACheckoutEarnsAndItsRepetitionChangesNothing) {
  engine->enroll("alice", noon);

  const auto first = engine->call("alice", checkout_of("o1", 58'800, noon), noon);
  const auto again = engine->call("alice", checkout_of("o1", 58'800, noon), noon);

  EXPECT_EQ(order_in(first).after.available, domain::Points{88});
  EXPECT_FALSE(std::get<ReceiptReply>(first).replayed);
  EXPECT_TRUE(std::get<ReceiptReply>(again).replayed);
  EXPECT_EQ(order_in(first), order_in(again));
  EXPECT_EQ(balance("alice"), domain::Points{88});
}

TEST_F(EngineTest, AReceiptIsWrittenForItsOwnCallAsItStoodThen) {
  engine->enroll("alice", noon);
  const auto call = [&](Request request) {
    auto asked = std::make_shared<Call>();
    asked->member_id = "alice";
    asked->member = member_key("alice");
    asked->request = std::move(request);
    asked->received_at = noon;
    asked->write = [](const ReceiptReply& receipt) {
      const auto& order = std::get<domain::CheckedOut>(receipt.record);
      return WrittenReply{
          .bytes = order.order_id + ": " + std::to_string(receipt.standing.now.available.count),
          .outcome = 7};
    };
    return engine->submit(std::move(asked));
  };

  // Together, so that each is decided before the one before it is durable.
  auto first = call(checkout_of("o1", 10'000, noon));
  auto second = call(checkout_of("o2", 20'000, noon));
  auto again = call(checkout_of("o1", 10'000, noon));
  auto other = call(checkout_of("o1", 10'001, noon));

  const auto written = std::get<WrittenReply>(first.get());
  EXPECT_EQ(written.bytes, "o1: 10");
  EXPECT_EQ(written.outcome, 7);
  EXPECT_EQ(std::get<WrittenReply>(second.get()).bytes, "o2: 30");
  EXPECT_TRUE(std::get<ReceiptReply>(again.get()).replayed);
  EXPECT_EQ(refusal_in(other.get()), domain::Refusal::other_content);
}

TEST_F(EngineTest, AnOrderIsOneMembersOnly) {
  for (const auto* member : {"alice", "bob"}) engine->enroll(member, noon);
  engine->call("alice", checkout_of("o1", 10'000, noon), noon);

  const auto reply = engine->call("bob", checkout_of("o1", 10'000, noon), noon);

  EXPECT_EQ(refusal_in(reply), domain::Refusal::other_member);
  EXPECT_EQ(balance("bob"), domain::Points{0});
}

TEST_F(EngineTest, AnUnknownMemberIsToldSoAndTakesNoRoom) {
  for (int index = 0; index < 100; ++index) {
    const auto member = "nobody" + std::to_string(index);
    EXPECT_EQ(refusal_in(engine->call(member, checkout_of("o" + member, 100, noon), noon)),
              domain::Refusal::member_unknown);
  }
}

TEST_F(EngineTest, EverythingIsThereAfterAnOrderlyStopAndAfterACrash) {
  engine->enroll("alice", noon);
  std::vector<domain::CheckedOut> receipts;
  for (int index = 0; index < 30; ++index) {
    const auto id = "o" + std::to_string(index);
    receipts.push_back(order_in(engine->call("alice", checkout_of(id, 10'000, noon), noon)));
  }

  for (const bool crash : {false, true, true, false}) {
    static int boot = 1;
    restart("a/" + std::to_string(++boot), crash);
    EXPECT_EQ(balance("alice"), domain::Points{300});
    for (int index = 0; index < 30; ++index) {
      const auto id = "o" + std::to_string(index);
      const auto again = engine->call("alice", checkout_of(id, 10'000, noon), noon);
      EXPECT_EQ(order_in(again), receipts[static_cast<std::size_t>(index)]) << id;
      EXPECT_TRUE(std::get<ReceiptReply>(again).replayed);
    }
  }
}

TEST_F(EngineTest, ARefundFindsItsOrderAfterManyOthersAndWithoutItsMember) {
  engine->enroll("alice", noon);
  for (int index = 0; index < 30; ++index) {
    engine->call("alice", checkout_of("o" + std::to_string(index), 10'000, noon), noon);
  }
  restart("a/2", false);

  const auto known = engine->call("alice", refund_of("r1", "o3", 6'000, noon), noon);
  const auto unnamed = engine->call("", refund_of("r2", "o4", 10'000, noon), noon);
  const auto too_much = engine->call("alice", refund_of("r3", "o3", 4'001, noon), noon);
  const auto unknown = engine->call("", refund_of("r4", "none", 10'000, noon), noon);

  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(known)) << known.index();
  EXPECT_EQ(std::get<ReceiptReply>(known).standing.refundable, domain::Money{4'000});
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(unnamed)) << unnamed.index();
  EXPECT_EQ(refusal_in(too_much), domain::Refusal::more_than_left);
  EXPECT_EQ(refusal_in(unknown), domain::Refusal::order_unknown);
  EXPECT_TRUE(std::get<RefusedReply>(unknown).retryable);
  EXPECT_EQ(balance("alice"), domain::Points{300 - 6 - 10});
}

TEST_F(EngineTest, ARefundsIdIsItsOwnAcrossMonthsAndRestarts) {
  engine->enroll("alice", at("2026-01-01 12:00:00"));
  const auto january = at("2026-01-20 12:00:00");
  engine->call("alice", checkout_of("winter", 10'000, january), january);
  const auto first = engine->call("alice", refund_of("r1", "winter", 4'000, january), january);
  for (int index = 0; index < 30; ++index) {
    engine->call("alice", checkout_of("o" + std::to_string(index), 10'000, noon), noon);
  }
  restart("a/2", false);

  const auto other_order = engine->call("alice", refund_of("r1", "o7", 4'000, noon), noon);
  const auto again = engine->call("alice", refund_of("r1", "winter", 4'000, january), noon);

  ASSERT_TRUE(std::holds_alternative<RefusedReply>(other_order)) << other_order.index();
  EXPECT_EQ(std::get<RefusedReply>(other_order).refused,
            (domain::Refused{domain::Refusal::other_content, domain::Field::order_id}));
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(again)) << again.index();
  EXPECT_TRUE(std::get<ReceiptReply>(again).replayed);
  EXPECT_EQ(std::get<ReceiptReply>(again).record, std::get<ReceiptReply>(first).record);
  EXPECT_EQ(balance("alice"), domain::Points{310 - 4});
}

TEST_F(EngineTest, HistoryComesNewestFirstInPages) {
  engine->enroll("alice", noon);
  for (int index = 0; index < 25; ++index) {
    engine->call("alice", checkout_of("o" + std::to_string(index), 10'000, noon), noon);
  }
  restart("a/2", false);

  std::vector<std::string> ids;
  domain::Position before;
  do {
    const auto reply =
        engine->call("alice", ReadHistory{.before = before, .records_max = 10}, noon);
    const auto& page = std::get<HistoryReply>(reply);
    for (const auto& record : page.records) {
      ids.push_back(std::get<domain::CheckedOut>(record).order_id);
    }
    before = page.next_before;
  } while (before.epoch != 0);

  ASSERT_EQ(ids.size(), 25U);
  EXPECT_EQ(ids.front(), "o24");
  EXPECT_EQ(ids.back(), "o0");
}

TEST(Engine, HoldsNoMoreMembersThanItMay) {
  MemoryLedger ledger(info());
  auto limited = options("a/1");
  limited.resident_members_max = 40;
  TestEngine engine(ledger, limited);
  ASSERT_TRUE(engine.wait_until_ready());

  for (int round = 0; round < 2; ++round) {
    for (int index = 0; index < 400; ++index) {
      const auto member = "m" + std::to_string(index);
      const auto order = member + "-" + std::to_string(round);
      for (;;) {
        if (round == 0) {
          const auto enrolled = engine.call(member, domain::Enroll{.member_id = member}, noon);
          if (std::holds_alternative<FailedReply>(enrolled)) continue;
        }
        const auto reply = engine.call(member, checkout_of(order, 10'000, noon), noon);
        if (std::holds_alternative<ReceiptReply>(reply)) break;
        ASSERT_EQ(std::get<FailedReply>(reply).failure, CallFailure::exhausted);
      }
      EXPECT_LE(engine.engine().stats().members_resident, 40U);
    }
  }

  EXPECT_GT(engine.engine().stats().passivations, 700U);
  for (int index = 0; index < 400; ++index) {
    for (;;) {
      const auto reply = engine.call("m" + std::to_string(index), ReadMember{}, noon);
      if (std::holds_alternative<FailedReply>(reply)) continue;
      EXPECT_EQ(std::get<MemberReply>(reply).now.available, domain::Points{20});
      break;
    }
  }
}

TEST(Engine, TurnsAwayAtOnceWhatItHasNoPlaceFor) {
  MemoryLedger ledger(info());
  auto narrow = options("a/1");
  narrow.queued_calls_max = 4;
  TestEngine engine(ledger, narrow);
  ASSERT_TRUE(engine.wait_until_ready());
  engine.enroll("alice", noon);

  std::vector<std::future<Reply>> calls;
  for (int index = 0; index < 2'000; ++index) {
    calls.push_back(
        engine.submit("alice", checkout_of("o" + std::to_string(index), 1'000, noon), noon));
  }
  int done = 0;
  int exhausted = 0;
  for (auto& call : calls) {
    const auto reply = call.get();
    if (std::holds_alternative<ReceiptReply>(reply)) {
      ++done;
    } else {
      ASSERT_EQ(std::get<FailedReply>(reply).failure, CallFailure::exhausted);
      ++exhausted;
    }
  }

  EXPECT_GT(done, 0);
  EXPECT_GT(exhausted, 0);
  const auto now = engine.call("alice", ReadMember{}, noon);
  EXPECT_EQ(std::get<MemberReply>(now).now.available, domain::Points{done});
}

TEST(Engine, MakesRoomAlsoWhereEverybodyWasAskedForOfLate) {
  MemoryLedger ledger(info());
  auto few = options("a/1");
  few.resident_members_max = 400;
  constexpr int members = 1'200;
  const auto name = [](int index) { return "m" + std::to_string(index); };
  {
    TestEngine engine(ledger, few);
    ASSERT_TRUE(engine.wait_until_ready());
    for (int index = 0; index < members; ++index) {
      // A new member is in nobody's way for long: it is flushed.
      ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] {
        const auto reply = engine.call(name(index), domain::Enroll{.member_id = name(index)}, noon);
        return std::holds_alternative<MemberReply>(reply);
      }));
    }
    ASSERT_TRUE(engine.stop());
  }
  TestEngine engine(ledger, few);
  ASSERT_TRUE(engine.wait_until_ready());

  int turned_away = 0;
  for (int index = 0; index < members; ++index) {
    const auto reply = engine.call(name(index), ReadMember{}, noon);
    if (!std::holds_alternative<MemberReply>(reply)) ++turned_away;
  }

  EXPECT_EQ(turned_away, 0) << "all in memory are clean and idle";
}

TEST(Engine, KeepsAcknowledgedEventsThatTheLedgerLostBeforeAnotherTookOver) {
  MemoryLedger ledger(info());
  TestEngine engine(ledger, options("a/1"));
  ASSERT_TRUE(engine.wait_until_ready());
  engine.enroll("alice", noon);
  const auto shard = static_cast<std::uint32_t>(testing::member_key("alice").value % 4);
  auto other_order = checkout_of("o1", 10'000, noon);
  other_order.key.high = other_order.key.high / 4 * 4 + shard;
  engine.call("alice", other_order, noon);

  ledger.restart_without_last(shard, 1);
  test::JournalCalls journal(ledger.journal(shard));
  const auto lost = journal.head()->head;
  const Head taken{.position = {.epoch = lost.position.epoch + 1, .sequence = 1},
                   .writer = "b/1#1"};
  std::string batch;
  persistence::StoredCodec().append_event(
      batch, Taken{.header = {.position = taken.position}, .writer = taken.writer});
  const auto stands = journal.append(lost, taken, batch);
  ASSERT_EQ(stands->head, taken) << "the engine was faster to mend it";

  EXPECT_TRUE(test::wait_until(std::chrono::seconds(10),
                               [&] { return engine.safekeeping().salvaged() > 0; }));
}

TEST(Engine, KeepsItsShardsWhileItRenewsThoughTheLedgersClockLeaps) {
  // Every lease has run out by the ledger's clock as soon as it was given.
  std::atomic<std::int64_t> ledger_ms{noon.unix_ms};
  MemoryLedger ledger(info(), [&] { return ledger_ms += 3'600'000; });
  TestEngine first(ledger, options("a/1"));
  ASSERT_TRUE(first.wait_until_ready());
  first.enroll("alice", noon);

  TestEngine second(ledger, options("b/1"));
  EXPECT_FALSE(second.wait_until_ready(1)) << "three times the lease";
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(
      first.call("alice", checkout_of("o1", 10'000, noon), noon)));

  first.crash();
  EXPECT_TRUE(second.wait_until_ready());
}

TEST(Engine, AStoppedOwnerThatComesBackWritesAndAnswersNothing) {
  MemoryLedger ledger(info());
  TestEngine first(ledger, options("a/1"));
  ASSERT_TRUE(first.wait_until_ready());
  first.enroll("alice", noon);

  // A second gateway by mistake: it gets nothing while the first holds its leases …
  TestEngine second(ledger, options("b/1"));
  EXPECT_FALSE(second.wait_until_ready(1));
  const auto refused = second.call("alice", checkout_of("o1", 10'000, noon), noon);
  EXPECT_EQ(std::get<FailedReply>(refused).failure, CallFailure::unavailable);

  // … and everything once the first has gone.
  EXPECT_TRUE(first.stop());
  ASSERT_TRUE(second.wait_until_ready());
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(
      second.call("alice", checkout_of("o1", 10'000, noon), noon)));
}

}  // namespace
}  // namespace wutong
