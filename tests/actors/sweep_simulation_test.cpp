#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>
#include <random>
#include <set>

#include "tests/actors/simulated_gateway.h"
#include "tests/actors/sweep_cases.h"
#include "tests/support/journal_calls.h"

// A year ends on bad days: from each seed another story of a gateway that crashes and loses shards, and
// of a ledger that fails and restarts, while the sweep is at work and tills touch members.

namespace wutong::testing {
namespace {

constexpr std::int64_t ms = 1'000'000;

class SweepStory {
 public:
  explicit SweepStory(std::uint64_t seed)
      : rng_(seed), ledger_(info_in_time(), [this] { return wall_ms(); }), system_(config_) {
    members_ = 20 + static_cast<int>(draw(30));
    start();
  }

  ~SweepStory() {
    gateway_->crash();
    jobs().clock().cancel_all();
    while (jobs().has_job()) jobs().run_once();
    gateways_.clear();
    while (jobs().has_job()) jobs().run_once();
  }

  /// What went wrong, or nothing.
  std::string tell() {
    if (!settle([&] { return gateway_->owns_all(); })) return "not all shards are owned";
    for (int number = 0; number < members_; ++number) {
      const auto last_day = number % 3 == 2 ? day("2027-12-31") : day("2026-12-31");
      submit(number, domain::Enroll{.member_id = id_of(number)});
      submit(number, grant_until(absl::StrCat("g", number), last_day, {wall_ms()}));
    }
    if (!settle([&] { return unanswered_ == 0; }) || failed_calls_ > 0) return "not all enroll";
    if (draw(2) == 0) crash();
    rates_ = draw(4) == 0 ? test::FaultRates{} : test::FaultRates::some();
    gateway_->connections().set_rates(rates_);
    year_has_ended_ = true;

    const auto steps = 2'000 + draw(4'000);
    for (std::uint64_t number = 0; number < steps; ++number) step();

    rates_ = {};
    for (const auto& gateway : gateways_) gateway->connections().heal();
    if (draw(2) == 0) crash();
    if (!settle([&] { return unanswered_ == 0 && has_swept_all(); })) return "not all are swept";
    check_notes();
    return judge();
  }

  [[nodiscard]] std::uint64_t faults() const {
    std::uint64_t faults = 0;
    for (const auto& gateway : gateways_) faults += gateway->connections().faults();
    return faults;
  }
  /// Times that the ledger said, after a crash or at the end, that a shard is swept.
  [[nodiscard]] std::uint64_t notes_checked() const { return notes_checked_; }
  /// Events that came by the sweep, and not by a till.
  [[nodiscard]] std::uint64_t swept() const {
    std::uint64_t events = 0;
    for (const auto& gateway : gateways_) events += gateway->sum(&ShardStats::sweep_events);
    return events;
  }

 private:
  struct Config : caf::actor_system_config {
    Config() { set("scheduler.policy", caf::atom("testing")); }
  };

  static LedgerInfo info_in_time() {
    auto made = info();
    made.clock = LedgerClock::gateway;
    made.history_days = 35;
    return made;
  }

  [[nodiscard]] std::uint64_t draw(std::uint64_t count) { return rng_() % count; }
  [[nodiscard]] std::int64_t wall_ms() const {
    static const auto evening = at("2026-12-31 20:00:00").unix_ms;
    return evening + now_ns_ / ms + (year_has_ended_ ? 6 * 3'600'000 : 0);
  }
  caf::scheduler::test_coordinator& jobs() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }
  static std::string id_of(int number) { return absl::StrCat("m", number); }

  void start() {
    gateways_.push_back(std::make_unique<SimulatedGateway>(
        SimulatedGateway::Parts{
            .system = system_,
            .ledger = ledger_,
            .codec = codec_,
            .disk = disk_,
            .clocks = {.wall_ms = [this] { return wall_ms(); },
                       .boot_ns = [this] { return now_ns_; }},
            .log =
                [this](LogLevel level, const std::string& line) {
                  if (level == LogLevel::critical) failures_.insert(line);
                },
            .rules = {.program = std::make_shared<const domain::Program>(program_p0()),
                      .policy = std::make_shared<const domain::RiskPolicy>()}},
        EngineOptions{.node_boot = absl::StrCat("a/", gateways_.size()),
                      // Few only once all are enrolled, who come at once.
                      .resident_members_max = gateways_.size() > 1 && draw(2) == 0 ? 16U : 1'000U,
                      .lease_ttl_ms = 300,
                      .append_timeout_ms = 200,
                      .flush_interval_ms = 30,
                      .sweep_members_per_second = draw(2) == 0 ? 100U : 10'000U,
                      .sweep_resident_members_max = draw(2) == 0 ? 1U : 100U,
                      .sweep_interval_ms = 50},
        rates_, rng_()));
    gateway_ = gateways_.back().get();
  }

  void crash() {
    gateway_->crash();
    while (run_a_job()) {
    }
    check_notes();
    start();
  }

