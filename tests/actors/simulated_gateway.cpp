#include "tests/actors/simulated_gateway.h"

#include <algorithm>
#include <caf/send.hpp>
#include <utility>

namespace wutong::testing {

SimulatedGateway::SimulatedGateway(Parts parts, EngineOptions options, test::FaultRates rates,
                                   std::uint64_t seed)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      connections_(std::make_unique<test::FaultyLedger>(parts_.ledger, rates, seed)),
      rules_(parts_.rules) {
  parts_.disk.gateway_starts();
  const auto shards = parts_.ledger.info().shards;
  stats_.resize(shards);
  ids_.resize(shards);
  handles_.resize(shards);
  for (std::uint32_t shard = 0; shard < shards; ++shard) start_shard(shard);
  if (parts_.ledger.info().clock == LedgerClock::caller) return;
  sweep_ = parts_.system.spawn<SweepWalk>(SweepWalkParts{.options = options_,
                                                         .ledger = *connections_,
                                                         .codec = parts_.codec,
                                                         .clocks = parts_.clocks,
                                                         .log = parts_.log,
                                                         .shards = handles_,
                                                         .walks = sweep_walks_,
                                                         .asks_open = asks_open_});
}

void SimulatedGateway::start_shard(std::uint32_t shard) {
  auto options = std::make_unique<EngineOptions>(options_);
  options->node_boot += "." + std::to_string(++starts_);
  if (stats_[shard]) old_stats_.push_back(std::move(stats_[shard]));
  stats_[shard] = std::make_unique<ShardStats>();
  handles_[shard] = parts_.system.spawn<Shard>(ShardParts{.number = shard,
                                                          .options = *options,
                                                          .info = parts_.ledger.info(),
                                                          .journal = connections_->journal(shard),
                                                          .codec = parts_.codec,
                                                          .safekeeping = parts_.disk,
                                                          .clocks = parts_.clocks,
                                                          .log = parts_.log,
                                                          .rules = rules_,
                                                          .stats = *stats_[shard],
                                                          .clock_agrees = clock_agrees_,
                                                          .shards = handles_,
                                                          .asks_open = asks_open_});
  options_of_starts_.push_back(std::move(options));
  ids_[shard] = handles_[shard].id();
  caf::anon_send(handles_[shard], Tick{});
}

void SimulatedGateway::submit(std::shared_ptr<Call> call) {
  const auto mask = static_cast<std::uint32_t>(handles_.size()) - 1;
  auto shard = static_cast<std::uint32_t>(call->member.value) & mask;
  if (call->identity) {
    shard = static_cast<std::uint32_t>(call->identity->high) & mask;
  } else if (call->member_id.empty()) {
    const auto* refund = std::get_if<domain::Refund>(&call->request);
    const auto* receipt = std::get_if<ReadReceipt>(&call->request);
    const auto order = refund != nullptr ? refund->order : receipt->order;
    shard = static_cast<std::uint32_t>(order.high) & mask;
  }
  caf::anon_send(handles_[shard], SubmitCall{.call = std::move(call)});
}

void SimulatedGateway::crash() {
  crashed_ = true;
  paused = false;
  for (const auto& handle : handles_) caf::anon_send_exit(handle, caf::exit_reason::kill);
  if (sweep_) caf::anon_send_exit(sweep_, caf::exit_reason::kill);
}

void SimulatedGateway::kill_shard(std::uint32_t shard) {
  caf::anon_send_exit(handles_[shard], caf::exit_reason::kill);
}

void SimulatedGateway::stop(bool final) {
  for (const auto& handle : handles_) caf::anon_send(handle, StopShard{.final = final});
}

bool SimulatedGateway::has_actor(std::uint64_t actor) const {
  return std::ranges::find(ids_, actor) != ids_.end() || (sweep_ && sweep_.id() == actor);
}

bool SimulatedGateway::owns(std::uint32_t shard) const { return stats_[shard]->state == 2; }

bool SimulatedGateway::owns_all() const {
  return !crashed_ &&
         std::ranges::all_of(stats_, [](const auto& stats) { return stats->state == 2; });
}

bool SimulatedGateway::drained() const {
  return std::ranges::all_of(stats_, [](const auto& stats) {
    return stats->state == 5 || stats->state == 0 || stats->state == 3;
  });
}

std::uint64_t SimulatedGateway::sum(ShardStats::Number ShardStats::*number) const {
  std::uint64_t total = 0;
  for (const auto& stats : stats_) total += ((*stats).*number).load();
  for (const auto& stats : old_stats_) total += ((*stats).*number).load();
  return total;
}

}  // namespace wutong::testing
