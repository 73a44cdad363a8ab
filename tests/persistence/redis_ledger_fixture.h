#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "persistence/redis_ledger.h"
#include "persistence/redis_loop.h"
#include "tests/support/journal_calls.h"
#include "tests/support/redis_server.h"
#include "tests/support/wait_until.h"

namespace wutong::test {

/// A server of its own for each case, with a ledger of four shards, opened once. Time limits are
/// short: what must run out in a case runs out soon.
class RedisLedgerTest : public testing::Test {
 protected:
  static constexpr std::uint32_t shards = 4;

  void SetUp() override {
    options_.endpoint.unix_socket = server_.socket_path();
    options_.append_timeout_ms = 250;
    options_.flush_timeout_ms = 250;
    options_.read_timeout_ms = 10'000;
    options_.connect_timeout_ms = 250;
    const auto created = persistence::create_ledger(options_, {.shards = shards});
    ASSERT_TRUE(created) << created.error().detail;
    ledger_ = open();
    ASSERT_NE(ledger_, nullptr);
  }

  /// Another gateway's view of the ledger; null, and a failure, if it cannot be had.
  [[nodiscard]] std::unique_ptr<persistence::RedisLedger> open() const {
    auto opened = persistence::open_ledger(options_);
    if (!opened) {
      ADD_FAILURE() << opened.error().detail;
      return nullptr;
    }
    return std::move(opened->ledger);
  }

  [[nodiscard]] JournalCalls journal(std::uint32_t shard = 0) {
    return JournalCalls(ledger_->journal(shard));
  }

  [[nodiscard]] std::uint64_t errors() const { return ledger_->counters().errors.load(); }

  /// Reads again while answers are `unknown`: after a bad day, for what the test itself wants to know.
  template <typename Call>
  [[nodiscard]] static auto insist(Call call) {
    auto result = call();
    static_cast<void>(wait_until(std::chrono::seconds(20), [&] {
      if (result || result.error().fault == LedgerFault::broken) return true;
      result = call();
      return false;
    }));
    return result;
  }

  RedisServer server_;
  persistence::RedisOptions options_;
  std::unique_ptr<persistence::RedisLedger> ledger_;
};

}  // namespace wutong::test
