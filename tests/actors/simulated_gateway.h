#pragma once

#include <atomic>
#include <caf/actor_system.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/engine.h"
#include "actors/shard.h"
#include "actors/sweep_walk.h"
#include "tests/support/faulty_journal.h"

namespace wutong::testing {

/// What a node keeps while gateways on it come and go.
class NodeDisk : public Safekeeping {
 public:
  void witness(std::uint32_t shard, const Head& head) override { now_[shard] = head; }
  [[nodiscard]] std::optional<Head> witnessed(std::uint32_t shard) const override {
    const auto found = at_start_.find(shard);
    return found == at_start_.end() ? std::nullopt : std::optional(found->second);
  }
  bool salvage(std::uint32_t, const std::vector<AppendRequest>& lost) override {
    salvaged_ += lost.size();
    return true;
  }

  void gateway_starts() { at_start_ = now_; }
  [[nodiscard]] std::size_t salvaged() const { return salvaged_; }

 private:
  std::map<std::uint32_t, Head> now_;
  std::map<std::uint32_t, Head> at_start_;
  std::size_t salvaged_ = 0;
};

/// One start of a gateway in a simulation: the shards and the sweep that an engine would have, with
/// connections of their own to the ledger that all gateways share. Whoever runs CAF's jobs decides when it moves.
class SimulatedGateway {
 public:
  struct Parts {
    caf::actor_system& system;
    Ledger& ledger;
    const Codec& codec;
    NodeDisk& disk;
    Clocks clocks;
    LogSink log;
    Rules rules;
  };
  /// `options.node_boot` is followed by a number for each shard that is started anew.
  SimulatedGateway(Parts parts, EngineOptions options, test::FaultRates rates, std::uint64_t seed);

  /// As an engine does.
  void submit(std::shared_ptr<Call> call);

  /// The process is gone: its shards and all they knew.
  void crash();
  /// One shard is gone; started anew, it has nothing. REQUIRES: the old one has ended in between.
  void kill_shard(std::uint32_t shard);
  void start_shard(std::uint32_t shard);
  void stop(bool final);

  /// One of its shards, or its sweep.
  [[nodiscard]] bool has_actor(std::uint64_t actor) const;
  [[nodiscard]] test::FaultyLedger& connections() { return *connections_; }
  [[nodiscard]] const ShardStats& stats(std::uint32_t shard) const { return *stats_[shard]; }
  [[nodiscard]] bool owns(std::uint32_t shard) const;
  [[nodiscard]] bool owns_all() const;
  [[nodiscard]] bool drained() const;
  [[nodiscard]] bool crashed() const { return crashed_; }
  [[nodiscard]] std::uint64_t sum(ShardStats::Number ShardStats::*number) const;

  /// Set while the machine gives it no time: its jobs are not run.
  bool paused = false;

 private:
  Parts parts_;
  EngineOptions options_;
  std::unique_ptr<test::FaultyLedger> connections_;
  RulesHolder rules_;
  std::atomic<bool> clock_agrees_{true};
  std::atomic<std::int64_t> asks_open_{0};
  std::uint64_t starts_ = 0;
  bool crashed_ = false;
  /// One a start of a shard; they outlive the actors.
  std::vector<std::unique_ptr<EngineOptions>> options_of_starts_;
  std::vector<std::unique_ptr<ShardStats>> old_stats_;
  std::vector<std::unique_ptr<ShardStats>> stats_;
  std::vector<std::uint64_t> ids_;
  std::vector<ShardActor> handles_;
  std::atomic<std::uint64_t> sweep_walks_{0};
  caf::actor sweep_;
};

}  // namespace wutong::testing
