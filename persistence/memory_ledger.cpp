#include "persistence/memory_ledger.h"

#include <algorithm>
#include <chrono>

#include "persistence/memory_journal.h"

namespace wutong::persistence {

namespace {

std::int64_t wall_clock_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

}  // namespace

MemoryLedger::MemoryLedger(LedgerInfo info) : MemoryLedger(std::move(info), wall_clock_ms) {}

MemoryLedger::MemoryLedger(LedgerInfo info, Clock clock)
    : info_(std::move(info)), clock_(std::move(clock)) {
  for (std::uint32_t shard = 0; shard < info_.shards; ++shard) {
    journals_.push_back(std::make_unique<MemoryJournal>(clock_, generation_));
  }
}

MemoryLedger::~MemoryLedger() = default;

Journal& MemoryLedger::journal(std::uint32_t shard) { return *journals_[shard]; }

void MemoryLedger::read_clock(LedgerCallback<std::int64_t> done) { done(clock_()); }

void MemoryLedger::walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint,
                                  std::uint32_t bytes, LedgerCallback<SnapshotPage> done) {
  const std::size_t most = std::max(keys_hint, 1U);
  SnapshotPage page{.server_generation = generation_.load()};
  auto& found = page.snapshots;
  // One more than a page's, whose key begins the next page.
  for (const auto& journal : journals_) journal->snapshots_from({cursor}, most + 1, bytes, found);
  std::ranges::sort(found, {}, &SnapshotPage::Beginning::member);
  if (found.size() > most) {
    // Beyond `most` where shards have one member in common, as a page of Redis may be.
    page.next_cursor = std::max(found[most].member.value, cursor + 1);
    const domain::MemberKey next{page.next_cursor};
    found.erase(std::ranges::lower_bound(found, next, {}, &SnapshotPage::Beginning::member),
                found.end());
  }
  done(std::move(page));
}

void MemoryLedger::restart() { ++generation_; }

void MemoryLedger::restart_without_last(std::uint32_t shard, std::size_t writes) {
  journals_[shard]->undo_last(writes);
  restart();
}

void MemoryLedger::remove_head(std::uint32_t shard) { journals_[shard]->remove_head(); }

}  // namespace wutong::persistence
