#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "actors/ledger.h"
#include "tests/support/journal_calls.h"

/// What every ledger must do, whatever it is made of. The cases lie in ledger_contract_*_test.cpp.
namespace wutong::test {

/// A freshly created ledger, as two gateways see it.
class LedgerUnderTest {
 public:
  virtual ~LedgerUnderTest() = default;

  [[nodiscard]] virtual Ledger& gateway() = 0;
  /// Another gateway on the same ledger.
  [[nodiscard]] virtual Ledger& other_gateway() = 0;
  virtual void remove_head(std::uint32_t shard) = 0;
};

/// One implementation; `make` answers null, having said why, if it cannot.
struct LedgerKind {
  std::string name;
  std::unique_ptr<LedgerUnderTest> (*make)();
};

class LedgerContract : public testing::TestWithParam<LedgerKind> {
 protected:
  static constexpr std::uint32_t shard = 3;

  void SetUp() override {
    ledger_ = GetParam().make();
    ASSERT_NE(ledger_, nullptr);
  }

  [[nodiscard]] JournalCalls journal() { return JournalCalls(ledger_->gateway().journal(shard)); }
  [[nodiscard]] JournalCalls journal_of_other_gateway() {
    return JournalCalls(ledger_->other_gateway().journal(shard));
  }

  /// Takes the fresh shard over, as a shard does, and appends up to `sequence`.
  Head take_over_and_append_to(std::uint64_t sequence) {
    auto shard_journal = journal();
    Head head = fresh_head();
    for (std::uint64_t i = 1; i <= sequence; ++i) {
      Head next = head_at(1, i, "a/1#1");
      const auto reply = shard_journal.append(head, next, "batch " + std::to_string(i));
      EXPECT_TRUE(reply && reply->head == next) << "append " << i;
      head = next;
    }
    return head;
  }

  std::unique_ptr<LedgerUnderTest> ledger_;
};

/// A flush of the owner `head`, from the mark of a fresh shard to `next`.
[[nodiscard]] inline FlushRequest flush_request(const Head& head, Mark next) {
  return {.epoch = head.position.epoch,
          .writer = head.writer,
          .highest_sequence = head.position.sequence,
          .expected = {},
          .next = next};
}

[[nodiscard]] inline Mark mark_at(std::uint64_t epoch, std::uint64_t sequence,
                                  std::uint64_t flush) {
  return {.position = {.epoch = epoch, .sequence = sequence}, .flush = flush};
}

}  // namespace wutong::test
