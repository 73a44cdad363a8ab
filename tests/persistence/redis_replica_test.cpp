#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

#include "persistence/redis_ledger.h"
#include "tests/support/journal_calls.h"
#include "tests/support/redis_server.h"
#include "tests/support/wait_until.h"

/// WAIT: an append is answered when a replica has it.
namespace wutong::test {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RedisReplica : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(
        wait_until(seconds(20), [&] { return replica_.info("master_link_status") == "up"; }));
    options_.endpoint.unix_socket = master_.socket_path();
    options_.replicas = 1;
    ASSERT_TRUE(persistence::create_ledger(options_, {.shards = 1}));
    open(seconds(20));
  }

  void open(milliseconds append_timeout) {
    options_.append_timeout_ms = append_timeout.count();
    auto opened = persistence::open_ledger(options_);
    ASSERT_TRUE(opened) << opened.error().detail;
    ledger_ = std::move(opened->ledger);
  }

  [[nodiscard]] JournalCalls journal() { return JournalCalls(ledger_->journal(0)); }

  RedisServer master_{RedisServerOptions{.tcp = true}};
  RedisServer replica_{RedisServerOptions{.replica_of_port = master_.port()}};
  persistence::RedisOptions options_;
  std::unique_ptr<persistence::RedisLedger> ledger_;
};

TEST_F(RedisReplica, AnAnsweredAppendIsOnTheReplica) {
  Head head = fresh_head();

  for (std::uint64_t i = 1; i <= 20; ++i) {
    const Head next = head_at(1, i, "a/1#1");
    const auto reply = journal().append(head, next, "batch");
    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(replica_.command({"GET", "{s0}:head"}), "1-" + std::to_string(i) + " a/1#1");
    head = next;
  }
}

TEST_F(RedisReplica, AnAppendThatNoReplicaHasIsUnknownUntilOneHas) {
  const auto request = append_request(fresh_head(), head_at(1, 1, "a/1#1"), "batch");
  open(milliseconds(400));
  replica_.freeze();

  const auto alone = journal().append(request);
  const auto still_alone = journal().append(request);
  replica_.thaw();
  open(seconds(20));
  const auto together = journal().append(request);

  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().fault, LedgerFault::unknown);
  ASSERT_FALSE(still_alone) << "a repeated append must wait for the replica too";
  ASSERT_TRUE(together) << together.error().detail;
  EXPECT_EQ(together->head, request.next);
  EXPECT_EQ(journal().log()->size(), 1);
}

TEST_F(RedisReplica, AMissingReplicaHoldsTheAnswerBack) {
  replica_.freeze();

  auto append = std::async(std::launch::async, [&] {
    return journal().append(fresh_head(), head_at(1, 1, "a/1#1"), "batch");
  });
  ASSERT_TRUE(wait_until(seconds(10), [&] {
    return master_.command({"GET", "{s0}:head"}) == "1-1 a/1#1";
  }));
  // More than one WAIT has passed by now.
  ASSERT_TRUE(wait_until(seconds(10), [&] { return ledger_->counters().commands.load() >= 4; }));
  EXPECT_EQ(append.wait_for(milliseconds(0)), std::future_status::timeout);
  replica_.thaw();

  EXPECT_TRUE(append.get());
}

TEST_F(RedisReplica, AReplicaIsNoLedgerToOpen) {
  options_.endpoint.unix_socket = replica_.socket_path();

  const auto opened = persistence::open_ledger(options_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, persistence::SetupFault::unsafe_settings);
}

}  // namespace wutong::test
