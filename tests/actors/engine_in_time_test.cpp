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

  explicit EngineInTime(std::int32_t history_days = 35)
      : ledger(by_gateways_clock(history_days), [this] { return ledger_ms.load(); }) {}

  static LedgerInfo by_gateways_clock(std::int32_t history_days) {
    auto info_in_time = info();
    info_in_time.clock = LedgerClock::gateway;
    info_in_time.history_days = history_days;
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

  Reply buy(const std::string& order, domain::Instant occurred_at,
            std::int64_t minor_units = 10'000) {
    return engine->call("alice", checkout_of(order, minor_units, occurred_at), {gateway_ms});
  }

  /// More than a member's state keeps records of.
  void buy_others(const std::string& name, domain::Instant occurred_at) {
    for (int index = 0; index < 20; ++index) buy(name + std::to_string(index), occurred_at);
  }

  std::atomic<std::int64_t> gateway_ms{noon.unix_ms};
  std::atomic<std::int64_t> ledger_ms{noon.unix_ms};
  MemoryLedger ledger;
  std::unique_ptr<TestEngine> engine;
};

TEST_F(EngineInTime, AnOrderIsKnownForTheRetentionAndNewAfterIt) {
  start("a/1");
  engine->enroll("alice", noon);
  const auto first = buy("o1", noon);
  buy_others("other", noon);

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

class EngineThatForgetsSoon : public EngineInTime {
 protected:
  EngineThatForgetsSoon() : EngineInTime(3) {}
};

/// A member's month is kept as a whole, so it outlives what the order book knows of an order in it.
TEST_F(EngineThatForgetsSoon, AnOrderIdUsedAgainNamesTheLatestOrder) {
  start("a/1");
  engine->enroll("alice", noon);
  buy("o1", noon);
  buy_others("early", noon);
  days_pass(2);
  start("a/2");
  buy("keeps-the-month", {gateway_ms});
  days_pass(2);
  start("a/3");

  const domain::Instant anew{gateway_ms};
  const auto again = buy("o1", anew, 20'000);
  buy_others("late", anew);
  days_pass(0);
  start("a/4");
  const auto receipt = engine->call(
      "alice", ReadReceipt{.key = record_key("M1", "o1"), .order = record_key("M1", "o1")},
      {gateway_ms});
  const auto repeated = buy("o1", anew, 20'000);
  const auto refunded =
      engine->call("alice", refund_of("r1", "o1", 15'000, {gateway_ms}), {gateway_ms});

  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(again)) << again.index();
  EXPECT_FALSE(std::get<ReceiptReply>(again).replayed);
  EXPECT_EQ(order_in(receipt), order_in(again));
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(repeated)) << repeated.index();
  EXPECT_EQ(order_in(repeated), order_in(again));
  ASSERT_TRUE(std::holds_alternative<ReceiptReply>(refunded)) << refunded.index();
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
