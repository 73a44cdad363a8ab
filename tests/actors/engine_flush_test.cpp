#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "persistence/memory_ledger.h"
#include "tests/actors/engine_cases.h"
#include "tests/support/wait_until.h"

/// When what calls have changed is written behind, and how much of it at a time.
namespace wutong {
namespace {

using namespace testing;
using domain::Points;
using persistence::MemoryLedger;

TEST(EngineThatSeldomFlushes, WritesARoundInSmallFlushesOverHalfTheInterval) {
  auto one_shard = info();
  one_shard.shards = 1;
  MemoryLedger ledger(one_shard);
  auto slow = options("a/1");
  slow.flush_interval_ms = 4'000;
  TestEngine engine(ledger, slow);
  ASSERT_TRUE(engine.wait_until_ready());
  constexpr std::uint64_t members = 160;
  for (std::uint64_t number = 0; number < members; ++number) {
    engine.enroll("member-" + std::to_string(number), noon);
  }
  const auto flushed = [&] { return engine.engine().stats().flushed_members; };
  ASSERT_EQ(flushed(), 0U);

  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] { return flushed() > 0; }));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] { return flushed() >= members; }));

  // Two seconds, and ten flushes, where nothing keeps the engine from its turns; in flushes as large as they
  // may be it would be three.
  EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(1));
  EXPECT_GT(engine.engine().stats().flushes, 5U);
  EXPECT_EQ(flushed(), members);
}

TEST(EngineThatSeldomFlushes, WritesTheBookOfAShardWithoutMembersOverHalfTheInterval) {
  auto two_shards = info();
  two_shards.shards = 2;
  two_shards.book_buckets = 4'096;
  MemoryLedger ledger(two_shards);
  auto slow = options("a/1");
  slow.flush_interval_ms = 6'000;
  TestEngine engine(ledger, slow);
  ASSERT_TRUE(engine.wait_until_ready());
  const auto flushes = [&] {
    std::uint64_t of_the_other_shard = 0;
    ledger.journal(1).read_mark(
        [&](const LedgerResult<Mark>& mark) { of_the_other_shard = mark.value().flush; });
    return of_the_other_shard;
  };
  // That of the take-over.
  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] { return flushes() == 1; }));
  std::vector<std::string> members;
  for (int number = 0; members.size() < 16; ++number) {
    auto member = "member-" + std::to_string(number);
    if (member_key(member).value % 2 == 0) members.push_back(std::move(member));
  }
  for (const auto& member : members) {
    engine.enroll(member, noon);
    for (int order = 0; order < 25; ++order) {
      engine.call(member, checkout_of(member + std::to_string(order), 10'000, noon), noon);
    }
  }
  ASSERT_EQ(flushes(), 1U);

  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] { return flushes() > 1; }));
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10), [&] { return flushes() > 3; }));

  // Some 200 orders in 13 flushes, one every 230 ms; as fast as may be it would be milliseconds.
  EXPECT_GT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(150));
}

TEST(EngineThatSeldomFlushes, SpreadsARoundOverTheRoomOfTheTailWhereThatFillsBeforeItsTime) {
  auto one_shard = info();
  one_shard.shards = 1;
  MemoryLedger ledger(one_shard);
  auto narrow = options("a/1");
  narrow.flush_interval_ms = 600'000;
  narrow.tail_bytes_max = 128 * 1024;
  TestEngine engine(ledger, narrow);
  ASSERT_TRUE(engine.wait_until_ready());
  const auto stats = [&] { return engine.engine().stats(); };

  std::int64_t fullest = 0;
  for (int number = 0; stats().flushed_members < 1'000; ++number) {
    ASSERT_LT(number, 20'000);
    engine.enroll("member-" + std::to_string(number), noon);
    fullest = std::max(fullest, stats().tail_bytes);
  }

  // In haste it would be flushes as large as they may be, and not before half of it was full.
  EXPECT_GT(fullest, narrow.tail_bytes_max / 5);
  EXPECT_LT(fullest, narrow.tail_bytes_max / 2);
  EXPECT_LT(stats().flushed_members / stats().flushes, 24U);
}

TEST(EngineThatSeldomFlushes, FlushesAMemberWithVeryManyRecordsBeforeTheOthers) {
  MemoryLedger ledger(info());
  auto slow = options("a/1");
  slow.flush_interval_ms = 600'000;
  auto engine = std::make_unique<TestEngine>(ledger, slow);
  ASSERT_TRUE(engine->wait_until_ready());
  for (const auto* member : {"alice", "bob"}) engine->enroll(member, noon);
  engine->call("bob", checkout_of("bobs", 10'000, noon), noon);
  constexpr int orders = 500;
  for (int number = 0; number < orders; ++number) {
    const auto reply =
        engine->call("alice", checkout_of("o" + std::to_string(number), 10'000, noon), noon);
    ASSERT_EQ(order_in(reply).after.available, Points{10 * (number + 1)});
  }

  ASSERT_TRUE(test::wait_until(std::chrono::seconds(10),
                               [&] { return engine->engine().stats().flushed_members >= 3; }));
  EXPECT_LE(engine->engine().stats().flushed_members, orders / 64U);
  // Bob waits for his round.
  EXPECT_TRUE(test::wait_until(std::chrono::seconds(10),
                               [&] { return engine->engine().stats().members_dirty == 2; }));

  engine->crash();
  slow.node_boot = "a/2";
  engine = std::make_unique<TestEngine>(ledger, slow);
  ASSERT_TRUE(engine->wait_until_ready());
  for (const int number : {0, 100, orders - 1}) {
    const auto again =
        engine->call("alice", checkout_of("o" + std::to_string(number), 10'000, noon), noon);
    EXPECT_TRUE(std::get<ReceiptReply>(again).replayed);
    EXPECT_EQ(order_in(again).after.available, Points{10 * (number + 1)});
  }
}

}  // namespace
}  // namespace wutong
