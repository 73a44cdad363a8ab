#include "persistence/memory_ledger.h"

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

void MemoryLedger::restart() { ++generation_; }

void MemoryLedger::restart_without_last(std::uint32_t shard, std::size_t writes) {
  journals_[shard]->undo_last(writes);
  restart();
}

void MemoryLedger::remove_head(std::uint32_t shard) { journals_[shard]->remove_head(); }

}  // namespace wutong::persistence
