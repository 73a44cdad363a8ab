#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace wutong {

/// What a shard tells of itself. Written by the shard alone, read by anyone at any time: each number is
/// true for itself, not all of one moment.
struct ShardStats {
  using Number = std::atomic<std::uint64_t>;

  /// 0 idle, 1 taking, 2 owner, 3 halted, 4 stopped.
  Number state{0};
  Number members_resident{0};
  Number members_dirty{0};
  Number activations{0};
  Number passivations{0};
  Number takeovers{0};
  Number fenced{0};
  Number resolvings{0};
  Number lost_tails{0};
  Number salvages{0};
  Number broken_promises{0};
  Number appends{0};
  Number append_bytes{0};
  Number events{0};
  Number flushes{0};
  Number flushed_members{0};
  Number claims_waiting{0};
  Number claims_reversed{0};
  Number order_filter_bytes{0};
  Number calls_queued{0};
  Number history_reads{0};
  Number book_reads{0};
  Number identity_hits{0};
  Number identity_reads{0};
  Number identities_in_memory{0};
  Number identities_awaited{0};
  Number identity_denials{0};
  Number log_bytes{0};
  Number log_entries{0};
  Number tail_bytes{0};
  Number snapshot_lag_ms{0};
  Number sweep_members_met{0};
  Number sweep_members_due{0};
  Number sweep_events{0};
  Number sweep_members_left{0};
  /// Whoever was due before has been swept; 0 until the ledger has told.
  Number swept_from_unix_ms{0};
  std::array<Number, 20> batch_events_log2{};
};

/// One writer, so a plain add will do.
inline void add(ShardStats::Number& number, std::uint64_t amount = 1) {
  number.store(number.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}
inline void set(ShardStats::Number& number, std::uint64_t value) {
  number.store(value, std::memory_order_relaxed);
}

}  // namespace wutong
