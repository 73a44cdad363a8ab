#include "persistence/ledger_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "persistence/keys.h"
#include "persistence/redis_command.h"
#include "persistence/redis_reply.h"
#include "tests/support/journal_calls.h"

namespace wutong::test {

using namespace persistence;  // NOLINT: this test is of its small functions
using std::string_literals::operator""s;
using testing::HasSubstr;

namespace {

const LedgerInfo info{.id = "5eed",
                      .shards = 16,
                      .hash_key = std::string("\0\x01\xff", 3) + std::string(13, 'h'),
                      .identity_key = std::string(32, 'i'),
                      .clock = LedgerClock::caller,
                      .history_days = 800};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  return text.replace(text.find(from), from.size(), to);
}

}  // namespace

TEST(LedgerText, HeadsAndMarksAreReadAsTheyAreWritten) {
  const Head head = head_at(18'446'744'073'709'551'615U, 7, "node a/boot#3");
  const Mark mark{.position = {.epoch = 3, .sequence = 0}, .flush = 12};

  EXPECT_EQ(head_text(head), "18446744073709551615-7 node a/boot#3");
  EXPECT_EQ(parse_head(head_text(head)), head);
  EXPECT_EQ(mark_text(mark), "3-0 12");
  EXPECT_EQ(parse_mark(mark_text(mark)), mark);
  EXPECT_EQ(parse_head(fresh_head_text), fresh_head());
  EXPECT_EQ(parse_mark(fresh_mark_text), Mark());
}

TEST(LedgerText, AValueHasOneTextOnly) {
  for (const auto* const text : {"", "1", "1-", "-1", "1-2", "1-2 ", "01-2 a", "1-02 a", "+1-2 a",
                                 " 1-2 a", "1--2 a", "1-x a", "18446744073709551616-0 a"}) {
    EXPECT_EQ(parse_head(text), std::nullopt) << text;
  }
  for (const auto* const text : {"", "1-2", "1-2 ", "1-2 x", "1-2 01", "1-2 3 4"}) {
    EXPECT_EQ(parse_mark(text), std::nullopt) << text;
  }
}

TEST(LedgerText, ALedgersRecordIsReadAsItIsWritten) {
  const auto read = parse_ledger_info(ledger_info_text(info));

  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->id, info.id);
  EXPECT_EQ(read->shards, info.shards);
  EXPECT_EQ(read->hash_key, info.hash_key);
  EXPECT_EQ(read->identity_key, info.identity_key);
  EXPECT_EQ(read->clock, info.clock);
  EXPECT_EQ(read->history_days, info.history_days);
}

TEST(LedgerText, ALedgersRecordIsNotGuessedAt) {
  const std::string text = ledger_info_text(info);
  struct Row {
    std::string_view from;
    std::string_view to;
    std::string_view complaint;
  };
  for (const auto& [from, to, complaint] :
       {Row{"version=1", "version=2", "another version"}, Row{"version=1\n", "", "version"},
        Row{"shards=16", "shards=12", "power of two"}, Row{"shards=16", "shards=x", "number"},
        Row{"shards=16\n", "shards=16\nshards=16\n", "twice"},
        Row{"clock=caller", "clock=sun", "clock"}, Row{"hash_key=00", "hash_key=", "key"},
        Row{"hash_key=00", "hash_key=0g", "key"}, Row{"id=5eed", "id=", "no id"},
        Row{"id=5eed", "name=x\nid=5eed", "not known"}, Row{"id=5eed", "id", "without"}}) {
    const auto read = parse_ledger_info(replaced(text, from, to));
    ASSERT_FALSE(read) << to;
    EXPECT_THAT(read.error(), HasSubstr(std::string(complaint)));
  }
}

TEST(ShardKeys, CarryOneHashTagAndNameTheMember) {
  const ShardKeys keys(7);
  const domain::MemberKey member{.value = 0xabc};

  EXPECT_EQ(keys.head(), "{s7}:head");
  EXPECT_EQ(keys.log(), "{s7}:log");
  EXPECT_EQ(keys.mark(), "{s7}:mark");
  EXPECT_EQ(keys.lease(), "{s7}:lease");
  EXPECT_EQ(keys.snapshot(member), "{s7}:m:0000000000000abc");
  EXPECT_EQ(keys.history(member, 681), "{s7}:h:0000000000000abc:681");
  EXPECT_EQ(keys.book(681, 12), "{s7}:o:681:12");
  EXPECT_EQ(keys.member_of(keys.snapshot(member)), member);
  EXPECT_EQ(keys.member_of("{s8}:m:0000000000000abc"), std::nullopt);
  EXPECT_EQ(keys.member_of("{s7}:m:abc"), std::nullopt);
  EXPECT_EQ(keys.member_of("{s7}:m:000000000000zabc"), std::nullopt);
}

TEST(RedisCommand, IsFormattedAsRedisReadsIt) {
  EXPECT_EQ(redis_command({"SET", "k", std::string_view("\0\r\n", 3)}),
            "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\n\0\r\n\r\n"s);
  EXPECT_EQ(RedisCommandWriter(2).add("").add_number(-5).take(), "*2\r\n$0\r\n\r\n$2\r\n-5\r\n");
}

TEST(ErrorOfReply, PassingTroubleIsUnknownAndTheRestIsBroken) {
  for (const auto* const text :
       {"NOSCRIPT No matching script.", "LOADING Redis is loading", "TRYAGAIN Multiple keys",
        "CLUSTERDOWN Hash slot not served", "OOM command not allowed",
        "MISCONF Redis is configured", "BUSY Redis is busy", "READONLY You can't write",
        "NOREPLICAS Not enough good replicas", "MASTERDOWN Link with MASTER is down"}) {
    EXPECT_EQ(error_of_reply(text).fault, LedgerFault::unknown) << text;
  }
  for (const auto* const text :
       {"NOSTORE no head", "ERR The ID specified in XADD is equal or smaller than the target",
        "WRONGTYPE Operation", "NOAUTH Authentication required.", "BUSYGROUP x", ""}) {
    EXPECT_EQ(error_of_reply(text).fault, LedgerFault::broken) << text;
  }
}

TEST(TimeReply, IsTakenIfItFitsMilliseconds) {
  struct Text : redisReply {
    explicit Text(const std::string& text)
        : redisReply{.type = REDIS_REPLY_STRING, .len = text.size(), .str = bytes}, bytes{} {
      text.copy(bytes, sizeof bytes);
    }
    char bytes[32];
  };
  const auto read = [](const std::string& seconds, const std::string& microseconds) {
    Text first(seconds);
    Text second(microseconds);
    redisReply* elements[] = {&first, &second};
    const redisReply reply{.type = REDIS_REPLY_ARRAY, .elements = 2, .element = elements};
    return read_time_reply(&reply);
  };

  EXPECT_EQ(read("1793592000", "123456"), 1'793'592'000'123);
  ASSERT_FALSE(read("9223372036854775807", "0"));
  EXPECT_EQ(read("9223372036854775807", "0").error().fault, LedgerFault::broken);
  EXPECT_FALSE(read("9223372036854775", "9223372036854775807"));
}

}  // namespace wutong::test
