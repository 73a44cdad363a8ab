#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "actors/ledger.h"

/// The ledger's twin in memory: the same answers as Redis, for tests and trials. Durable is
/// nothing.
namespace wutong::persistence {

class MemoryJournal;

/// Created with a fresh head and mark in every shard. Several gateways of one test may share it, as
/// they would share a Redis. Safe to use from any thread; `done` is called on the caller's, before
/// the call returns, and may call again.
class MemoryLedger final : public Ledger {
 public:
  /// Unix ms; decides leases and expiries. Called from whichever thread calls the ledger.
  using Clock = std::function<std::int64_t()>;

  /// REQUIRES: info.shards is a power of two.
  explicit MemoryLedger(LedgerInfo info);
  MemoryLedger(LedgerInfo info, Clock clock);
  ~MemoryLedger() override;

  [[nodiscard]] const LedgerInfo& info() const override { return info_; }
  [[nodiscard]] Journal& journal(std::uint32_t shard) override;
  void read_clock(LedgerCallback<std::int64_t> done) override;
  void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                      LedgerCallback<SnapshotPage> done) override;

  /// As if the server had been restarted: the generation grows, nothing is lost.
  void restart();

  /// As if the server came back without the last `writes` appends and flushes of this shard, or as
  /// many as are remembered (64). Leases stay: nothing rests on them.
  void restart_without_last(std::uint32_t shard, std::size_t writes);

  /// As if the shard's head were gone: every append answers `broken` from now on.
  void remove_head(std::uint32_t shard);

 private:
  const LedgerInfo info_;
  const Clock clock_;
  std::atomic<std::uint64_t> generation_ = 1;
  std::vector<std::unique_ptr<MemoryJournal>> journals_;
};

}  // namespace wutong::persistence
