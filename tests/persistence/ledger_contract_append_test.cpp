#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/persistence/ledger_contract.h"

namespace wutong::test {

namespace {

const std::string every_byte = [] {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  return bytes;
}();

}  // namespace

TEST_P(LedgerContract, AFreshShardHasAHeadAndAMarkOfNothing) {
  const auto head = journal().head();
  const auto mark = journal().mark();

  ASSERT_TRUE(head);
  EXPECT_EQ(head->head, fresh_head());
  EXPECT_EQ(head->server_generation, 1);
  ASSERT_TRUE(mark);
  EXPECT_EQ(*mark, Mark());
}

TEST_P(LedgerContract, TellsWhatCreateFixed) {
  const auto& info = ledger_->gateway().info();
  const auto& same = ledger_->other_gateway().info();

  EXPECT_EQ(info.shards, 8);
  EXPECT_EQ(info.history_days, 35);
  EXPECT_EQ(info.hash_key.size(), 16);
  EXPECT_EQ(info.identity_key.size(), 32);
  EXPECT_EQ(info.id, same.id);
  EXPECT_EQ(info.hash_key, same.hash_key);
}

TEST_P(LedgerContract, TellsTheTimeOfItsClock) {
  const auto before = std::chrono::system_clock::now() - std::chrono::seconds(5);

  const auto now = await<std::int64_t>([&](auto done) { ledger_->gateway().read_clock(done); });

  ASSERT_TRUE(now);
  EXPECT_GT(*now, std::chrono::floor<std::chrono::milliseconds>(before).time_since_epoch().count());
}

TEST_P(LedgerContract, AppendsAfterTheExpectedHead) {
  const Head taken = head_at(1, 1, "a/1#1");
  const Head next = head_at(1, 9, "a/1#1");

  const auto first = journal().append(fresh_head(), taken, every_byte);
  const auto second = journal().append(taken, next, "");

  ASSERT_TRUE(first) << first.error().detail;
  EXPECT_EQ(first->head, taken);
  ASSERT_TRUE(second) << second.error().detail;
  EXPECT_EQ(second->head, next);
  EXPECT_EQ(journal().head()->head, next);
  const auto log = journal().log();
  ASSERT_TRUE(log);
  ASSERT_EQ(log->size(), 2);
  EXPECT_EQ((*log)[0].last, taken.position);
  EXPECT_EQ((*log)[0].batch, every_byte);
  EXPECT_EQ((*log)[1].last, next.position);
  EXPECT_EQ((*log)[1].batch, "");
}

TEST_P(LedgerContract, TheSameAppendAgainAnswersItsOwnHeadAndWritesOnce) {
  const auto request = append_request(fresh_head(), head_at(1, 1, "a/1#1"), "taken");

  const auto first = journal().append(request);
  const auto again = journal().append(request);

  ASSERT_TRUE(first);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->head, request.next);
  EXPECT_EQ(journal().log()->size(), 1);
}

TEST_P(LedgerContract, AStaleAppendAnswersTheHeadThatStandsAndWritesNothing) {
  const Head head = take_over_and_append_to(3);

  const auto stale = journal().append(head_at(1, 1, "a/1#1"), head_at(1, 2, "a/1#1"), "batch 2");

  ASSERT_TRUE(stale);
  EXPECT_EQ(stale->head, head);
  EXPECT_EQ(journal().log()->size(), 3);
}

TEST_P(LedgerContract, TheWriterAloneMakesAnotherHead) {
  const Head head = take_over_and_append_to(2);

  const auto other_attempt =
      journal().append(head_at(1, 2, "a/1#2"), head_at(1, 3, "a/1#2"), "of another attempt");

  ASSERT_TRUE(other_attempt);
  EXPECT_EQ(other_attempt->head, head);
  EXPECT_EQ(journal().log()->size(), 2);
}

TEST_P(LedgerContract, ASecondWriterFencesTheFirst) {
  const Head mine = take_over_and_append_to(2);
  const Head theirs = head_at(2, 1, "b/1#1");

  const auto taken = journal_of_other_gateway().append(mine, theirs, "taken by b");
  const auto fenced = journal().append(mine, head_at(1, 3, "a/1#1"), "too late");

  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->head, theirs);
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->head, theirs);
  EXPECT_EQ(journal().log()->back().batch, "taken by b");
}

