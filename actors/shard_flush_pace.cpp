#include <algorithm>

#include "actors/shard.h"
#include "actors/shard_flush.h"

// When a round begins, and how much of it goes with each flush.

namespace wutong {

std::int64_t ShardFlush::first_wait_ns() const {
  const std::int64_t shards = shard_.parts_.info.shards;
  const std::int64_t number = shard_.parts_.number;
  return shard_.parts_.options.flush_interval_ms * 1'000'000 * (shards + number + 1) / (2 * shards);
}

bool ShardFlush::is_round_due() const {
  if (must_hurry()) return true;
  if (!round_.up_to)
    return shard_.now_ns() >= round_.next_at_ns || shard_.tail_bytes_ > room_of_round();
  // What has come into memory since it began may be more than what it began with.
  if (round_gone() >= 1.0) return true;
  const bool has_changes = round_.changes.flushed < round_.changes.all;
  const bool has_members = round_.members.all > 0 || !shard_.tail_dirty_.empty();
  if (has_changes && is_behind(round_.changes)) return true;
  return (has_members || !has_changes) && is_behind(round_.members);
}

std::uint64_t ShardFlush::room_of_round() const {
  return static_cast<std::uint64_t>(shard_.parts_.options.tail_bytes_max) /
         shard_.parts_.info.shards / 4;
}

double ShardFlush::round_gone() const {
  // The ledger does one thing at a time: what a round writes at once, appends wait for. So it is spread
  // over half the time that there is; or over as much room as lies between its beginning and haste.
  const auto round_ns = shard_.parts_.options.flush_interval_ms * 1'000'000 / 2;
  const auto of_time =
      static_cast<double>(shard_.now_ns() - round_.began_ns) / static_cast<double>(round_ns);
  const auto of_room =
      static_cast<double>(round_.bytes_since) / static_cast<double>(room_of_round());
  return std::min(std::max(of_time, of_room), 1.0);
}

bool ShardFlush::is_behind(const Progress& progress) const {
  return static_cast<double>(progress.flushed) <= static_cast<double>(progress.all) * round_gone();
}

std::size_t ShardFlush::due_now(const Progress& progress, std::size_t on_time,
                                std::size_t at_most) const {
  const auto gone = round_gone();
  if (must_hurry() || gone >= 1.0 || !shard_.tail_dirty_.empty()) return at_most;
  const auto due = static_cast<std::size_t>(static_cast<double>(progress.all) * gone);
  const auto behind = due - std::min(due, progress.flushed);
  return std::min(std::max(behind, on_time), at_most);
}

bool ShardFlush::must_hurry() const {
  if (shard_.stopping_ || round_.room_wanted) return true;
  // It bounds what the order book has gathered too: each of its changes is an event of the tail.
  return shard_.tail_bytes_ > 2 * room_of_round();
}

}  // namespace wutong
