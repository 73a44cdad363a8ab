#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/call.h"
#include "actors/codec.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"
#include "actors/ledger.h"
#include "actors/safekeeping.h"

/// The engine: all shards of this process behind one door. Owned by `main`; the edge knows nothing
/// else of `actors/`.
namespace wutong {

struct EngineOptions {
  /// Who we are in heads and leases: `node/boot`, unique for each start of a process.
  std::string node_boot;
  /// Worker threads that run shards.
  std::uint32_t threads = 2;
  /// Members in memory over all shards, an equal share each; beyond it idle clean ones are passivated,
  /// and if all are dirty calls are refused.
  std::uint64_t resident_members_max = 1'000'000;
  /// Answers of who has which identity that are kept in memory over all shards, an equal share each, about
  /// 120 bytes an answer; beyond it the one that was wanted longest ago is asked of the ledger again.
  std::uint64_t identity_answers_max = 262'144;
  /// Calls waiting in one shard; beyond it calls are refused.
  std::uint32_t queued_calls_max = 20'000;
  /// How long a lease is asked for; another node may try that long after the last renewal.
  std::int64_t lease_ttl_ms = 3'000;
  /// How long an append may stay unanswered before the shard gives up and takes over anew.
  std::int64_t append_timeout_ms = 2'000;
  /// Bytes of events that no flush covers yet, over all shards; a shard that is beyond its equal share
  /// refuses what would write.
  std::int64_t tail_bytes_max = 1LL << 30;
  /// Bytes of the log over all shards; a shard that is beyond its equal share refuses what would write.
  std::int64_t log_bytes_max = 8LL << 30;
  /// A batch is sent at the latest when it has this many bytes.
  std::uint32_t batch_bytes_max = 80'000;
  /// Members whose snapshots and records one flush writes at most; fewer do while a round is on time.
  std::uint32_t flush_members_max = 64;
  /// From one round of flushes to the next; a round flushes who was dirty when it began, in the first half
  /// of it, sooner if room is wanted. Whoever has very many events does not wait for it. The longer, the
  /// fewer snapshots of members who come again soon, and the more of the log a crash leaves to be read.
  std::int64_t flush_interval_ms = 30'000;

