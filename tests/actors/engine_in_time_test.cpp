#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "tests/actors/engine_cases.h"
#include "tests/support/wait_until.h"

namespace wutong {
namespace {

using namespace testing;
using persistence::MemoryLedger;

/// A ledger by the gateway's clock, and both clocks as a test moves them.
class EngineInTime : public ::testing::Test {
 protected:
  static constexpr std::int64_t day_ms = 86'400'000;

  static LedgerInfo by_gateways_clock() {
    auto info_in_time = info();
    info_in_time.clock = LedgerClock::gateway;
    info_in_time.history_days = 35;
    return info_in_time;
  }

  void start(const std::string& node) {
    engine.reset();
    auto clocks = system_clocks();
    clocks.wall_ms = [this] { return gateway_ms.load(); };
    engine = std::make_unique<TestEngine>(ledger, options(node), clocks);
    ASSERT_TRUE(engine->wait_until_ready());
  }

  void days_pass(int days) {
    ASSERT_TRUE(engine->stop());
    gateway_ms += days * day_ms;
    ledger_ms += days * day_ms;
  }

  Reply buy(const std::string& order, domain::Instant occurred_at) {
    return engine->call("alice", checkout_of(order, 10'000, occurred_at), {gateway_ms});
  }

  std::atomic<std::int64_t> gateway_ms{noon.unix_ms};
  std::atomic<std::int64_t> ledger_ms{noon.unix_ms};
  MemoryLedger ledger{by_gateways_clock(), [this] { return ledger_ms.load(); }};
  std::unique_ptr<TestEngine> engine;
};

TEST_F(EngineInTime, AnOrderIsKnownForTheRetentionAndNewAfterIt) {
  start("a/1");
  engine->enroll("alice", noon);
  const auto first = buy("o1", noon);
  for (int index = 0; index < 20; ++index) buy("other" + std::to_string(index), noon);

  days_pass(30);
  start("a/2");
  const auto month_later = buy("o1", noon);
  days_pass(40);
  start("a/3");
  const auto long_after = buy("o1", {gateway_ms});

  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(month_later)) << month_later.index();
  EXPECT_TRUE(std::get<ReceiptReply>(month_later).replayed);
  EXPECT_EQ(order_in(month_later), order_in(first));
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(long_after)) << long_after.index();
  EXPECT_FALSE(std::get<ReceiptReply>(long_after).replayed);
}

TEST_F(EngineInTime, DecidesNothingWhileItsClockAndTheLedgersDiffer) {
  start("a/1");
  engine->enroll("alice", noon);

  ledger_ms += 3'600'000;
  EXPECT_TRUE(
      test::wait_until(std::chrono::seconds(10), [&] { return !engine->engine().ready(); }));
  const auto reply = buy("o1", noon);
  ledger_ms -= 3'600'000;
  ASSERT_TRUE(engine->wait_until_ready());

  ASSERT_TRUE(std::holds_alternative<FailedReply>(reply)) << reply.index();
  EXPECT_EQ(std::get<FailedReply>(reply).failure, CallFailure::unavailable);
  EXPECT_TRUE(std::holds_alternative<ReceiptReply>(buy("o1", noon)));
}

}  // namespace
}  // namespace wutong
