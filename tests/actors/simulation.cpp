#include "tests/actors/simulation.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "tests/support/program_p0.h"

// What happens; what must hold at the end is in `simulation_end.cpp`.

namespace wutong::testing {
namespace {

constexpr std::int64_t ms = 1'000'000;

LedgerInfo info_of(bool caller_clock, std::uint32_t book_buckets) {
  return {.id = "simulation",
          .shards = 4,
          .hash_key = std::string(16, 'k'),
          .identity_key = std::string(32, 'i'),
          .clock = caller_clock ? LedgerClock::caller : LedgerClock::gateway,
          .history_days = caller_clock ? 800 : 35,
          .book_buckets = book_buckets};
}

Rules rules() {
  static const Rules both{.program = std::make_shared<const domain::Program>(program_p0()),
                          .policy = std::make_shared<const domain::RiskPolicy>()};
  return both;
}

/// In the first days of a month, so that orders of some days ago belong to the one before.
std::int64_t start_of_story() {
  static const auto start = at("2026-11-02 12:00:00").unix_ms;
  return start;
}

}  // namespace

Simulation::Config::Config() { set("scheduler.policy", caf::atom("testing")); }

Simulation::Plan Simulation::draw_plan(std::mt19937_64& rng) {
  const auto draw = [&](std::uint64_t count) { return rng() % count; };
  Plan plan;
  plan.caller_clock = draw(2) == 0;
  plan.two_gateways = draw(3) == 0;
  plan.crashes = draw(2) == 0;
  plan.pauses = draw(3) == 0 || plan.two_gateways;
  plan.torn_tails = !plan.two_gateways && draw(3) == 0;
  plan.restarts = draw(4) == 0;
  if (draw(5) != 0) plan.rates = test::FaultRates::some();
  if (draw(6) == 0) {
    plan.rates = {.lost_before = 1'000,
                  .lost_after = 1'000,
                  .late = 500,
                  .repeated = 500,
                  .failed_reads = 1'000};
  }
  constexpr std::uint64_t residents[] = {4, 8, 100};
  plan.resident_members_max = residents[draw(3)];
  plan.identity_answers_max = draw(3) * 8;
  plan.book_buckets = draw(2) == 0 ? 2 : 16;
  plan.flush_members_max = static_cast<std::uint32_t>(1 + draw(3));
  plan.flush_interval_ms = draw(3) == 0 ? 400 : 30;
  plan.steps = 3'000 + static_cast<std::uint32_t>(draw(3'000));
  return plan;
}

