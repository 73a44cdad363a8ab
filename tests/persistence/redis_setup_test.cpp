#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "persistence/redis_ledger.h"
#include "tests/support/journal_calls.h"
#include "tests/support/redis_server.h"

/// Creating and opening a ledger in Redis.
namespace wutong::test {

using persistence::create_ledger;
using persistence::open_ledger;
using persistence::SetupFault;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RedisSetup : public testing::Test {
 protected:
  void SetUp() override { options_.endpoint.unix_socket = server_.socket_path(); }

  void configure(const std::string& name, const std::string& value) {
    ASSERT_EQ(server_.command({"CONFIG", "SET", name, value}), "OK");
  }

  RedisServer server_;
  persistence::RedisOptions options_;
};

TEST_F(RedisSetup, OpeningReadsWhatWasCreated) {
  const auto created =
      create_ledger(options_, {.shards = 2, .clock = LedgerClock::caller, .history_days = 800});
  const auto opened = open_ledger(options_);

  ASSERT_TRUE(created) << created.error().detail;
  ASSERT_TRUE(opened) << opened.error().detail;
  const LedgerInfo& info = opened->ledger->info();
  EXPECT_EQ(info.id, created->id);
  EXPECT_EQ(info.id.size(), 32);
  EXPECT_EQ(info.shards, 2);
  EXPECT_EQ(info.hash_key, created->hash_key);
  EXPECT_EQ(info.hash_key.size(), 16);
  EXPECT_EQ(info.identity_key, created->identity_key);
  EXPECT_EQ(info.identity_key.size(), 32);
  EXPECT_EQ(info.clock, LedgerClock::caller);
  EXPECT_EQ(info.history_days, 800);
  EXPECT_THAT(opened->warnings, IsEmpty());
}

TEST_F(RedisSetup, CreatingWritesHeadsAndMarksOfEveryShard) {
  ASSERT_TRUE(create_ledger(options_, {.shards = 2}));

  EXPECT_EQ(server_.command({"MGET", "{s0}:head", "{s1}:head", "{s0}:mark", "{s1}:mark"}),
            "0-0 none\n0-0 none\n0-0 0\n0-0 0\n");
  EXPECT_EQ(server_.command({"DBSIZE"}), "5");
}

TEST_F(RedisSetup, EveryLedgerHasKeysOfItsOwn) {
  const auto first = create_ledger(options_, {.shards = 1});
  server_.command({"FLUSHALL"});
  const auto second = create_ledger(options_, {.shards = 1});

  ASSERT_TRUE(first && second);
  EXPECT_NE(first->id, second->id);
  EXPECT_NE(first->hash_key, second->hash_key);
  EXPECT_NE(first->identity_key, second->identity_key);
}

TEST_F(RedisSetup, ALedgerIsNotCreatedOverAnother) {
  const auto first = create_ledger(options_, {.shards = 2});
  ASSERT_TRUE(first);

  const auto second = create_ledger(options_, {.shards = 4});

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().fault, SetupFault::ledger_exists);
  EXPECT_EQ(open_ledger(options_)->ledger->info().id, first->id);
}

TEST_F(RedisSetup, ACreationThatWasCutShortIsTakenUpAgain) {
  server_.command({"SET", "{s0}:head", "0-0 none"});
  server_.command({"SET", "{s0}:mark", "0-0 0"});
  server_.command({"SET", "{s1}:head", "0-0 none"});

  EXPECT_TRUE(create_ledger(options_, {.shards = 4}));
}

TEST_F(RedisSetup, DataWithoutALedgerIsLeftAlone) {
  for (const std::vector<std::string>& stray :
       std::vector<std::vector<std::string>>{{"SET", "{s0}:head", "1-5 a/1#1"},
                                             {"SET", "{s0}:mark", "1-5 1"},
                                             {"SET", "{s99}:head", "1-5 a/1#1"},
                                             {"SET", "{s1}:m:0000000000000001", "snapshot"},
                                             {"XADD", "{s0}:log", "1-5", "b", "batch"}}) {
    server_.command({"FLUSHALL"});
    server_.command(stray);

    const auto created = create_ledger(options_, {.shards = 2});

    ASSERT_FALSE(created) << stray[1];
    EXPECT_EQ(created.error().fault, SetupFault::stray_data);
    EXPECT_THAT(created.error().detail, HasSubstr(stray[1]));
    EXPECT_EQ(server_.command({"DBSIZE"}), "1");
  }
}

