#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/persistence/ledger_contract.h"

namespace wutong::test {

using testing::ElementsAre;
using testing::IsEmpty;

namespace {

constexpr std::uint64_t lin = 0x0123456789abcdef;
constexpr std::uint64_t wang = 0;
constexpr std::int32_t october = 681;
constexpr std::int32_t november = 682;

}  // namespace

TEST_P(LedgerContract, AFlushWritesEverythingAndMovesTheMark) {
  const Head head = take_over_and_append_to(4);
  auto request = flush_request(head, mark_at(1, 3, 1));
  request.snapshots = {{.member = {.value = lin}, .snapshot = "lin at 4"},
                       {.member = {.value = wang}, .snapshot = ""}};
  request.history = {{.member = {.value = lin}, .month = october, .records = "old"},
                     {.member = {.value = lin}, .month = november, .records = "new"}};
  request.book = {{.month = november, .bucket = 17, .entries = "order"}};

  const auto outcome = journal().flush(request);

  ASSERT_TRUE(outcome) << outcome.error().detail;
  EXPECT_EQ(*outcome, FlushOutcome::done);
  EXPECT_EQ(*journal().mark(), mark_at(1, 3, 1));
  EXPECT_EQ(*journal().snapshot(lin), "lin at 4");
  EXPECT_EQ(*journal().snapshot(wang), "");
  EXPECT_EQ(*journal().snapshot(5), std::nullopt);
  EXPECT_THAT(*journal().history(lin, {november, october}), ElementsAre("new", "old"));
  EXPECT_THAT(*journal().book(november, 17, 1), ElementsAre("order"));
  EXPECT_THAT(*journal().book_months(), ElementsAre(november));
}

TEST_P(LedgerContract, AFlushWritesReplacesAndTakesOutIdentities) {
  constexpr domain::IdentityKey phone{.high = 0x0123456789abcdef, .low = 7};
  constexpr domain::IdentityKey card{.high = 0x0123456789abcdef, .low = 8};
  const Head head = take_over_and_append_to(4);
  auto first = flush_request(head, mark_at(1, 2, 1));
  first.snapshots = {{.member = {.value = lin}, .snapshot = "lin"}};
  first.identities = {{.identity = phone, .claim = "lin's"}, {.identity = card, .claim = "wang's"}};
  first.book = {{.month = november, .bucket = 17, .entries = "order"}};
  auto second = flush_request(head, mark_at(1, 4, 2));
  second.expected = first.next;
  second.identities = {{.identity = phone, .claim = "wang's"}, {.identity = card, .claim = ""}};

  EXPECT_EQ(*journal().identity(phone), std::nullopt);
  ASSERT_EQ(*journal().flush(first), FlushOutcome::done);
  EXPECT_EQ(*journal().identity(phone), "lin's");
  EXPECT_EQ(*journal().identity(card), "wang's");
  EXPECT_THAT(*journal().book(november, 17, 1), ElementsAre("order"));
  ASSERT_EQ(*journal().flush(second), FlushOutcome::done);
  EXPECT_EQ(*journal().flush(second), FlushOutcome::done);
  EXPECT_EQ(*journal().flush(first), FlushOutcome::other) << "a late one changes nothing";

  EXPECT_EQ(*journal().identity(phone), "wang's");
  EXPECT_EQ(*journal().identity(card), std::nullopt);
  EXPECT_EQ(*journal().snapshot(lin), "lin");
}

TEST_P(LedgerContract, AFlushOfNothingMovesTheMark) {
  const Head head = take_over_and_append_to(2);

  EXPECT_EQ(*journal().flush(flush_request(head, mark_at(1, 2, 1))), FlushOutcome::done);

  EXPECT_EQ(*journal().mark(), mark_at(1, 2, 1));
}

TEST_P(LedgerContract, LaterFlushesReplaceSnapshotsAndAppendRecords) {
  const Head head = take_over_and_append_to(4);
  auto first = flush_request(head, mark_at(1, 2, 1));
  first.snapshots = {{.member = {.value = lin}, .snapshot = "first"}};
  first.history = {{.member = {.value = lin}, .month = october, .records = "1"}};
  first.book = {{.month = october, .bucket = 0, .entries = "x"}};
  auto second = first;
  second.expected = first.next;
  second.next = mark_at(1, 4, 2);
  second.snapshots[0].snapshot = "second";
  second.history[0].records = "2";
  second.book = {{.month = october, .bucket = 0, .entries = "y"},
                 {.month = 9, .bucket = 2, .entries = "z"}};

  ASSERT_EQ(*journal().flush(first), FlushOutcome::done);
  ASSERT_EQ(*journal().flush(second), FlushOutcome::done);

  EXPECT_EQ(*journal().snapshot(lin), "second");
  EXPECT_THAT(*journal().history(lin, {october}), ElementsAre("12"));
  EXPECT_THAT(*journal().book(october, 0, 2), ElementsAre("xy", ""));
  EXPECT_THAT(*journal().book(9, 1, 3), ElementsAre("", "z", ""));
  EXPECT_THAT(*journal().book_months(), ElementsAre(9, october));
}

TEST_P(LedgerContract, TheSameFlushAgainIsDoneAndChangesNothing) {
  const Head head = take_over_and_append_to(2);
  auto request = flush_request(head, mark_at(1, 2, 1));
  request.history = {{.member = {.value = lin}, .month = october, .records = "once"}};

  ASSERT_EQ(*journal().flush(request), FlushOutcome::done);
  EXPECT_EQ(*journal().flush(request), FlushOutcome::done);

  EXPECT_THAT(*journal().history(lin, {october}), ElementsAre("once"));
}

TEST_P(LedgerContract, AFlushAfterATakeOverIsFencedAndChangesNothing) {
  const Head mine = take_over_and_append_to(2);
  const Head theirs = head_at(2, 1, "b/1#1");
  ASSERT_TRUE(journal_of_other_gateway().append(mine, theirs, "taken by b"));
  auto stale = flush_request(mine, mark_at(1, 2, 1));
  stale.snapshots = {{.member = {.value = lin}, .snapshot = "stale"}};

  EXPECT_EQ(*journal().flush(stale), FlushOutcome::fenced);

  EXPECT_EQ(*journal().snapshot(lin), std::nullopt);
  EXPECT_EQ(*journal().mark(), Mark());
}

TEST_P(LedgerContract, AFlushOfAnEarlierTakeOverOfTheSameNodeIsFenced) {
  const Head before = take_over_and_append_to(2);
  ASSERT_TRUE(journal().append(before, head_at(2, 1, "a/1#2"), "taken anew"));

  EXPECT_EQ(*journal().flush(flush_request(before, mark_at(1, 2, 1))), FlushOutcome::fenced);
  auto wrong_epoch = flush_request(before, mark_at(1, 2, 1));
  wrong_epoch.writer = "a/1#2";
  EXPECT_EQ(*journal().flush(wrong_epoch), FlushOutcome::fenced);
}

TEST_P(LedgerContract, AFlushOfMoreThanTheHeadIsAhead) {
  const Head head = take_over_and_append_to(9);
  auto request = flush_request(head, mark_at(1, 10, 1));
  request.highest_sequence = 10;
  request.snapshots = {{.member = {.value = lin}, .snapshot = "of a lost event"}};

  EXPECT_EQ(*journal().flush(request), FlushOutcome::ahead);

  EXPECT_EQ(*journal().snapshot(lin), std::nullopt);
}

TEST_P(LedgerContract, AFlushFromAnotherMarkIsOther) {
  const Head head = take_over_and_append_to(4);
  ASSERT_EQ(*journal().flush(flush_request(head, mark_at(1, 2, 1))), FlushOutcome::done);
  auto stale = flush_request(head, mark_at(1, 3, 1));
  stale.history = {{.member = {.value = lin}, .month = october, .records = "stale"}};

  EXPECT_EQ(*journal().flush(stale), FlushOutcome::other);

  EXPECT_EQ(*journal().mark(), mark_at(1, 2, 1));
  EXPECT_THAT(*journal().history(lin, {october}), ElementsAre(""));
}

TEST_P(LedgerContract, AFlushThatWasOvertakenChangesNothing) {
  const Head head = take_over_and_append_to(4);
  auto first = flush_request(head, mark_at(1, 2, 1));
  first.snapshots = {{.member = {.value = lin}, .snapshot = "first"}};
  auto second = first;
  second.expected = first.next;
  second.next = mark_at(1, 4, 2);
  second.snapshots[0].snapshot = "second";
  ASSERT_EQ(*journal().flush(first), FlushOutcome::done);
  ASSERT_EQ(*journal().flush(second), FlushOutcome::done);

  EXPECT_EQ(*journal().flush(first), FlushOutcome::other);

  EXPECT_EQ(*journal().snapshot(lin), "second");
  EXPECT_EQ(*journal().mark(), second.next);
}

TEST_P(LedgerContract, AFlushWithoutAppendsSinceTheTakeOverIsAccepted) {
  const Head mine = take_over_and_append_to(5);
  const Head theirs = head_at(2, 1, "b/1#1");
  ASSERT_TRUE(journal_of_other_gateway().append(mine, theirs, "taken by b"));
  auto request = flush_request(theirs, mark_at(1, 5, 1));
  request.snapshots = {{.member = {.value = lin}, .snapshot = "of the tail"}};

  EXPECT_EQ(*journal_of_other_gateway().flush(request), FlushOutcome::done);

  EXPECT_EQ(*journal().snapshot(lin), "of the tail");
}

TEST_P(LedgerContract, WhatHasRunOutIsGone) {
  const Head head = take_over_and_append_to(2);
  const auto now = *await<std::int64_t>([&](auto done) { ledger_->gateway().read_clock(done); });
  auto request = flush_request(head, mark_at(1, 2, 1));
  request.history = {{.member = {.value = lin},
                      .month = october,
                      .records = "short-lived",
                      .expire_at_unix_ms = now - 1},
                     {.member = {.value = lin},
                      .month = november,
                      .records = "kept",
                      .expire_at_unix_ms = now + 1'000'000}};

  ASSERT_EQ(*journal().flush(request), FlushOutcome::done);

  EXPECT_THAT(*journal().history(lin, {october, november}), ElementsAre("", "kept"));
}

TEST_P(LedgerContract, ReadsOfNothingAnswerNothing) {
  EXPECT_THAT(*journal().history(lin, {october, november}), ElementsAre("", ""));
  EXPECT_THAT(*journal().history(lin, {}), IsEmpty());
  EXPECT_THAT(*journal().book(october, 4, 2), ElementsAre("", ""));
  EXPECT_THAT(*journal().book(october, 4, 0), IsEmpty());
  EXPECT_THAT(*journal().book_months(), IsEmpty());
}

TEST_P(LedgerContract, AWalkFindsEverySnapshotOfTheShardAndNoOther) {
  const Head head = take_over_and_append_to(2);
  auto request = flush_request(head, mark_at(1, 2, 1));
  std::set<domain::MemberKey> written;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const domain::MemberKey member{.value = i * 0x9e3779b97f4a7c15};
    written.insert(member);
    request.snapshots.push_back({.member = member, .snapshot = "s"});
    request.history.push_back({.member = member, .month = october, .records = "h"});
  }
  ASSERT_EQ(*journal().flush(request), FlushOutcome::done);

  std::set<domain::MemberKey> found;
  std::uint64_t cursor = 0;
  std::size_t pages = 0;
  do {
    const auto page = journal().scan(cursor, 10);
    ASSERT_TRUE(page) << page.error().detail;
    found.insert(page->members.begin(), page->members.end());
    cursor = page->next_cursor;
    ASSERT_LT(++pages, 1'000);
  } while (cursor != 0);

  EXPECT_EQ(found, written);
  JournalCalls other(ledger_->gateway().journal(shard + 1));
  EXPECT_THAT(other.scan(0, 1'000'000)->members, IsEmpty());
}

}  // namespace wutong::test
