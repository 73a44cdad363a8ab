#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "actors/ledger.h"

/// A ledger on bad days, for seeded simulations.
namespace wutong::test {

/// How often, in ten thousand calls.
struct FaultRates {
  /// Appends and flushes that answer `unknown` and were not done.
  std::uint32_t lost_before = 0;
  /// That answer `unknown` and were done.
  std::uint32_t lost_after = 0;
  /// That answer `unknown` and are done some time later, as by a Redis that was frozen.
  std::uint32_t late = 0;
  /// That are answered, and sent again some time later by nobody who waits.
  std::uint32_t repeated = 0;
  /// Reads and calls on the lease that answer `unknown`.
  std::uint32_t failed_reads = 0;

  /// Some of everything: for a start.
  [[nodiscard]] static FaultRates some() {
    return {
        .lost_before = 200, .lost_after = 200, .late = 200, .repeated = 300, .failed_reads = 100};
  }
};

class FaultyJournal;

/// Wraps any ledger that answers before a call returns. No call is done, and no answer given, until
/// a step; what each step does comes from the seeds alone. Calls of one shard keep their order within
/// appends with heads, and within the rest, as on Redis's two connections; across these and across
/// shards any order may come. One thread only.
class FaultyLedger final : public Ledger {
 public:
  /// `inner` outlives it. `seed` decides which call fails how, and nothing else.
  FaultyLedger(Ledger& inner, FaultRates rates, std::uint64_t seed);
  ~FaultyLedger() override;

  [[nodiscard]] const LedgerInfo& info() const override { return inner_.info(); }
  [[nodiscard]] Journal& journal(std::uint32_t shard) override;
  void read_clock(LedgerCallback<std::int64_t> done) override;
  void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                      LedgerCallback<SnapshotPage> done) override;

  /// One step: does one call, gives one answer, or does one stale send. False if nothing waits.
  bool deliver_one(std::mt19937_64& rng);
  /// Steps until nothing waits, not even for what the answers caused.
  void deliver_all(std::mt19937_64& rng);

  /// No further call fails; those that wait still fail as was decided.
  void heal() { rates_ = {}; }
  void set_rates(FaultRates rates) { rates_ = rates; }

  /// Calls not done or not answered yet, without stale sends.
  [[nodiscard]] std::size_t waiting() const;
  /// Sends whose time is still to come.
  [[nodiscard]] std::size_t stale() const { return stale_.size(); }
  /// Faults so far, to assert that a simulation had some.
  [[nodiscard]] std::uint64_t faults() const { return faults_; }

 private:
  friend class FaultyJournal;

  /// One call: first `run` is called once, which does it and leaves its answer in the closure; then
  /// `answer` hands that over.
  struct Call {
    std::function<void()> run;
    std::function<void()> answer;
    bool has_run = false;
  };
  /// Calls that keep their order.
  using Lane = std::deque<Call>;

  enum class Fate : std::uint8_t { good, lost_before, lost_after, late, repeated };
  [[nodiscard]] Fate draw_fate();
  [[nodiscard]] bool draw_failed_read();
  [[nodiscard]] bool draw(std::uint32_t rate);
  static void step_of(Lane& lane, std::mt19937_64& rng);

  Ledger& inner_;
  FaultRates rates_;
  std::mt19937_64 rng_;
  std::uint64_t faults_ = 0;
  std::vector<std::unique_ptr<FaultyJournal>> journals_;
  /// Two a shard, then one for the clock and one for the walk.
  std::vector<Lane> lanes_;
  std::vector<std::function<void()>> stale_;
};

}  // namespace wutong::test
