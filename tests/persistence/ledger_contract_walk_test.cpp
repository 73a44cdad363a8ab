#include <gmock/gmock.h>

#include <map>
#include <vector>

#include "tests/persistence/ledger_contract.h"

namespace wutong::test {

namespace {

using ::testing::IsEmpty;

LedgerResult<SnapshotPage> page_of(Ledger& ledger, std::uint64_t cursor, std::uint32_t keys_hint,
                                   std::uint32_t bytes) {
  return await<SnapshotPage>(
      [&](auto done) { ledger.walk_snapshots(cursor, keys_hint, bytes, done); });
}

/// Writes `snapshots` into a fresh shard.
void write(Ledger& ledger, std::uint32_t shard, std::vector<SnapshotWrite> snapshots) {
  JournalCalls journal(ledger.journal(shard));
  const auto head = head_at(1, 1, "a/1#1");
  ASSERT_TRUE(journal.append(fresh_head(), head, "batch"));
  auto request = flush_request(head, mark_at(1, 1, 1));
  request.snapshots = std::move(snapshots);
  request.history = {{.member = {shard}, .month = 680, .records = "records"}};
  request.book = {{.month = 680, .bucket = 3, .entries = "entries"}};
  const auto outcome = journal.flush(std::move(request));
  ASSERT_TRUE(outcome && *outcome == FlushOutcome::done);
}

}  // namespace

TEST_P(LedgerContract, TellsWhatWasNotedOfTheSweepFirstOrLast) {
  JournalCalls other(ledger_->gateway().journal(5));
  const auto note = [](JournalCalls& journal, std::int64_t from, bool only_first) {
    const auto noted = journal.note_swept({.from_unix_ms = from, .only_first = only_first});
    return noted ? *noted : -1;
  };
  EXPECT_EQ(note(other, 1'000, true), 1'000);
  EXPECT_EQ(note(other, 2'000, true), 1'000);
  EXPECT_EQ(note(other, 5'000, false), 5'000);
  EXPECT_EQ(note(other, 3'000, true), 5'000);
  EXPECT_EQ(note(other, 4'000, false), 4'000);

  JournalCalls elsewhere(ledger_->gateway().journal(4));
  EXPECT_EQ(note(elsewhere, 7'000, true), 7'000);
}

TEST_P(LedgerContract, AWalkMeetsTheSnapshotsOfAllShardsAndNothingElse) {
  std::map<domain::MemberKey, std::string> written;
  for (const std::uint32_t of_shard : {0U, 3U, 7U}) {
    std::vector<SnapshotWrite> snapshots;
    for (std::uint64_t i = 0; i < 100; ++i) {
      // Above what a signed number holds as well, and 0.
      const domain::MemberKey member{(i << 57 | i << 3) + of_shard};
      snapshots.push_back({.member = member, .snapshot = "snapshot " + std::to_string(i)});
      written[member] = ("snapshot " + std::to_string(i)).substr(0, 10);
    }
    write(ledger_->gateway(), of_shard, std::move(snapshots));
  }

  for (const std::uint32_t keys_hint : {1U, 10U, 1'000'000U}) {
    std::map<domain::MemberKey, std::string> met;
    std::uint64_t cursor = 0;
    std::size_t pages = 0;
    do {
      const auto page = page_of(ledger_->other_gateway(), cursor, keys_hint, 10);
      ASSERT_TRUE(page) << page.error().detail;
      EXPECT_GT(page->server_generation, 0U);
      if (keys_hint <= 10) {
        EXPECT_LT(page->snapshots.size(), 100U);
      }
      for (const auto& [member, bytes] : page->snapshots) met[member] = bytes;
      cursor = page->next_cursor;
      ASSERT_LT(++pages, 10'000U);
    } while (cursor != 0);

    EXPECT_EQ(met, written);
  }
}

TEST_P(LedgerContract, AWalkOverALedgerWithoutMembersEnds) {
  const auto page = page_of(ledger_->gateway(), 0, 1'000, 9);

  ASSERT_TRUE(page) << page.error().detail;
  EXPECT_EQ(page->next_cursor, 0U);
  EXPECT_THAT(page->snapshots, IsEmpty());
}

TEST_P(LedgerContract, AWalkGivesShortSnapshotsWhole) {
  write(ledger_->gateway(), shard, {{.member = {8 + shard}, .snapshot = "ab"}});

  const auto page = page_of(ledger_->gateway(), 0, 1'000, 9);

  ASSERT_TRUE(page && page->snapshots.size() == 1);
  EXPECT_EQ(page->snapshots.front().bytes, "ab");
}

}  // namespace wutong::test
