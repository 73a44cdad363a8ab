#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "persistence/audit.h"
#include "persistence/memory_ledger.h"
#include "tests/support/test_engine.h"

/// The audit over what the engine really writes.
namespace wutong::persistence {
namespace {

using wutong::testing::at;
using wutong::testing::checkout_of;
using wutong::testing::refund_of;
using wutong::testing::TestEngine;

const StoredCodec codec;
const auto noon = at("2026-11-20 12:00:00");
constexpr int members = 40;
constexpr int orders_per_round = 600;
constexpr int rounds = 3;

std::unique_ptr<TestEngine> started(Ledger& ledger, int boot, Clocks clocks = system_clocks()) {
  auto engine = std::make_unique<TestEngine>(ledger,
                                             EngineOptions{.node_boot = "a/" + std::to_string(boot),
                                                           .threads = 2,
                                                           .lease_ttl_ms = 200,
                                                           .flush_interval_ms = 10},
                                             std::move(clocks));
  EXPECT_TRUE(engine->wait_until_ready());
  return engine;
}

std::string name_of(int member) { return "m" + std::to_string(member); }

/// Orders of random members, among them doubled ones, ones that another member tries too, and refunds.
class Traffic {
 public:
  void send(TestEngine& engine) {
    for (int i = 0; i < orders_per_round; ++i) {
      const auto order = "o" + std::to_string(orders_++);
      const auto member = pick(members);
      const auto amount = 1'000 + pick(120'000);
      submit(engine, member, checkout_of(order, amount, noon));
      if (pick(10) == 0) submit(engine, member, checkout_of(order, amount, noon));
      if (pick(10) == 0) submit(engine, pick(members), checkout_of(order, amount, noon));
      if (pick(5) == 0) {
        submit(engine, member, refund_of("r" + order, order, 1 + pick(amount), noon));
      }
    }
  }
  void wait() {
    for (auto& reply : replies_) (void)reply.get();
    replies_.clear();
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  void submit(TestEngine& engine, int member, Request request) {
    replies_.push_back(engine.submit(name_of(member), std::move(request), noon));
  }

  std::mt19937 random_{20'261'120};
  int orders_ = 0;
  std::vector<std::future<Reply>> replies_;
};

TEST(AuditOfAnEngine, HoldsWhileItRunsAfterACrashAndAtTheEnd) {
  MemoryLedger ledger({.id = "test",
                       .shards = 4,
                       .hash_key = std::string(16, 'k'),
                       .identity_key = std::string(32, 'i'),
                       .clock = LedgerClock::caller,
                       .history_days = 800,
                       .book_buckets = 16});
  const auto expect_sound = [&](const std::string& when) {
    const auto report = audit(ledger, codec);
    ASSERT_TRUE(report.has_value()) << when;
    ASSERT_FALSE(report->broken) << when << ": " << report->broken->what << ", shard "
                                 << report->broken->shard << ", position "
                                 << report->broken->position.epoch << "-"
                                 << report->broken->position.sequence;
  };
  Traffic traffic;
  auto engine = started(ledger, 0);
  for (int member = 0; member < members; ++member) engine->enroll(name_of(member), noon);

  for (int round = 1; round <= rounds; ++round) {
    traffic.send(*engine);
    for (int i = 0; i < 20; ++i) expect_sound("while it runs");
    traffic.wait();
    expect_sound("when all is answered");
    engine->crash();
    expect_sound("after a crash");
    engine = started(ledger, round);
  }
  ASSERT_TRUE(engine->stop());

  const auto report = audit(ledger, codec);
  ASSERT_TRUE(report.has_value());
  ASSERT_FALSE(report->broken) << report->broken->what;
  EXPECT_EQ(report->members, static_cast<std::uint64_t>(members));
  EXPECT_EQ(report->orders - report->reversals,
            static_cast<std::uint64_t>(rounds * orders_per_round));
  EXPECT_EQ(report->snapshots, static_cast<std::uint64_t>(members));
  EXPECT_GT(report->refunds, 0U);
  EXPECT_GT(report->records, 0U);
  EXPECT_EQ(report->in_flight, 0U);
}

TEST(AuditOfAnEngine, HoldsWhenTheEngineTakesAnOrderThatTheLedgerHasForgotten) {
  std::atomic<std::int64_t> now_ms{noon.unix_ms};
  MemoryLedger ledger({.id = "test",
                       .shards = 4,
                       .hash_key = std::string(16, 'k'),
                       .identity_key = std::string(32, 'i'),
                       .clock = LedgerClock::gateway,
                       .history_days = 35,
                       .book_buckets = 16},
                      [&] { return now_ms.load(); });
  auto clocks = system_clocks();
  clocks.wall_ms = [&] { return now_ms.load(); };
  auto engine = started(ledger, 0, clocks);
  const auto buy = [&](const std::string& member, const std::string& order) {
    const auto reply = engine->call(member, checkout_of(order, 10'000, {now_ms}), {now_ms});
    const auto* receipt = std::get_if<ReceiptReply>(&reply);
    return receipt != nullptr && !receipt->replayed;
  };
  for (const auto* member : {"alice", "bob"}) engine->enroll(member, noon);
  ASSERT_TRUE(buy("alice", "o1"));
  ASSERT_TRUE(buy("alice", "o2"));
  // So many that the first are no longer among the records that the member itself keeps.
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(buy("alice", "other" + std::to_string(i)));

  ASSERT_TRUE(engine->stop());
  now_ms += 70 * std::int64_t{86'400'000};
  engine = started(ledger, 1, clocks);
  ASSERT_TRUE(buy("alice", "o1"));
  ASSERT_TRUE(buy("bob", "o2"));
  ASSERT_TRUE(engine->stop());

  const auto report = audit(ledger, codec);
  ASSERT_TRUE(report.has_value());
  ASSERT_FALSE(report->broken) << report->broken->what;
  EXPECT_EQ(report->orders, 24U);
  EXPECT_EQ(report->claims_without_checkout, 0U);
}

}  // namespace
}  // namespace wutong::persistence