  /// What stands now would be all there is: whoever the ledger says is swept has the event in it.
  void check_notes() {
    const auto year_end = at("2027-01-01 00:00:00").unix_ms;
    const auto passed = times_passed(ledger_);
    for (std::uint32_t shard = 0; shard < info().shards; ++shard) {
      test::JournalCalls journal(ledger_.journal(shard));
      const auto swept_from = journal.note_swept({.from_unix_ms = 1, .only_first = true});
      if (!swept_from || *swept_from < year_end) continue;
      ++notes_checked_;
      for (int number = 0; number < members_; ++number) {
        const auto key = member_key(id_of(number)).value;
        if (number % 3 == 2 || key % info().shards != shard || passed.contains(key)) continue;
        failures_.insert(absl::StrCat(id_of(number), " is said to be swept, and has no event"));
      }
    }
  }

  void crash_shard() {
    const auto shard = static_cast<std::uint32_t>(draw(info().shards));
    gateway_->kill_shard(shard);
    while (gateway_->stats(shard).state != 4 && run_a_job()) {
    }
    gateway_->start_shard(shard);
  }

  void submit(int number, Request request) {
    auto call = std::make_shared<Call>();
    call->member_id = id_of(number);
    call->member = member_key(call->member_id);
    call->request = std::move(request);
    call->received_at = {wall_ms()};
    call->deadline = now_ns_ + 3'000 * ms;
    ++unanswered_;
    call->done = [this](const Reply& reply, const CallTimes&) {
      --unanswered_;
      if (std::holds_alternative<FailedReply>(reply)) ++failed_calls_;
    };
    gateway_->submit(std::move(call));
  }

  void touch_one() {
    const auto number = static_cast<int>(draw(static_cast<std::uint64_t>(members_)));
    if (draw(3) != 0) return submit(number, ReadMember{});
    submit(number, checkout_of(absl::StrCat("o", ++orders_), 10'000, {wall_ms()}));
  }

  void step() {
    const auto dice = draw(1'000);
    if (dice < 500 && run_a_job()) return;
    if (dice < 800 && deliver()) return;
    if (dice < 806) return touch_one();
    if (dice < 807) return crash();
    if (dice < 809) return crash_shard();
    if (dice < 810) return ledger_.restart();
    advance(static_cast<std::int64_t>(draw(10'000)) * 1'000);
  }

  bool run_a_job() {
    if (!jobs().has_job()) return false;
    // By number, since addresses differ from run to run.
    std::vector<std::pair<std::uint64_t, caf::resumable*>> ready;
    for (auto* job : jobs().jobs) {
      ready.emplace_back(dynamic_cast<caf::scheduled_actor&>(*job).id(), job);
    }
    std::ranges::sort(ready);
    auto* chosen = ready[draw(ready.size())].second;
    std::erase(jobs().jobs, chosen);
    jobs().jobs.push_front(chosen);
    jobs().run_once();
    return true;
  }

  bool deliver() {
    const auto first = draw(gateways_.size());
    for (std::size_t number = 0; number < gateways_.size(); ++number) {
      auto& gateway = *gateways_[(first + number) % gateways_.size()];
      if (gateway.connections().deliver_one(rng_)) return true;
    }
    return false;
  }

  void advance(std::int64_t ns) {
    now_ns_ += ns;
    jobs().advance_time(std::chrono::nanoseconds(ns));
  }

  /// Everything, and time, until `done`.
  template <typename Done>
  bool settle(Done done) {
    for (const auto until = now_ns_ + 60'000 * ms; now_ns_ < until; advance(5 * ms)) {
      while (run_a_job() || deliver()) {
      }
      if (done()) return true;
    }
    return false;
  }

  bool has_swept_all() {
    const auto passed = times_passed(ledger_);
    for (int number = 0; number < members_; ++number) {
      if (number % 3 != 2 && !passed.contains(member_key(id_of(number)).value)) return false;
    }
    return true;
  }

  std::string judge() {
    const auto passed = times_passed(ledger_);
    for (int number = 0; number < members_; ++number) {
      const auto found = passed.find(member_key(id_of(number)).value);
      const int events = found == passed.end() ? 0 : found->second;
      const int expected = number % 3 == 2 ? 0 : 1;
      if (events != expected) {
        return absl::StrCat(id_of(number), " has had ", events, " events, not ", expected);
      }
    }
    return failures_.empty() ? std::string() : *failures_.begin();
  }

  std::mt19937_64 rng_;
  std::int64_t now_ns_ = 1'000'000'000;
  bool year_has_ended_ = false;
  int members_ = 0;
  int orders_ = 0;
  int unanswered_ = 0;
  int failed_calls_ = 0;
  std::uint64_t notes_checked_ = 0;
  std::set<std::string> failures_;
  test::FaultRates rates_;
  persistence::StoredCodec codec_;
  persistence::MemoryLedger ledger_;
  NodeDisk disk_;
  Config config_;
  caf::actor_system system_;
  std::vector<std::unique_ptr<SimulatedGateway>> gateways_;
  SimulatedGateway* gateway_ = nullptr;
};

TEST(SweepSimulation, EverybodyGetsOneEventOnBadDays) {
  std::uint64_t faults = 0;
  std::uint64_t swept = 0;
  std::uint64_t notes_checked = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SweepStory story(seed);
    EXPECT_EQ(story.tell(), "") << "seed " << seed;
    faults += story.faults();
    swept += story.swept();
    notes_checked += story.notes_checked();
  }
  EXPECT_GT(notes_checked, 100U);
  EXPECT_GT(faults, 100U);
  EXPECT_GT(swept, 500U);
}

}  // namespace
}  // namespace wutong::testing
