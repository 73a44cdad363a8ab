#include "persistence/memory_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/journal_calls.h"

/// What the twin can and Redis cannot: lose its tail on command, and live by a clock of the test's.
namespace wutong::test {

using persistence::MemoryLedger;
using testing::ElementsAre;

class MemoryLedgerTest : public testing::Test {
 protected:
  [[nodiscard]] JournalCalls journal() { return JournalCalls(ledger_.journal(0)); }

  void append_to(std::uint64_t sequence) {
    Head head = fresh_head();
    for (std::uint64_t i = 1; i <= sequence; ++i) {
      const Head next = head_at(1, i, "a/1#1");
      ASSERT_EQ(journal().append(head, next, std::to_string(i))->head, next);
      head = next;
    }
  }

  [[nodiscard]] FlushRequest flush(std::uint64_t number, std::string text) const {
    return {.epoch = 1,
            .writer = "a/1#1",
            .highest_sequence = 1,
            .expected = {.flush = number - 1},
            .next = {.flush = number},
            .snapshots = {{.member = {.value = 1}, .snapshot = text}},
            .history = {{.member = {.value = 1},
                         .month = 3,
                         .records = text,
                         .expire_at_unix_ms = now_ms_ + 1'000}},
            .book = {{.month = static_cast<std::int32_t>(number), .bucket = 0, .entries = text}}};
  }

  std::int64_t now_ms_ = 1'000'000;
  MemoryLedger ledger_{LedgerInfo{.id = "memory", .shards = 1}, [this] { return now_ms_; }};
};

TEST_F(MemoryLedgerTest, LosesItsLastAppends) {
  append_to(5);

  ledger_.restart_without_last(0, 2);

  const auto head = journal().head();
  EXPECT_EQ(head->head, head_at(1, 3, "a/1#1"));
  EXPECT_EQ(head->server_generation, 2);
  EXPECT_EQ(journal().log()->size(), 3);
  EXPECT_EQ(journal().log_size()->entries, 3);
  EXPECT_EQ(journal().append(head->head, head_at(1, 4, "a/1#2"), "anew")->head,
            head_at(1, 4, "a/1#2"));
}

TEST_F(MemoryLedgerTest, LosesItsLastFlushWhole) {
  append_to(1);
  ASSERT_EQ(*journal().flush(flush(1, "one")), FlushOutcome::done);
  ASSERT_EQ(*journal().flush(flush(2, "two")), FlushOutcome::done);

  ledger_.restart_without_last(0, 1);

  EXPECT_EQ(journal().mark()->flush, 1);
  EXPECT_EQ(*journal().snapshot(1), "one");
  EXPECT_THAT(*journal().history(1, {3}), ElementsAre("one"));
  EXPECT_THAT(*journal().book_months(), ElementsAre(1));

  ledger_.restart_without_last(0, 2);

  EXPECT_EQ(*journal().mark(), Mark());
  EXPECT_EQ(*journal().snapshot(1), std::nullopt);
  EXPECT_EQ(journal().head()->head, fresh_head());
}

TEST_F(MemoryLedgerTest, ARestartAloneLosesNothing) {
  append_to(2);

  ledger_.restart();

  EXPECT_EQ(journal().head()->server_generation, 2);
  EXPECT_EQ(journal().log()->size(), 2);
}

TEST_F(MemoryLedgerTest, LeasesAndExpiriesFollowItsClock) {
  append_to(1);
  ASSERT_EQ(*journal().flush(flush(1, "one")), FlushOutcome::done);
  ASSERT_EQ(journal().renew("a", 500)->remaining_ms, 500);

  now_ms_ += 499;
  EXPECT_EQ(journal().renew("b", 500)->owner, "a");
  now_ms_ += 1;
  EXPECT_EQ(journal().renew("b", 500)->owner, "b");
  EXPECT_THAT(*journal().history(1, {3}), ElementsAre("one"));
  now_ms_ += 500;
  EXPECT_THAT(*journal().history(1, {3}), ElementsAre(""));
}

TEST_F(MemoryLedgerTest, ACallbackMayCallAgain) {
  std::optional<Mark> mark;

  ledger_.journal(0).read_head([&](const auto&) {
    ledger_.journal(0).read_mark([&](const auto& reply) { mark = *reply; });
  });

  EXPECT_EQ(mark, Mark());
}

}  // namespace wutong::test
