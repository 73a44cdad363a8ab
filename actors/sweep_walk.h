#pragma once

#include <atomic>
#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <vector>

#include "actors/codec.h"
#include "actors/engine.h"
#include "actors/ledger.h"
#include "actors/shard_actor.h"

namespace wutong {

/// What the sweep's walk works with; all of it outlives the walk.
struct SweepWalkParts {
  const EngineOptions& options;
  Ledger& ledger;
  const Codec& codec;
  const Clocks& clocks;
  const LogSink& log;
  /// Handles of all shards by number.
  const std::vector<ShardActor>& shards;
  /// Walks that have come to the end.
  std::atomic<std::uint64_t>& walks;
  /// As in `ShardParts`.
  std::atomic<std::int64_t>& asks_open;
};

/// Walks over the snapshots of the whole ledger, again and again, and tells every shard which of its
/// members it has met and when they are due next. One walk serves all shards, since SCAN looks at every
/// key there is, whatever it asks for. The next page is read when every shard has taken its part of the
/// last, and not faster than `sweep_keys_per_second`. Remembers nothing: a start begins a walk anew.
///
/// A CAF actor of the engine's. REQUIRES: `sweep_keys_per_second` is above 0.
class SweepWalk : public caf::event_based_actor {
 public:
  SweepWalk(caf::actor_config& config, SweepWalkParts parts);

  const char* name() const override { return "sweep-walk"; }

 protected:
  caf::behavior make_behavior() override;

 private:
  void begin();
  /// To every shard, and then whatever comes after `part`.
  void tell_all(SweepPart part);
  void tell(std::uint32_t shard, SweepPage page);
  void on_taken();
  void ask_for_page();
  void on_page(SnapshotsWalked& walked);
  void spread(const SnapshotPage& page);
  void on_failure(const LedgerError& error);
  void end();
  void go_on_at(std::int64_t at_ns);

  SweepWalkParts parts_;
  std::uint64_t walk_ = 0;
  std::int64_t began_ns_ = 0;
  domain::Instant began_;
  /// What the shards are taking.
  SweepPart part_ = SweepPart::first;
  std::uint32_t taking_ = 0;
  /// Some shard has said that it is owned here.
  bool served_ = false;
  std::uint64_t cursor_ = 0;
  std::uint64_t server_generation_ = 0;
  std::int64_t asked_ns_ = 0;
  bool under_way_ = false;
  bool unreadable_told_ = false;
};

}  // namespace wutong
