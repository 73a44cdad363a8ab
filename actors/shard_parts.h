#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "actors/codec.h"
#include "actors/engine.h"
#include "actors/ledger.h"
#include "actors/safekeeping.h"
#include "actors/shard_actor.h"
#include "actors/shard_stats.h"

/// What the engine gives to every shard.
namespace wutong {

/// The rules in force, replaced as one. Thread-safe.
class RulesHolder {
 public:
  explicit RulesHolder(Rules rules) : rules_(std::move(rules)) {}
  void set(Rules rules) {
    const std::lock_guard lock(mutex_);
    rules_ = std::move(rules);
    version_.fetch_add(1, std::memory_order_release);
  }
  [[nodiscard]] Rules get() const {
    const std::lock_guard lock(mutex_);
    return rules_;
  }
  /// Rises with each `set`, so that a reader need not lock to see that nothing changed.
  [[nodiscard]] std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  Rules rules_;
  std::atomic<std::uint64_t> version_{1};
};

/// Everything that a shard is given; all of it outlives the shard.
struct ShardParts {
  std::uint32_t number = 0;
  const EngineOptions& options;
  const LedgerInfo& info;
  Journal& journal;
  const Codec& codec;
  Safekeeping& safekeeping;
  const Clocks& clocks;
  const LogSink& log;
  RulesHolder& rules;
  ShardStats& stats;
  /// False while this machine's clock and the ledger's differ too much to decide anything.
  const std::atomic<bool>& clock_agrees;
  /// Handles of all shards by number; filled before the first message.
  const std::vector<ShardActor>& shards;
  /// Questions to the ledger whose answer is still to come: until it is 0, somebody may send messages.
  std::atomic<std::int64_t>& asks_open;
};

}  // namespace wutong
