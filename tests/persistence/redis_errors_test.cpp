#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "tests/persistence/redis_ledger_fixture.h"

/// What Redis answers when it cannot, and what a journal makes of it.
namespace wutong::test {

using testing::ElementsAre;
using testing::HasSubstr;

class RedisErrors : public RedisLedgerTest {
 protected:
  void SetUp() override {
    RedisLedgerTest::SetUp();
    ASSERT_TRUE(journal().append(fresh_head(), taken_, "taken"));
  }

  /// The append that follows fails with `unknown` and this text; nothing is written.
  void expect_append_unknown(std::string_view text) {
    const auto reply = journal().append(taken_, next_, "batch");
    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().fault, LedgerFault::unknown);
    EXPECT_THAT(reply.error().detail, HasSubstr(std::string(text)));
  }

  /// The same append again succeeds, and the log has it once.
  void expect_append_succeeds_now() {
    const auto reply = insist([&] { return journal().append(taken_, next_, "batch"); });
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->head, next_);
    EXPECT_EQ(journal().log()->size(), 2);
  }

  const Head taken_ = head_at(1, 1, "a/1#1");
  const Head next_ = head_at(1, 2, "a/1#1");
};

TEST_F(RedisErrors, OutOfMemoryIsUnknownAndPasses) {
  server_.command({"CONFIG", "SET", "maxmemory", "1"});
  FlushRequest flush{.epoch = 1,
                     .writer = "a/1#1",
                     .highest_sequence = 1,
                     .next = {.position = taken_.position, .flush = 1},
                     .snapshots = {{.member = {.value = 1}, .snapshot = "s"}}};

  expect_append_unknown("OOM");
  const auto flushed = journal().flush(flush);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().fault, LedgerFault::unknown);
  EXPECT_EQ(journal().head()->head, taken_);
  EXPECT_EQ(*journal().snapshot(1), std::nullopt);

  server_.command({"CONFIG", "SET", "maxmemory", "0"});
  expect_append_succeeds_now();
  EXPECT_EQ(*journal().flush(flush), FlushOutcome::done);
}

TEST_F(RedisErrors, AReadOnlyServerIsUnknownAndPasses) {
  server_.command({"REPLICAOF", "127.0.0.1", "1"});

  expect_append_unknown("READONLY");

  server_.command({"REPLICAOF", "NO", "ONE"});
  expect_append_succeeds_now();
}

TEST_F(RedisErrors, AServerThatMissesItsReplicasIsUnknownAndPasses) {
  server_.command({"CONFIG", "SET", "min-replicas-to-write", "1"});

  expect_append_unknown("NOREPLICAS");

  server_.command({"CONFIG", "SET", "min-replicas-to-write", "0"});
  expect_append_succeeds_now();
}

TEST_F(RedisErrors, AServerBusyWithAScriptIsUnknownAndPasses) {
  server_.command({"CONFIG", "SET", "busy-reply-threshold", "10"});
  auto endless = std::async(std::launch::async, [&] {
    return server_.command({"EVAL", "while true do end", "0"});
  });
  ASSERT_TRUE(wait_until(std::chrono::seconds(10),
                         [&] { return server_.command({"PING"}).starts_with("BUSY"); }));

  expect_append_unknown("BUSY");

  server_.command({"SCRIPT", "KILL"});
  EXPECT_THAT(endless.get(), HasSubstr("killed"));
  expect_append_succeeds_now();
}

TEST_F(RedisErrors, AKeyOfAnotherTypeIsBroken) {
  server_.command({"SET", "{s1}:log", "not a stream"});

  const auto appended = journal(1).append(fresh_head(), taken_, "");
  const auto read = journal(1).log();

  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().fault, LedgerFault::broken);
  EXPECT_THAT(appended.error().detail, HasSubstr("WRONGTYPE"));
  EXPECT_EQ(journal(1).head()->head, fresh_head());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, LedgerFault::broken);
}

TEST_F(RedisErrors, AHeadThatIsNoneIsBroken) {
  server_.command({"SET", "{s1}:head", "scribbled"});
  server_.command({"SET", "{s1}:mark", "scribbled"});

  EXPECT_EQ(journal(1).head().error().fault, LedgerFault::broken);
  EXPECT_EQ(journal(1).mark().error().fault, LedgerFault::broken);
  const auto appended = journal(1).append(fresh_head(), taken_, "");
  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().fault, LedgerFault::broken);
}

TEST_F(RedisErrors, WithoutAMarkFlushesAndReadsOfItAreBroken) {
  server_.command({"DEL", "{s0}:mark"});

  EXPECT_EQ(journal().mark().error().fault, LedgerFault::broken);
  const auto flushed =
      journal().flush({.epoch = 1, .writer = "a/1#1", .highest_sequence = 1, .next = {.flush = 1}});
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().fault, LedgerFault::broken);
  EXPECT_THAT(flushed.error().detail, HasSubstr("NOSTORE"));
}

TEST_F(RedisErrors, AFlushNeverShortensAnExpiry) {
  const auto now = *await<std::int64_t>([&](auto done) { ledger_->read_clock(done); });
  std::uint64_t flushes = 0;
  const auto expiry_after_flush = [&](std::int64_t expire_at, bool stands = false) {
    FlushRequest flush{.epoch = 1,
                       .writer = "a/1#1",
                       .highest_sequence = 1,
                       .expected = {.position = flushes == 0 ? domain::Position() : taken_.position,
                                    .flush = flushes},
                       .next = {.position = taken_.position, .flush = flushes + 1},
                       .history = {{.member = {.value = 255},
                                    .month = 600,
                                    .records = "r",
                                    .expire_at_unix_ms = expire_at,
                                    .expiry_stands = stands}},
                       .book = {{.month = 600,
                                 .bucket = 5,
                                 .entries = "e",
                                 .expire_at_unix_ms = expire_at,
                                 .expiry_stands = stands}}};
    ++flushes;
    EXPECT_EQ(*journal().flush(flush), FlushOutcome::done);
    const auto of_history = server_.command({"PEXPIRETIME", "{s0}:h:00000000000000ff:600"});
    EXPECT_EQ(server_.command({"PEXPIRETIME", "{s0}:o:600:5"}), of_history);
    return of_history;
  };

  EXPECT_EQ(expiry_after_flush(now + 500'000), std::to_string(now + 500'000));
  EXPECT_EQ(expiry_after_flush(now + 400'000), std::to_string(now + 500'000));
  EXPECT_EQ(expiry_after_flush(now + 900'000), std::to_string(now + 900'000));
  EXPECT_EQ(expiry_after_flush(0), "-1");
  EXPECT_EQ(expiry_after_flush(now + 900'000), "-1");
  EXPECT_THAT(*journal().history(255, {600}), ElementsAre("rrrrr"));
  server_.command({"DEL", "{s0}:h:00000000000000ff:600", "{s0}:o:600:5"});
  EXPECT_EQ(expiry_after_flush(now + 500'000, true), std::to_string(now + 500'000))
      << "a key that is new has none, whatever was set before";
  EXPECT_EQ(expiry_after_flush(now + 900'000, true), std::to_string(now + 500'000))
      << "what is said to stand is left alone";
  server_.command({"DEL", "{s0}:h:00000000000000ff:600", "{s0}:o:600:5"});
  EXPECT_EQ(expiry_after_flush(0, true), "-1") << "for ever is for ever";
}

}  // namespace wutong::test