TEST_F(RedisSetup, OptionsOutOfRangeAreRefused) {
  for (const persistence::CreateOptions& wrong :
       {persistence::CreateOptions{.shards = 0}, persistence::CreateOptions{.shards = 12},
        persistence::CreateOptions{.shards = 2'048}, persistence::CreateOptions{.history_days = 0},
        persistence::CreateOptions{.history_days = 1'101}}) {
    const auto created = create_ledger(options_, wrong);
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().fault, SetupFault::invalid_options);
  }
  options_.endpoint.unix_socket = "/" + std::string(200, 'x');
  EXPECT_EQ(open_ledger(options_).error().fault, SetupFault::invalid_options);
  options_.endpoint.unix_socket = server_.socket_path();
  options_.append_timeout_ms = 0;
  EXPECT_EQ(open_ledger(options_).error().fault, SetupFault::invalid_options);
}

TEST_F(RedisSetup, WithoutALedgerThereIsNothingToOpen) {
  const auto opened = open_ledger(options_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, SetupFault::no_ledger);
}

TEST_F(RedisSetup, AServerThatIsNotThereIsUnreachable) {
  server_.kill();
  options_.setup_timeout_ms = 100;

  const auto opened = open_ledger(options_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, SetupFault::unreachable);
  EXPECT_THAT(opened.error().detail, HasSubstr("onnect"));
}

TEST_F(RedisSetup, AFrozenServerIsUnreachable) {
  server_.freeze();
  options_.setup_timeout_ms = 100;

  EXPECT_EQ(open_ledger(options_).error().fault, SetupFault::unreachable);
}

TEST_F(RedisSetup, EverySettingThatLosesDataIsNamed) {
  ASSERT_TRUE(create_ledger(options_, {.shards = 1}));
  configure("appendfsync", "no");
  configure("maxmemory-policy", "allkeys-lru");
  configure("aof-load-truncated", "no");
  configure("appendonly", "no");

  const auto opened = open_ledger(options_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, SetupFault::unsafe_settings);
  EXPECT_THAT(opened.error().detail,
              AllOf(HasSubstr("appendonly is 'no'"), HasSubstr("appendfsync is 'no'"),
                    HasSubstr("maxmemory-policy is 'allkeys-lru'"),
                    HasSubstr("aof-load-truncated is 'no'")));
}

TEST_F(RedisSetup, NoLedgerIsCreatedWhereItWouldBeLost) {
  configure("appendonly", "no");

  EXPECT_EQ(create_ledger(options_, {}).error().fault, SetupFault::unsafe_settings);
  EXPECT_EQ(server_.command({"DBSIZE"}), "0");
}

TEST_F(RedisSetup, EverysecIsAllowedOnlyWhenAskedForAndWithAWarning) {
  ASSERT_TRUE(create_ledger(options_, {.shards = 1}));
  configure("appendfsync", "everysec");

  const auto refused = open_ledger(options_);
  options_.allow_everysec = true;
  const auto opened = open_ledger(options_);

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, SetupFault::unsafe_settings);
  ASSERT_TRUE(opened);
  EXPECT_THAT(opened->warnings, ElementsAre(HasSubstr("everysec")));
}

TEST_F(RedisSetup, TooFewReplicasAreWarnedOf) {
  ASSERT_TRUE(create_ledger(options_, {.shards = 1}));
  options_.replicas = 1;

  const auto opened = open_ledger(options_);

  ASSERT_TRUE(opened);
  EXPECT_THAT(opened->warnings, ElementsAre(HasSubstr("replicas is 1")));
}

TEST_F(RedisSetup, ADamagedRecordIsNotGuessedAt) {
  ASSERT_TRUE(create_ledger(options_, {.shards = 1}));
  const std::string record = server_.command({"GET", "wutong:ledger"});
  server_.command({"SET", "wutong:ledger", record.substr(0, record.size() / 2)});

  const auto opened = open_ledger(options_);

  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, SetupFault::damaged);
}

TEST_F(RedisSetup, ALedgerIsReachedOverTcpToo) {
  RedisServer server({.tcp = true});
  const persistence::RedisOptions options{.endpoint = {.port = server.port()}};

  ASSERT_TRUE(create_ledger(options, {.shards = 1}));
  const auto opened = open_ledger(options);

  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(JournalCalls(opened->ledger->journal(0)).head()->head, fresh_head());
}

}  // namespace wutong::test
