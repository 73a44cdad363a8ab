#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "persistence/redis_reply.h"
#include "tests/support/fuzz.h"

/// Whatever a server answers, each reader makes a value or a fault of it.
namespace wutong::persistence {
namespace {

using test::Corpus;
using test::FuzzRun;

struct Free {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
  void operator()(redisReader* reader) const { redisReaderFree(reader); }
};
using Reply = std::unique_ptr<redisReply, Free>;

/// hiredis makes room for as many elements as an array claims to have; that is not ours to try.
bool claims_too_much(std::string_view bytes) {
  for (auto at = bytes.find('*'); at != std::string_view::npos; at = bytes.find('*', at + 1)) {
    const auto claim = bytes.substr(at + 1, bytes.find('\r', at) - at - 1);
    if (claim.size() > 4) return true;
  }
  return false;
}

/// Nothing for bytes that are no whole reply.
Reply reply_in(std::string_view bytes) {
  const std::unique_ptr<redisReader, Free> reader(redisReaderCreate());
  void* reply = nullptr;
  const bool read = redisReaderFeed(reader.get(), bytes.data(), bytes.size()) == REDIS_OK &&
                    redisReaderGetReply(reader.get(), &reply) == REDIS_OK;
  return Reply(read ? static_cast<redisReply*>(reply) : nullptr);
}

template <typename Value>
bool is_taken(const LedgerResult<Value>& value) {
  if (value) return true;
  EXPECT_EQ(value.error().fault, LedgerFault::broken);
  EXPECT_NE(value.error().detail, "");
  return false;
}

bool is_taken_by_any(const redisReply* reply) {
  int taken = 0;
  taken += is_taken(read_head_reply(reply));
  taken += is_taken(read_mark_reply(reply));
  taken += is_taken(read_flush_reply(reply));
  taken += is_taken(read_log_reply(reply));
  taken += is_taken(read_bytes_reply(reply));
  taken += is_taken(read_list_reply(reply));
  taken += is_taken(read_scan_reply(reply));
  taken += is_taken(read_months_reply(reply));
  taken += is_taken(read_count_reply(reply));
  taken += is_taken(read_lease_reply(reply));
  taken += is_taken(read_log_size_reply(reply));
  taken += is_taken(read_time_reply(reply));
  if (const auto text = text_of(reply)) {
    (void)error_of_reply(*text);
    (void)info_field(*text, "aof_enabled");
  }
  return taken > 0;
}

TEST(RedisReplyFuzz, EveryReaderOfEveryAnswer) {
  const Corpus corpus{
      .texts =
          {
              "$-1\r\n",
              "+done\r\n",
              "+fenced\r\n",
              "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
              "$10\r\n1-7 n/1#12\r\n",
              "$6\r\n1-7 12\r\n",
              ":1234\r\n",
              "*2\r\n*2\r\n$3\r\n1-7\r\n*2\r\n$1\r\nb\r\n$5\r\nbatch\r\n"
              "*2\r\n$3\r\n1-9\r\n*2\r\n$1\r\nb\r\n$0\r\n\r\n",
              "*3\r\n$5\r\nbytes\r\n$-1\r\n$0\r\n\r\n",
              "*2\r\n$2\r\n17\r\n*2\r\n$6\r\nkey:s1\r\n$6\r\nkey:s2\r\n",
              "*3\r\n$3\r\n682\r\n$3\r\n681\r\n$2\r\n-1\r\n",
              "*3\r\n$6\r\nnode/1\r\n:3000\r\n:17\r\n",
              "*2\r\n:12\r\n:4096\r\n",
              "*2\r\n$10\r\n1793592000\r\n$6\r\n123456\r\n",
              "$40\r\nredis_version:7.0.15\r\naof_enabled:1\r\nx:y\r\n\r\n",
          },
      .words = {"\r\n", "$-1\r\n", "*-1\r\n", "*0\r\n", "$0\r\n\r\n", ":", "$", "*", "+", "-",
                "*2\r\n:9223372036854775807\r\n:-9223372036854775808\r\n"}};
  const FuzzRun run{.inputs = 100'000};

  test::fuzz(corpus, run, [](std::string_view bytes) {
    if (claims_too_much(bytes)) return false;
    const auto reply = reply_in(bytes);
    return reply != nullptr && is_taken_by_any(reply.get());
  });
}

}  // namespace
}  // namespace wutong::persistence