Simulation::Simulation(std::uint64_t seed)
    : rng_(seed),
      plan_(draw_plan(rng_)),
      ledger_(info_of(plan_.caller_clock, plan_.book_buckets), [this] { return now().unix_ms; }),
      system_(config_),
      jobs_(dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
      mirror_(ledger_, codec_),
      calls_(mirror_, rng_, ledger_.info().shards) {
  if (std::getenv("WUTONG_SIM_LOG") == nullptr) return;
  verbose_ = true;
  mirror_.log = [this](const std::string& line) { log("journal: " + line); };
  calls_.log = [this](const std::string& line) { log(line); };
}

void Simulation::log(const std::string& line) const {
  if (verbose_) std::cout << now_ns_ / ms << ' ' << line << '\n';
}

Simulation::~Simulation() {
  for (auto* gateway : current_) {
    if (gateway != nullptr && !gateway->crashed()) gateway->crash();
  }
  jobs_.clock().cancel_all();
  while (jobs_.has_job()) jobs_.run_once();
  gateways_.clear();
  while (jobs_.has_job()) jobs_.run_once();
}

domain::Instant Simulation::now() const { return {start_of_story() + now_ns_ / ms}; }

Clocks Simulation::clocks() {
  return {.wall_ms = [this] { return now().unix_ms; }, .boot_ns = [this] { return now_ns_; }};
}

EngineOptions Simulation::options(const std::string& node) {
  return {.node_boot = node,
          .resident_members_max = plan_.resident_members_max,
          .identity_answers_max = plan_.identity_answers_max,
          .queued_calls_max = 60,
          .lease_ttl_ms = 300,
          .append_timeout_ms = 200,
          .batch_bytes_max = 1'500,
          .flush_members_max = plan_.flush_members_max,
          .flush_interval_ms = plan_.flush_interval_ms,
          .sweep_interval_ms = 200};
}

void Simulation::start(std::size_t node) {
  const auto name = absl::StrCat(node == 0 ? "a" : "b", "/", ++boots_);
  start_at_ns_[node] = 0;
  gateways_.push_back(std::make_unique<SimulatedGateway>(
      SimulatedGateway::Parts{.system = system_,
                              .ledger = ledger_,
                              .codec = codec_,
                              .disk = disks_[node],
                              .clocks = clocks(),
                              .log =
                                  [this, name](LogLevel level, const std::string& line) {
                                    log(absl::StrCat(name, " ", line));
                                    if (level == LogLevel::critical) calls_.complain(line);
                                  },
                              .rules = rules()},
      options(name), plan_.rates, rng_()));
  current_[node] = gateways_.back().get();
}

SimulatedGateway* Simulation::live(std::size_t node) {
  auto* gateway = current_[node];
  return gateway == nullptr || gateway->crashed() ? nullptr : gateway;
}

std::vector<std::size_t> Simulation::live_nodes() {
  std::vector<std::size_t> nodes;
  for (const std::size_t node : {0, 1}) {
    if (live(node) != nullptr) nodes.push_back(node);
  }
  return nodes;
}

std::string Simulation::run() {
  start(0);
  if (plan_.two_gateways) start(1);
  for (std::uint32_t number = 0; number < plan_.steps && !failed(); ++number) {
    step();
    if (number % 32 == 0) check_meanwhile();
  }
  if (!failed()) heal();
  if (!failed()) end_first_life();
  if (!failed()) restart_and_ask();
  return calls_.complaint();
}

void Simulation::step() {
  const auto dice = draw(1'000);
  if (dice < 600) {
    if (run_a_job()) return;
  } else if (dice < 850) {
    if (deliver()) return;
  } else if (dice < 935) {
    return submit();
  } else if (dice < 945) {
    return trouble();
  } else if (dice < 947) {
    return advance(static_cast<std::int64_t>(20 + draw(100)) * ms);
  }
  advance(static_cast<std::int64_t>(draw(3'000)) * 1'000);
}

bool Simulation::run_a_job() {
  // By number, since the order of the queue says nothing and addresses differ from run to run.
  std::vector<std::pair<std::uint64_t, caf::resumable*>> ready;
  for (auto* job : jobs_.jobs) {
    const auto id = dynamic_cast<caf::scheduled_actor&>(*job).id();
    const bool waits = std::ranges::any_of(current_, [&](const auto* gateway) {
      return gateway != nullptr && gateway->paused && gateway->has_actor(id);
    });
    if (!waits) ready.emplace_back(id, job);
  }
  if (ready.empty()) return false;
  std::ranges::sort(ready);
  auto* chosen = ready[draw(ready.size())].second;
  std::erase(jobs_.jobs, chosen);
  jobs_.jobs.push_front(chosen);
  jobs_.run_once();
  return true;
}

bool Simulation::deliver() {
  const auto first = draw(gateways_.size());
  for (std::size_t number = 0; number < gateways_.size(); ++number) {
    auto& gateway = *gateways_[(first + number) % gateways_.size()];
    if (gateway.connections().deliver_one(rng_)) return true;
  }
  return false;
}

void Simulation::advance(std::int64_t ns) {
  now_ns_ += ns;
  jobs_.advance_time(std::chrono::nanoseconds(ns));
  for (const std::size_t node : {0, 1}) {
    if (current_[node] == nullptr) continue;
    if (current_[node]->paused && now_ns_ >= resume_at_ns_[node]) current_[node]->paused = false;
    if (start_at_ns_[node] != 0 && now_ns_ >= start_at_ns_[node]) start(node);
  }
}

void Simulation::submit() {
  const auto nodes = live_nodes();
  if (nodes.empty()) return;
  live(nodes[draw(nodes.size())])->submit(calls_.next(now(), now_ns_));
}

void Simulation::trouble() {
  const auto nodes = live_nodes();
  if (nodes.empty() || !tears_.empty()) return;
  const auto node = nodes[draw(nodes.size())];
  switch (draw(6)) {
    case 0:
      if (plan_.crashes) crash(node);
      return;
    case 1:
      if (!plan_.crashes) return;
      crash_shard(*live(node), static_cast<std::uint32_t>(draw(ledger_.info().shards)));
      return;
    case 2:
      if (!plan_.pauses) return;
      live(node)->paused = true;
      log(absl::StrCat("node ", node, " is paused"));
      resume_at_ns_[node] = now_ns_ + static_cast<std::int64_t>(draw(1'500)) * ms;
      ++happened_["gateway paused"];
      return;
    case 3:
      if (plan_.torn_tails) tear();
      return;
    case 4:
      if (!plan_.restarts) return;
      ledger_.restart();
      log("the ledger restarted");
      ++happened_["ledger restarted"];
      return;
    default:
      audit("meanwhile", false);
      return;
  }
}

void Simulation::crash(std::size_t node) {
  ++happened_["gateway crashed"];
  log(absl::StrCat("node ", node, " crashes"));
  current_[node]->crash();
  start_at_ns_[node] = now_ns_ + static_cast<std::int64_t>(1 + draw(500)) * ms;
  run_jobs_of(*current_[node]);
}

void Simulation::crash_shard(SimulatedGateway& gateway, std::uint32_t shard) {
  ++happened_["shard crashed"];
  log(absl::StrCat("shard ", shard, " crashes"));
  gateway.kill_shard(shard);
  while (gateway.stats(shard).state != 4) run_jobs_of(gateway);
  gateway.start_shard(shard);
}

void Simulation::run_jobs_of(const SimulatedGateway& gateway) {
  for (bool more = true; more;) {
    more = false;
    for (auto* job : jobs_.jobs) {
      if (!gateway.has_actor(dynamic_cast<caf::scheduled_actor&>(*job).id())) continue;
      std::erase(jobs_.jobs, job);
      jobs_.jobs.push_front(job);
      jobs_.run_once();
      more = true;
      break;
    }
  }
}

void Simulation::tear() {
  const auto shard = static_cast<std::uint32_t>(draw(ledger_.info().shards));
  const auto nodes = live_nodes();
  // Whoever owned it before has ended, so only the present owner could send again what is lost.
  if (nodes.size() != 1 || live(nodes[0])->paused || !live(nodes[0])->owns(shard)) return;
  mirror_.sync();
  const auto writes = std::min<std::size_t>(mirror_.entries_of_last_epoch(shard), 1 + draw(4));
  ledger_.restart_without_last(shard, writes);
  tears_.push_back({.shard = shard, .takeovers = live(nodes[0])->stats(shard).takeovers});
  calls_.ledger_is_torn(true);
  mirror_.reread();
  log(absl::StrCat("the ledger lost ", writes, " writes of shard ", shard));
  ++happened_["tail torn"];
}

void Simulation::look_after_tear() {
  if (tears_.empty()) return;
  const auto nodes = live_nodes();
  std::erase_if(tears_, [&](const Tear& tear) {
    const auto& gateway = *live(nodes[0]);
    return gateway.owns(tear.shard) && gateway.stats(tear.shard).takeovers > tear.takeovers;
  });
  if (!tears_.empty()) return;
  mirror_.reread();
  calls_.ledger_is_torn(false);
  ++happened_["tail mended"];
}

void Simulation::check_meanwhile() {
  look_after_tear();
  for (const auto node : live_nodes()) {
    for (std::uint32_t shard = 0; shard < ledger_.info().shards; ++shard) {
      const auto& stats = live(node)->stats(shard);
      const auto most =
          std::max<std::uint64_t>(1, plan_.resident_members_max / ledger_.info().shards);
      if (stats.members_resident > most) calls_.complain("more members in memory than may be");
      if (stats.state == 3) calls_.complain("a shard has halted");
    }
  }
}

void Simulation::add_to(Coverage& coverage) const {
  for (const auto& [what, count] : happened_) coverage[what] += count;
  for (const auto& [what, count] : calls_.said()) coverage["said: " + what] += count;
  const std::pair<const char*, ShardStats::Number ShardStats::*> numbers[] = {
      {"takeovers", &ShardStats::takeovers},
      {"fenced", &ShardStats::fenced},
      {"resolvings", &ShardStats::resolvings},
      {"lost tails", &ShardStats::lost_tails},
      {"events", &ShardStats::events},
      {"flushes", &ShardStats::flushes},
      {"activations", &ShardStats::activations},
      {"passivations", &ShardStats::passivations},
      {"history reads", &ShardStats::history_reads},
      {"bucket reads", &ShardStats::book_reads},
      {"claims reversed", &ShardStats::claims_reversed},
      {"identity hits", &ShardStats::identity_hits},
      {"identity reads", &ShardStats::identity_reads},
      {"identity denials", &ShardStats::identity_denials},
  };
  for (const auto& gateway : gateways_) {
    for (const auto& [name, number] : numbers) coverage[name] += gateway->sum(number);
    coverage["ledger's faults"] += gateway->connections().faults();
  }
}

}  // namespace wutong::testing
