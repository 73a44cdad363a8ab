#include <gtest/gtest.h>

#include "persistence/memory_ledger.h"
#include "persistence/redis_ledger.h"
#include "tests/persistence/ledger_contract.h"
#include "tests/support/redis_server.h"

namespace wutong::test {

namespace {

class MemoryUnderTest final : public LedgerUnderTest {
 public:
  Ledger& gateway() override { return ledger_; }
  Ledger& other_gateway() override { return ledger_; }
  void remove_head(std::uint32_t shard) override { ledger_.remove_head(shard); }

 private:
  persistence::MemoryLedger ledger_{LedgerInfo{.id = "memory",
                                               .shards = 8,
                                               .hash_key = std::string(16, 'h'),
                                               .identity_key = std::string(32, 'i')}};
};

/// One server for all cases, emptied between them: starting one takes longer than most cases.
class SharedRedis : public testing::Environment {
 public:
  void TearDown() override { server.reset(); }

  static RedisServer& running() {
    if (server == nullptr) server = std::make_unique<RedisServer>();
    return *server;
  }

 private:
  static inline std::unique_ptr<RedisServer> server;
};
const auto* const shared_redis = testing::AddGlobalTestEnvironment(new SharedRedis);

class RedisUnderTest final : public LedgerUnderTest {
 public:
  RedisUnderTest(persistence::OpenedLedger one, persistence::OpenedLedger two)
      : one_(std::move(one.ledger)), two_(std::move(two.ledger)) {}

  Ledger& gateway() override { return *one_; }
  Ledger& other_gateway() override { return *two_; }
  void remove_head(std::uint32_t shard) override {
    SharedRedis::running().command({"DEL", "{s" + std::to_string(shard) + "}:head"});
  }

 private:
  std::unique_ptr<persistence::RedisLedger> one_;
  std::unique_ptr<persistence::RedisLedger> two_;
};

std::unique_ptr<LedgerUnderTest> make_in_memory() { return std::make_unique<MemoryUnderTest>(); }

std::unique_ptr<LedgerUnderTest> make_in_redis() {
  auto& server = SharedRedis::running();
  server.command({"FLUSHALL"});
  const persistence::RedisOptions options{.endpoint = {.unix_socket = server.socket_path()}};
  const auto created = persistence::create_ledger(options, {.shards = 8});
  EXPECT_TRUE(created) << created.error().detail;
  auto one = persistence::open_ledger(options);
  auto two = persistence::open_ledger(options);
  if (!one || !two) {
    ADD_FAILURE() << (one ? two : one).error().detail;
    return nullptr;
  }
  return std::make_unique<RedisUnderTest>(*std::move(one), *std::move(two));
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Ledgers, LedgerContract,
                         testing::Values(LedgerKind{.name = "Memory", .make = make_in_memory},
                                         LedgerKind{.name = "Redis", .make = make_in_redis}),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace wutong::test
