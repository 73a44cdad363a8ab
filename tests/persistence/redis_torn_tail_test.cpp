#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "tests/persistence/redis_ledger_fixture.h"

/// The machine went down in the midst of a write: the file of appends ends anywhere in the last one.
namespace wutong::test {

class RedisTornTail : public RedisLedgerTest {
 protected:
  [[nodiscard]] std::string written() const {
    std::ifstream file(server_.append_file(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void restart_with(std::string_view bytes) {
    const auto path = server_.append_file();
    server_.kill();
    std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
    server_.start();
  }
};

TEST_F(RedisTornTail, AnAppendIsThereWholeOrNotAtAllWhereverItWasCut) {
  const Head older = head_at(1, 5, "a/1#1");
  const Head newest = head_at(1, 9, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), older, "older"));
  const std::size_t size_before = written().size();
  ASSERT_TRUE(journal().append(older, newest, "newest"));
  const std::string all = written();
  ASSERT_GT(all.size(), size_before);
  const std::string newest_text = "1-9 a/1#1";
  const std::string older_text = "1-5 a/1#1";

  for (std::size_t size = size_before; size <= all.size(); ++size) {
    restart_with(std::string_view(all).substr(0, size));

    const bool whole = size == all.size();
    ASSERT_EQ(server_.command({"GET", "{s0}:head"}), whole ? newest_text : older_text)
        << "cut at " << size - size_before << " of " << all.size() - size_before;
    ASSERT_EQ(server_.command({"XLEN", "{s0}:log"}), whole ? "2" : "1");
  }
}

TEST_F(RedisTornTail, ALostAppendShowsAsAnOlderHeadAndIsTakenAgain) {
  const Head older = head_at(1, 5, "a/1#1");
  const Head newest = head_at(1, 9, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), older, "older"));
  ASSERT_TRUE(journal().append(older, newest, "newest"));
  const std::string all = written();
  restart_with(std::string_view(all).substr(0, all.size() - 1));

  const auto head = insist([&] { return journal().head(); });
  const auto next = journal().append(newest, head_at(1, 10, "a/1#1"), "next");
  const auto again = journal().append(older, newest, "newest");

  ASSERT_TRUE(head && next && again);
  EXPECT_EQ(head->head, older);
  EXPECT_EQ(head->server_generation, 2);
  EXPECT_EQ(next->head, older);
  EXPECT_EQ(again->head, newest);
  EXPECT_EQ(journal().log()->size(), 2);
}

TEST_F(RedisTornTail, AFlushIsThereWholeOrNotAtAll) {
  const Head head = head_at(1, 5, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), head, "batch"));
  const std::size_t size_before = written().size();
  ASSERT_EQ(*journal().flush({.epoch = 1,
                              .writer = "a/1#1",
                              .highest_sequence = 5,
                              .next = {.position = head.position, .flush = 1},
                              .snapshots = {{.member = {.value = 1}, .snapshot = "snapshot"}},
                              .history = {{.member = {.value = 1}, .month = 7, .records = "r"}},
                              .book = {{.month = 7, .bucket = 1, .entries = "e"}}}),
            FlushOutcome::done);
  const std::string all = written();

  for (std::size_t size = size_before; size < all.size(); size += 13) {
    restart_with(std::string_view(all).substr(0, size));

    ASSERT_EQ(server_.command({"GET", "{s0}:mark"}), "0-0 0") << "cut at " << size - size_before;
    ASSERT_EQ(server_.command({"KEYS", "{s0}:[mho]:*"}), "");
  }
  restart_with(all);
  EXPECT_EQ(server_.command({"GET", "{s0}:mark"}), "1-5 1");
  EXPECT_EQ(server_.command({"GET", "{s0}:m:0000000000000001"}), "snapshot");
}

TEST_F(RedisTornTail, AReadThatAnotherServerAnsweredIsToldFromThoseBefore) {
  const Head head = head_at(1, 5, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), head, "batch"));
  const std::string before_flush = written();
  const Mark flushed{.position = head.position, .flush = 1};
  ASSERT_EQ(*journal().flush({.epoch = 1,
                              .writer = "a/1#1",
                              .highest_sequence = 5,
                              .next = flushed,
                              .snapshots = {{.member = {.value = 1}, .snapshot = "snapshot"}}}),
            FlushOutcome::done);
  ASSERT_EQ(*journal().mark(), flushed);
  const auto before = journal().reads_generation();
  ASSERT_EQ(**journal().snapshot(1), "snapshot");
  ASSERT_EQ(journal().reads_generation(), before) << "one server process answered both";

  restart_with(before_flush);
  const auto lost = insist([&] { return journal().snapshot(1); });

  EXPECT_FALSE(lost->has_value());
  EXPECT_GT(journal().reads_generation(), before)
      << "a lost flush shows as a member that never was, and only this tells";
  EXPECT_EQ(*journal().mark(), Mark());
}

}  // namespace wutong::test
