#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/domain/decide.h"
#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "load/measure/edge_steps.h"
#include "load/measure/shard_turn.h"
#include "persistence/codec.h"

// The steps of a checkout one by one: what each costs by itself, with the sample program and risk policy.
// `wutong-micro-bench --steps NAME COUNT` runs one of them so many times and no more, for whoever counts
// instructions.

namespace wutong::bench {
namespace {

constexpr domain::Instant noon{1'790'000'000'000};

struct Documents {
  std::shared_ptr<const domain::Program> program;
  std::shared_ptr<const domain::RiskPolicy> policy;
};

Documents documents() {
  const std::string folder = WUTONG_SOURCE_DIR "/ops/program/";
  auto program = load_program(folder + "program.json");
  auto policy = load_risk_policy(folder + "risk_policy.json");
  if (!program || !policy) {
    std::fprintf(stderr, "wutong-micro-bench: the sample documents cannot be read\n");
    std::exit(2);
  }
  return {*program, *policy};
}

/// A member that has checked out a few times, its last event, and what comes next.
class Scene {
 public:
  Scene() : documents_(documents()) {
    domain::apply(member_, decided(domain::Enroll{.member_id = "member-0001"}));
    for (int number = 0; number < 5; ++number) {
      const auto event = decided(checkout(number));
      domain::apply(member_, event);
      records_.push_back(codec_.pack(*domain::record_of(event)));
    }
    next_ = checkout(5);
    event_ = decided(next_);
    edge_.emplace(documents_.program, now(), *domain::record_of(event_));
  }

  [[nodiscard]] domain::Decision decide() const {
    return domain::decide(member_, *documents_.program, *documents_.policy, next_, now());
  }
  void copy_member() const { benchmark::DoNotOptimize(domain::Member(member_)); }
  /// On a copy, which is what `copy_member` costs.
  void apply() const {
    domain::Member member = member_;
    domain::apply(member, event_);
    benchmark::DoNotOptimize(member);
  }
  void encode(std::string& batch) const {
    batch.clear();
    benchmark::DoNotOptimize(
        codec_.append_member_event(batch, {0x1234567890abcdef}, event_, record_));
  }
  void decode_record() const { benchmark::DoNotOptimize(codec_.unpack(records_.back())); }
  void encode_snapshot() const {
    benchmark::DoNotOptimize(codec_.snapshot_bytes(
        SnapshotView{.member = member_, .records = records_, .receipts_complete_from = {}}));
  }
  [[nodiscard]] EdgeSteps& edge() { return *edge_; }
  /// Its threads start with the first.
  void shard_turn() {
    if (!shard_) shard_.emplace(Rules{.program = documents_.program, .policy = documents_.policy});
    shard_->run();
  }

 private:
  [[nodiscard]] domain::Instant now() const {
    return noon + domain::Duration{static_cast<std::int64_t>(records_.size()) * 3'600'000};
  }

  [[nodiscard]] domain::Checkout checkout(int number) const {
    domain::Checkout made;
    made.key = {.high = 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(number + 1),
                .low = static_cast<std::uint32_t>(number)};
    made.order_id = "T01-20260921-00" + std::to_string(number);
    made.origin = {.venue = domain::VenueId::intern("mall-riverside"),
                   .store = domain::StoreId::intern("tea"),
                   .terminal = "T01",
                   .cashier = "C7",
                   .channel = domain::Channel::till};
    made.occurred_at = now();
    made.currency = "CNY";
    made.amount = {88'00};
    made.tenders.push_back({.kind = "card", .amount = made.amount});
    return made;
  }

  template <typename Asked>
  [[nodiscard]] domain::Event decided(const Asked& asked) {
    auto decision = domain::decide(member_, *documents_.program, *documents_.policy, asked, now());
    auto* accepted = std::get_if<domain::Accepted>(&decision);
    if (accepted == nullptr) {
      std::fprintf(stderr, "wutong-micro-bench: the sample program refuses the checkout\n");
      std::exit(2);
    }
    domain::header_of(accepted->event).position = {.epoch = 3, .sequence = ++sequence_};
    return std::move(accepted->event);
  }

  const Documents documents_;
  persistence::StoredCodec codec_;
  domain::Member member_;
  std::vector<PackedRecord> records_;
  mutable PackedRecord record_;
  domain::Checkout next_;
  domain::Event event_;
  std::uint64_t sequence_ = 100'000;
  std::optional<EdgeSteps> edge_;
  std::optional<ShardTurn> shard_;
};

struct Step {
  std::string_view name;
  std::function<void()> run;
};

std::vector<Step> steps_of(Scene& scene) {
  static std::string batch;
  return {{"decide", [&] { benchmark::DoNotOptimize(scene.decide()); }},
          {"copy_member", [&] { scene.copy_member(); }},
          {"copy_member_and_apply", [&] { scene.apply(); }},
          {"encode_event_and_record", [&] { scene.encode(batch); }},
          {"decode_record", [&] { scene.decode_record(); }},
          {"encode_snapshot", [&] { scene.encode_snapshot(); }},
          {"translate_request", [&] { scene.edge().translate_request(); }},
          {"write_reply", [&] { scene.edge().write_reply(); }},
          {"shard_turn_of_64", [&] { scene.shard_turn(); }}};
}

int run_counted(std::vector<Step>& steps, std::string_view name, long count) {
  for (auto& step : steps) {
    if (step.name != name) continue;
    for (; count > 0; --count) step.run();
    return 0;
  }
  std::fprintf(stderr, "wutong-micro-bench: no step of that name; there are\n");
  static_assert(ShardTurn::calls == 64, "as a step's name says");
  for (const auto& step : steps) std::fprintf(stderr, "  %s\n", std::string(step.name).c_str());
  return 2;
}

}  // namespace
}  // namespace wutong::bench

int main(int argc, char** argv) {
  wutong::bench::Scene scene;
  auto steps = wutong::bench::steps_of(scene);
  if (argc == 4 && std::string_view(argv[1]) == "--steps") {
    return wutong::bench::run_counted(steps, argv[2], std::atol(argv[3]));
  }
  for (auto& step : steps) {
    benchmark::RegisterBenchmark(std::string(step.name).c_str(), [&step](benchmark::State& state) {
      for (auto round : state) {
        static_cast<void>(round);
        step.run();
      }
    });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