TEST_P(LedgerContract, OfTwoTakeOversFromTheSameHeadOneWins) {
  const auto mine = journal().append(fresh_head(), head_at(1, 1, "a/1#1"), "a");
  const auto theirs = journal_of_other_gateway().append(fresh_head(), head_at(1, 1, "b/1#1"), "b");

  ASSERT_TRUE(mine);
  ASSERT_TRUE(theirs);
  EXPECT_EQ(theirs->head, mine->head);
  EXPECT_EQ(journal().log()->size(), 1);
}

TEST_P(LedgerContract, RefusesAnEntryThatIsNotAboveTheLogsLast) {
  const Head head = take_over_and_append_to(3);

  const auto reply = journal().append(head, head_at(1, 3, "a/1#2"), "the same position");

  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().fault, LedgerFault::broken);
  EXPECT_EQ(journal().head()->head, head);
  EXPECT_EQ(journal().log()->size(), 3);
}

TEST_P(LedgerContract, WithoutAHeadEveryAppendIsBroken) {
  const Head head = take_over_and_append_to(2);
  ledger_->remove_head(shard);

  const auto appended = journal().append(head, head_at(1, 3, "a/1#1"), "");
  const auto read = journal().head();
  const auto flushed = journal().flush(flush_request(head, mark_at(1, 2, 1)));

  ASSERT_FALSE(appended);
  EXPECT_EQ(appended.error().fault, LedgerFault::broken);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, LedgerFault::broken);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().fault, LedgerFault::broken);
}

TEST_P(LedgerContract, ReadsTheLogInPages) {
  take_over_and_append_to(7);

  const auto first = journal().log({}, 3);
  const auto second = journal().log(first->back().last, 3);
  const auto third = journal().log(second->back().last, 3);
  const auto end = journal().log(third->back().last, 3);

  EXPECT_EQ(first->size(), 3);
  EXPECT_EQ(second->size(), 3);
  EXPECT_EQ(second->front().batch, "batch 4");
  EXPECT_EQ(third->size(), 1);
  EXPECT_EQ(third->front().last, (domain::Position{.epoch = 1, .sequence = 7}));
  EXPECT_TRUE(end->empty());
}

TEST_P(LedgerContract, ReadsTheLogAcrossEpochsFromBetweenEntries) {
  const Head head = take_over_and_append_to(2);
  ASSERT_TRUE(journal().append(head, head_at(5, 1, "b/1#1"), "taken by b"));

  const auto entries = journal().log({.epoch = 1, .sequence = 1'000});

  ASSERT_EQ(entries->size(), 1);
  EXPECT_EQ(entries->front().batch, "taken by b");
}

TEST_P(LedgerContract, ShardsDoNotTouchEachOther) {
  take_over_and_append_to(2);
  JournalCalls other(ledger_->gateway().journal(shard + 1));

  EXPECT_EQ(other.head()->head, fresh_head());
  EXPECT_TRUE(other.log()->empty());
}

TEST_P(LedgerContract, PositionsHoldSixtyFourBits) {
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  const Head head = head_at(largest, largest - 1, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), head, ""));

  const auto reached = journal().flush({.epoch = largest,
                                        .writer = "a/1#1",
                                        .highest_sequence = largest - 1,
                                        .next = mark_at(largest, largest - 1, 1)});
  const auto ahead = journal().flush({.epoch = largest,
                                      .writer = "a/1#1",
                                      .highest_sequence = largest,
                                      .next = mark_at(largest, largest, 2)});

  EXPECT_EQ(journal().head()->head, head);
  EXPECT_EQ(*reached, FlushOutcome::done);
  EXPECT_EQ(*ahead, FlushOutcome::ahead);
}

TEST_P(LedgerContract, TheLogsSizeGrowsWithWhatIsAppendedByAnybody) {
  const auto empty = journal().log_size();
  const Head mine = head_at(1, 1, "a/1#1");
  ASSERT_TRUE(journal().append(fresh_head(), mine, std::string(10'000, 'a')));
  const auto one = journal().log_size();
  const Head theirs = head_at(2, 1, "b/1#1");
  ASSERT_TRUE(journal_of_other_gateway().append(mine, theirs, std::string(50'000, 'b')));
  const auto two = journal().log_size();

  ASSERT_TRUE(empty && one && two);
  EXPECT_EQ(empty->entries, 0);
  EXPECT_EQ(one->entries, 1);
  EXPECT_EQ(two->entries, 2);
  EXPECT_GE(one->bytes, 10'000);
  EXPECT_LE(one->bytes, 12'000);
  EXPECT_GE(two->bytes, 60'000);
  EXPECT_LE(two->bytes, 80'000);
}

}  // namespace wutong::test
