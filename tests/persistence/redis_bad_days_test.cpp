#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "persistence/scripts.h"
#include "tests/persistence/redis_ledger_fixture.h"
#include "tests/support/stubborn_writer.h"

/// Redis killed, frozen, cut off and made to forget while appends are on their way.
namespace wutong::test {

using std::chrono::seconds;
using testing::HasSubstr;

class RedisBadDays : public RedisLedgerTest {
 protected:
  void start_writers() {
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      writers_.push_back(std::make_unique<StubbornWriter>(ledger_->journal(shard), fresh_head(),
                                                          "writer/" + std::to_string(shard)));
    }
  }

  /// Until each writer has had this many more appends acknowledged: it is in the midst of its work.
  void wait_for_progress(std::uint64_t appends) {
    for (auto& writer : writers_) {
      const auto target = writer->acknowledged() + appends;
      ASSERT_TRUE(wait_until(seconds(20), [&] { return writer->acknowledged() >= target; }))
          << "no progress; errors: " << errors();
    }
  }

  /// Everything acknowledged is in the log, once, in order, and the head is the last of it.
  void expect_nothing_lost_or_doubled() {
    for (auto& writer : writers_) writer->stop();
    for (std::uint32_t shard = 0; shard < shards; ++shard) {
      const auto& writer = *writers_[shard];
      EXPECT_EQ(writer.complaint(), "");
      const auto log = insist([&] { return journal(shard).log({}, 1'000'000); });
      ASSERT_TRUE(log) << log.error().detail;
      std::vector<std::string> batches;
      for (const auto& entry : *log) batches.push_back(entry.batch);
      EXPECT_EQ(batches, writer.batches()) << "shard " << shard;
      EXPECT_EQ(insist([&] { return journal(shard).head(); })->head, writer.head());
    }
  }

  [[nodiscard]] std::uint64_t sent_again() const {
    std::uint64_t sum = 0;
    for (const auto& writer : writers_) sum += writer->sent_again();
    return sum;
  }

  std::vector<std::unique_ptr<StubbornWriter>> writers_;
};

TEST_F(RedisBadDays, NothingIsLostOrDoubledWhenRedisIsKilled) {
  start_writers();

  for (int round = 0; round < 6; ++round) {
    wait_for_progress(20);
    server_.kill();
    server_.start();
  }
  wait_for_progress(20);

  expect_nothing_lost_or_doubled();
  EXPECT_GT(sent_again(), 0);
}

TEST_F(RedisBadDays, NothingIsLostOrDoubledWhenRedisIsStopped) {
  start_writers();

  wait_for_progress(20);
  server_.stop();
  server_.start();
  wait_for_progress(20);

  expect_nothing_lost_or_doubled();
}

TEST_F(RedisBadDays, NothingIsLostOrDoubledWhenRedisFreezesPastTheTimeLimit) {
  start_writers();

  for (int round = 0; round < 3; ++round) {
    wait_for_progress(20);
    const auto errors_before = errors();
    server_.freeze();
    // Each writer has given up at least once, so its bytes lie twice before the frozen server.
    ASSERT_TRUE(wait_until(seconds(20), [&] { return errors() >= errors_before + 3 * shards; }));
    server_.thaw();
  }
  wait_for_progress(20);

  expect_nothing_lost_or_doubled();
  EXPECT_GT(sent_again(), 0);
}

TEST_F(RedisBadDays, NothingIsLostOrDoubledWhenConnectionsAreCut) {
  start_writers();

  for (int round = 0; round < 30; ++round) {
    wait_for_progress(3);
    server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  }
  wait_for_progress(20);

  expect_nothing_lost_or_doubled();
  EXPECT_GT(ledger_->counters().reconnects.load(), 30);
}

TEST_F(RedisBadDays, ForgottenScriptsAreLoadedAgainUnnoticed) {
  start_writers();

  for (int round = 0; round < 30; ++round) {
    wait_for_progress(3);
    server_.command({"SCRIPT", "FLUSH"});
  }
  wait_for_progress(20);

  expect_nothing_lost_or_doubled();
  EXPECT_EQ(sent_again(), 0);
  EXPECT_EQ(errors(), 0);
}

TEST_F(RedisBadDays, AClosedLedgerAnswersEverythingAtOnceThoughRedisIsFrozen) {
  server_.freeze();
  int unknown = 0;
  const auto count = [&unknown](const LedgerResult<Mark>& answer) { unknown += answer ? 0 : 1; };
  for (std::uint32_t shard = 0; shard < shards; ++shard) ledger_->journal(shard).read_mark(count);
  const auto begin = std::chrono::steady_clock::now();

  ledger_->close();

  EXPECT_EQ(unknown, shards);
  ledger_->journal(0).read_mark(count);
  EXPECT_EQ(unknown, shards + 1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin,
            std::chrono::milliseconds(options_.read_timeout_ms) / 2);
}