  // The sweep: whoever is due gets the event though nobody asks for them. It walks over all keys of the
  // ledger, again and again, so from being due to the event it takes the time of two walks at most. In a
  // ledger with `clock=caller` there is none.
  /// Keys of whatever kind that it looks at in a second; 0: no sweep. A Redis that is full, with 260
  /// million keys, takes 7.2 hours by the default, and 1 % of its time.
  std::uint32_t sweep_keys_per_second = 10'000;
  /// Members whom it gives their event in a second, over all shards, an equal share each. More ends a
  /// year's turn sooner (10 million members take 6 hours by the default) and costs tills more.
  std::uint32_t sweep_members_per_second = 500;
  /// Members in memory for its sake, over all shards, within `resident_members_max`: those on their way
  /// into memory, and those whose event no flush covers yet.
  std::uint32_t sweep_resident_members_max = 2'000;
  /// From the beginning of a walk to that of the next, or as long as a walk takes, if that is longer.
  std::int64_t sweep_interval_ms = 3'600'000;
};

/// Both documents; a new pair takes effect with the next decision of every shard.
struct Rules {
  std::shared_ptr<const domain::Program> program;
  std::shared_ptr<const domain::RiskPolicy> policy;
};

/// Time as the engine sees it; replaced in simulations.
struct Clocks {
  /// Unix milliseconds.
  std::function<std::int64_t()> wall_ms;
  /// Monotonic nanoseconds that go on while the machine sleeps.
  std::function<std::int64_t()> boot_ns;
};
[[nodiscard]] Clocks system_clocks();

/// Sums over all shards since the start, and what stands now.
struct EngineStats {
  std::uint32_t shards = 0;
  std::uint32_t shards_owned = 0;
  std::uint32_t shards_halted = 0;
  std::uint64_t members_resident = 0;
  std::uint64_t members_dirty = 0;
  std::uint64_t activations = 0;
  std::uint64_t passivations = 0;
  std::uint64_t takeovers = 0;
  std::uint64_t fenced = 0;
  std::uint64_t resolvings = 0;
  std::uint64_t appends = 0;
  std::uint64_t append_bytes = 0;
  std::uint64_t events = 0;
  std::uint64_t flushes = 0;
  std::uint64_t flushed_members = 0;
  std::uint64_t claims_waiting = 0;
  std::uint64_t claims_reversed = 0;
  std::uint64_t order_filter_bytes = 0;
  std::uint64_t calls_queued = 0;
  std::uint64_t history_reads = 0;
  std::uint64_t book_reads = 0;
  /// Look-ups of identities that memory answered, and that had to wait for the ledger.
  std::uint64_t identity_hits = 0;
  std::uint64_t identity_reads = 0;
  std::uint64_t identities_in_memory = 0;
  /// Identities of whose holder somebody waits to be told.
  std::uint64_t identities_awaited = 0;
  /// Answers of members that they do not hold an identity which is claimed for them.
  std::uint64_t identity_denials = 0;
  std::int64_t log_bytes = 0;
  std::int64_t log_entries = 0;
  /// Bytes of events that no answered flush covers yet, and the age of the oldest in milliseconds.
  std::int64_t tail_bytes = 0;
  std::int64_t snapshot_lag_ms = 0;
  std::uint64_t lost_tails = 0;
  /// Times that last batches, which the ledger had lost for good, were kept for an operator.
  std::uint64_t salvages = 0;
  /// Checks that failed though they always hold: bugs of ours.
  std::uint64_t broken_promises = 0;
  /// Members whose snapshots the sweep has met, those of them who were due, and the events they got.
  std::uint64_t sweep_members_met = 0;
  std::uint64_t sweep_members_due = 0;
  std::uint64_t sweep_events = 0;
  /// Due members who were left to the next walk, since their shard had tills to serve.
  std::uint64_t sweep_members_left = 0;
  /// Walks that have come to the ledger's end.
  std::uint64_t sweep_walks = 0;
  /// Since the last walk that was whole for a shard began, whoever's it was, or since the shard was
  /// first owned; of the owned shard for which it is longest. Whoever was due before has had the
  /// event. 0 in a ledger by the caller's clock.
  std::int64_t sweep_age_ms = 0;
  /// Whether this machine's clock and the ledger's agree; nothing is decided while they do not.
  bool clock_agrees = true;
  /// Batches by number of events: bucket b counts 2^b .. 2^(b+1)-1.
  std::vector<std::uint64_t> batch_events_log2;
};

enum class LogLevel : std::uint8_t { info = 1, warning = 2, error = 3, critical = 4 };
/// Takes a line for the operators; from any thread. No line names a member.
using LogSink = std::function<void(LogLevel, const std::string&)>;

/// What the engine works with; all of it outlives the engine.
struct EngineParts {
  Ledger& ledger;
  const Codec& codec;
  Safekeeping& safekeeping;
  Clocks clocks;
  LogSink log;
};

class Engine {
 public:
  /// Starts taking shards at once.
  static std::unique_ptr<Engine> start(EngineOptions options, EngineParts parts, Rules rules);
  virtual ~Engine() = default;

  /// Takes the call, which nobody else looks at from then on; any thread. Its `done` is called in every case.
  /// Calls for one member, by its id, take effect in the order in which one thread submits them.
  virtual void submit(std::shared_ptr<Call> call) = 0;
  /// The same for each, in their order.
  virtual void submit_all(std::vector<std::shared_ptr<Call>> calls) = 0;

  /// New documents for every decision from now on; any thread.
  virtual void set_rules(Rules rules) = 0;
  [[nodiscard]] virtual Rules rules() const = 0;

  [[nodiscard]] virtual EngineStats stats() const = 0;
  /// Every shard of the ledger is owned here and serves.
  [[nodiscard]] virtual bool ready() const = 0;

  /// Answers what is under way, flushes, gives the shards up; calls submitted from now on are answered
  /// `unavailable`. Blocks until done or until `bound_ms` has passed; says which. Then the engine may
  /// be destroyed.
  virtual bool stop(std::int64_t bound_ms) = 0;
};

}  // namespace wutong
