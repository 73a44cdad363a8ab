#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "persistence/codec.h"
#include "persistence/memory_ledger.h"
#include "tests/actors/journal_mirror.h"
#include "tests/actors/simulated_calls.h"
#include "tests/actors/simulated_gateway.h"

namespace wutong::testing {

/// How often something happened, over many seeds: what never happens is not tested.
using Coverage = std::map<std::string, std::uint64_t>;

/// Shards, order books and members on bad days, from a seed: the same seed gives the same story. Real
/// actors on CAF's test coordinator; time, chance and every answer of the ledger are the simulation's.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);
  ~Simulation();

  /// The first promise that was broken, or an empty text.
  [[nodiscard]] std::string run();

  void add_to(Coverage& coverage) const;

 private:
  struct Config : caf::actor_system_config {
    Config();
  };
  /// What may happen in this seed's story.
  struct Plan {
    bool caller_clock = false;
    bool two_gateways = false;
    bool crashes = false;
    bool pauses = false;
    bool torn_tails = false;
    bool restarts = false;
    test::FaultRates rates;
    std::uint64_t resident_members_max = 0;
    std::uint64_t identity_answers_max = 0;
    std::uint32_t book_buckets = 0;
    std::uint32_t flush_members_max = 0;
    std::int64_t flush_interval_ms = 0;
    std::uint32_t steps = 0;
  };
  [[nodiscard]] static Plan draw_plan(std::mt19937_64& rng);
  [[nodiscard]] EngineOptions options(const std::string& node);
  [[nodiscard]] Clocks clocks();

  void step();
  bool run_a_job();
  bool deliver();
  void advance(std::int64_t ns);
  void submit();
  void trouble();
  void crash(std::size_t node);
  void crash_shard(SimulatedGateway& gateway, std::uint32_t shard);
  void run_jobs_of(const SimulatedGateway& gateway);
  void start(std::size_t node);
  void tear();
  void look_after_tear();
  void check_meanwhile();
  void audit(const char* when, bool drained);

  void heal();
  /// For a complaint: what stands in the way.
  [[nodiscard]] std::string standing();
  /// Runs everything, and time, until `done`; complains of `what` if that takes too long.
  template <typename Done>
  bool settle(const char* what, std::int64_t bound_ms, Done done);
  void stop_in_order(SimulatedGateway& gateway);
  void end_first_life();
  void restart_and_ask();

  void log(const std::string& line) const;

  [[nodiscard]] std::uint64_t draw(std::uint64_t count) { return rng_() % count; }
  [[nodiscard]] SimulatedGateway* live(std::size_t node);
  [[nodiscard]] std::vector<std::size_t> live_nodes();
  [[nodiscard]] domain::Instant now() const;
  [[nodiscard]] bool failed() const { return !calls_.complaint().empty(); }

  bool verbose_ = false;
  std::mt19937_64 rng_;
  Plan plan_;
  std::int64_t now_ns_ = 1'000'000'000;
  persistence::StoredCodec codec_;
  persistence::MemoryLedger ledger_;
  Config config_;
  caf::actor_system system_;
  caf::scheduler::test_coordinator& jobs_;
  JournalMirror mirror_;
  SimulatedCalls calls_;
  NodeDisk disks_[2];
  /// All that ever started; the last of each node may live.
  std::vector<std::unique_ptr<SimulatedGateway>> gateways_;
  SimulatedGateway* current_[2] = {};
  std::int64_t resume_at_ns_[2] = {};
  std::int64_t start_at_ns_[2] = {};
  std::uint64_t boots_ = 0;
  struct Tear {
    std::uint32_t shard = 0;
    std::uint64_t takeovers = 0;
  };
  std::vector<Tear> tears_;
  Coverage happened_;
};

}  // namespace wutong::testing