TEST_F(RedisBadDays, ServiceIsBackSoonAfterRedisIs) {
  start_writers();
  wait_for_progress(5);
  server_.kill();
  // Long enough for the pauses between attempts to have grown to their most.
  ASSERT_TRUE(wait_until(seconds(20), [&] { return errors() > 4 * shards; }));
  server_.start();
  const auto back = std::chrono::steady_clock::now();

  wait_for_progress(1);

  EXPECT_LT(std::chrono::steady_clock::now() - back, seconds(3));
  expect_nothing_lost_or_doubled();
}

TEST_F(RedisBadDays, ARestartIsAnotherServerAndACutIsNot) {
  EXPECT_EQ(journal().head()->server_generation, 1);

  server_.command({"CLIENT", "KILL", "TYPE", "normal"});
  EXPECT_EQ(insist([&] { return journal().head(); })->server_generation, 1);

  server_.kill();
  server_.start();
  EXPECT_EQ(insist([&] { return journal().head(); })->server_generation, 2);
}

TEST_F(RedisBadDays, ACallWhileRedisIsAwayAnswersUnknownInTime) {
  server_.kill();
  const auto start = std::chrono::steady_clock::now();

  const auto reply = journal().append(fresh_head(), head_at(1, 1, "a/1#1"), "");

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().fault, LedgerFault::unknown);
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(3));
}

TEST_F(RedisBadDays, ACallThatWaitsForRedisToComeBackIsAnswered) {
  server_.kill();

  auto clock = std::async(std::launch::async, [&] {
    return await<std::int64_t>([&](auto done) { ledger_->read_clock(done); });
  });
  server_.start();

  EXPECT_TRUE(clock.get());
}

TEST_F(RedisBadDays, AFlushThatWasFrozenDoesNotOverwriteALaterOne) {
  const Head head = head_at(1, 1, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), head, "taken"));
  FlushRequest first{.epoch = 1,
                     .writer = "a/1#1",
                     .highest_sequence = 1,
                     .next = {.position = head.position, .flush = 1},
                     .snapshots = {{.member = {.value = 1}, .snapshot = "first"}}};
  FlushRequest second = first;
  second.next.flush = 2;
  second.snapshots[0].snapshot = "second";

  server_.freeze();
  const auto lost = journal().flush(first);
  auto later = std::async(std::launch::async, [&] { return journal().flush(second); });
  ASSERT_TRUE(wait_until(seconds(5), [&] { return errors() >= 1; }));
  server_.thaw();
  auto outcome = later.get();
  if (!outcome) outcome = insist([&] { return journal().flush(second); });
  const auto mark = insist([&] { return journal().mark(); });
  const auto snapshot = insist([&] { return journal().snapshot(1); });

  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().fault, LedgerFault::unknown);
  ASSERT_TRUE(outcome);
  // Whichever came first, the other saw its mark and changed nothing.
  EXPECT_EQ(*outcome, mark->flush == 2 ? FlushOutcome::done : FlushOutcome::other);
  EXPECT_EQ(**snapshot, mark->flush == 2 ? "second" : "first");
}

TEST_F(RedisBadDays, AReleaseThatWasStuckDoesNotUndoALaterRenewal) {
  ASSERT_EQ(journal().renew("a", 60'000)->owner, "a");

  const auto answer = server_.command({"EVAL", std::string(persistence::lease_script), "1",
                                       "{s0}:lease", "release", "a", "1", "0"});

  EXPECT_THAT(answer, HasSubstr("a\n"));
  EXPECT_EQ(journal().lease()->owner, "a");
}

TEST_F(RedisBadDays, EndingTheLedgerAnswersWhatIsUnderWayOnce) {
  constexpr int calls = 50;
  std::atomic<int> answers = 0;
  std::atomic<int> unknowns = 0;
  server_.freeze();
  for (int i = 0; i < calls; ++i) {
    ledger_->journal(static_cast<std::uint32_t>(i) % shards)
        .read_mark([&](const LedgerResult<Mark>& mark) {
          ++answers;
          if (!mark && mark.error().fault == LedgerFault::unknown) ++unknowns;
        });
  }

  ledger_.reset();

  EXPECT_EQ(answers, calls);
  EXPECT_EQ(unknowns, calls);
}

TEST_F(RedisBadDays, ManyThreadsMayCallAtOnce) {
  constexpr int calls_of_each = 2'000;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;

  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    threads.emplace_back([&, shard] {
      std::atomic<int> pending = calls_of_each;
      for (int i = 0; i < calls_of_each; ++i) {
        ledger_->journal(shard).read_head([&](const LedgerResult<AppendReply>& head) {
          if (head && head->head == fresh_head()) ++good;
          --pending;
        });
      }
      EXPECT_TRUE(wait_until(seconds(20), [&] { return pending == 0; }));
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(good, shards * calls_of_each);
}

}  // namespace wutong::test
