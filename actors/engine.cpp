#include "actors/engine.h"

#include <absl/strings/str_cat.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

#include "actors/broken_promise.h"
#include "actors/domain/ensure.h"
#include "actors/shard.h"
#include "actors/sweep_walk.h"

namespace wutong {
namespace {

/// What is kept of a stop's bound for giving the shards up: one part of so many.
constexpr std::int64_t release_share_of_stop = 10;

constexpr std::uint64_t state_idle = 0;
constexpr std::uint64_t state_owner = 2;
constexpr std::uint64_t state_halted = 3;
constexpr std::uint64_t state_stopped = 4;
constexpr std::uint64_t state_drained = 5;

std::int64_t boot_time_ns() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// CAF's settings. Sharing, not stealing: a thief puts what an actor sends in front of everything else,
/// so that two shards in conversation would keep every call waiting.
struct Config : caf::actor_system_config {
  explicit Config(std::uint32_t threads) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{threads});
  }
};

/// Asks the ledger for its clock every second: decisions carry this machine's time, so it must not be
/// far from everybody else's.
class ClockWatch : public caf::event_based_actor {
 public:
  ClockWatch(caf::actor_config& config, EngineParts& parts, RulesHolder& rules,
             std::atomic<bool>& agrees, std::atomic<std::int64_t>& asks_open)
      : caf::event_based_actor(config),
        parts_(parts),
        rules_(rules),
        agrees_(agrees),
        asks_open_(asks_open) {}

  const char* name() const override { return "clock-watch"; }

 protected:
  caf::behavior make_behavior() override {
    ask();
    return {[this](caf::ok_atom) { ask(); }};
  }

 private:
  void ask() {
    const auto bound = rules_.get().program->bounds.clock_skew_max.ms;
    asks_open_.fetch_add(1, std::memory_order_relaxed);
    // The actor may end before the answer comes; the engine does not.
    parts_.ledger.read_clock([parts = &parts_, agrees = &agrees_, asks_open = &asks_open_,
                              bound](const LedgerResult<std::int64_t>& ledger_ms) {
      if (ledger_ms)
        judge(*parts, *agrees, std::abs(*ledger_ms - parts->clocks.wall_ms()) <= bound);
      asks_open->fetch_sub(1, std::memory_order_release);
    });
    delayed_send(this, std::chrono::seconds(1), caf::ok_atom::value);
  }

  static void judge(const EngineParts& parts, std::atomic<bool>& agrees, bool agree) {
    if (agrees.exchange(agree) == agree) return;
    parts.log(agree ? LogLevel::info : LogLevel::critical,
              agree ? "this machine's clock agrees with the ledger's again"
                    : "this machine's clock and the ledger's differ too much to serve");
  }

  EngineParts& parts_;
  RulesHolder& rules_;
  std::atomic<bool>& agrees_;
  std::atomic<std::int64_t>& asks_open_;
};

/// So that a bug stops whoever met it, and not the process.
[[noreturn]] void throw_broken(const domain::BrokenPromise& broken) {
  throw BrokenPromiseError(absl::StrCat(broken.file, ":", broken.line, ": ", broken.condition, ": ",
                                        std::string(broken.detail)));
}

class CafEngine : public Engine {
 public:
  CafEngine(EngineOptions options, EngineParts parts, Rules rules)
      : options_(std::move(options)),
        parts_(std::move(parts)),
        rules_(std::move(rules)),
        shards_(parts_.ledger.info().shards),
        stats_(std::make_unique<ShardStats[]>(shards_)),
        config_(options_.threads),
        system_(config_) {
    handles_.resize(shards_);
    for (std::uint32_t number = 0; number < shards_; ++number) {
      handles_[number] = system_.spawn<Shard>(ShardParts{.number = number,
                                                         .options = options_,
                                                         .info = parts_.ledger.info(),
                                                         .journal = parts_.ledger.journal(number),
                                                         .codec = parts_.codec,
                                                         .safekeeping = parts_.safekeeping,
                                                         .clocks = parts_.clocks,
                                                         .log = parts_.log,
                                                         .rules = rules_,
                                                         .stats = stats_[number],
                                                         .clock_agrees = clock_agrees_,
                                                         .shards = handles_,
                                                         .asks_open = asks_open_});
    }
    for (const auto& handle : handles_) caf::anon_send(handle, Tick{});
    if (parts_.ledger.info().clock == LedgerClock::gateway) {
      clock_watch_ = system_.spawn<ClockWatch>(parts_, rules_, clock_agrees_, asks_open_);
      if (options_.sweep_keys_per_second > 0) start_sweep();
    }
  }

  ~CafEngine() override {
    stop(0);
    // What is still asked of the ledger is answered into this engine, if to actors that have ended.
    while (asks_open_.load(std::memory_order_acquire) > 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void submit(std::shared_ptr<Call> call) override {
    call->times.submitted = parts_.clocks.boot_ns();
    if (stopping_.load(std::memory_order_acquire)) return turn_away(*call);
    const auto shard = shard_of(*call);
    caf::anon_send(handles_[shard], SubmitCall{.call = std::move(call)});
  }

  void submit_all(std::vector<std::shared_ptr<Call>> calls) override {
    const auto now_ns = parts_.clocks.boot_ns();
    const bool stopping = stopping_.load(std::memory_order_acquire);
    std::vector<SubmitCalls> of_shards(shards_);
    for (auto& call : calls) {
      call->times.submitted = now_ns;
      if (stopping) {
        turn_away(*call);
        continue;
      }
      auto& together = of_shards[shard_of(*call)].calls;
      together.push_back(std::move(call));
    }
    for (std::uint32_t shard = 0; shard < shards_; ++shard) {
      if (of_shards[shard].calls.empty()) continue;
      caf::anon_send(handles_[shard], std::move(of_shards[shard]));
    }
  }

  void set_rules(Rules rules) override { rules_.set(std::move(rules)); }
  [[nodiscard]] Rules rules() const override { return rules_.get(); }

  [[nodiscard]] bool ready() const override {
    return !stopping_.load(std::memory_order_acquire) &&
           clock_agrees_.load(std::memory_order_relaxed) && all_in(state_owner);
  }

  [[nodiscard]] EngineStats stats() const override;

  bool stop(std::int64_t bound_ms) override {
    const std::lock_guard lock(stop_mutex_);
    if (stopped_) return drained_;
    stopping_.store(true, std::memory_order_release);
    end_watchers();
    for (const auto& handle : handles_) caf::anon_send(handle, StopShard{.final = false});
    const auto until = boot_time_ns() + bound_ms * 1'000'000;
    const auto drain_until = until - bound_ms * 1'000'000 / release_share_of_stop;
    // A shard that is drained may still have to answer one that is not, so all of them end together.
    while (!(drained_ = all_drained()) && boot_time_ns() < drain_until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    for (const auto& handle : handles_) caf::anon_send(handle, StopShard{.final = true});
    while (!all_in(state_stopped)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    // The leases' release, and what else was asked of the ledger.
    while (asks_open_.load(std::memory_order_acquire) > 0 && boot_time_ns() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    stopped_ = true;
    return drained_;
  }

 private:
  /// They have ended when this returns, so what they use may end too.
  void end_watchers() {
    caf::scoped_actor self(system_);
    for (auto* watcher : {&sweep_, &clock_watch_}) {
      if (!*watcher) continue;
      self->send_exit(*watcher, caf::exit_reason::user_shutdown);
      self->wait_for(*watcher);
      *watcher = nullptr;
    }
  }

  static void turn_away(Call& call) {
    auto done = std::exchange(call.done, {});
    done(FailedReply{.failure = CallFailure::unavailable, .what = "shutting down"}, call.times);
  }

  [[nodiscard]] std::uint32_t shard_of(const Call& call) const {
    const auto mask = shards_ - 1;
    if (call.identity) return static_cast<std::uint32_t>(call.identity->high & mask);
    if (call.member_id.empty()) {
      if (const auto* refund = std::get_if<domain::Refund>(&call.request)) {
        return static_cast<std::uint32_t>(refund->order.high & mask);
      }
      if (const auto* receipt = std::get_if<ReadReceipt>(&call.request)) {
        return static_cast<std::uint32_t>(receipt->order.high & mask);
      }
    }
    return static_cast<std::uint32_t>(call.member.value & mask);
  }

  [[nodiscard]] bool all_in(std::uint64_t state) const {
    return std::all_of(stats_.get(), stats_.get() + shards_, [&](const ShardStats& stats) {
      return stats.state.load(std::memory_order_acquire) == state;
    });
  }

  [[nodiscard]] bool all_drained() const {
    return std::all_of(stats_.get(), stats_.get() + shards_, [](const ShardStats& stats) {
      const auto state = stats.state.load(std::memory_order_acquire);
      return state == state_drained || state == state_halted || state == state_idle ||
             state == state_stopped;
    });
  }

  void start_sweep() {
    sweep_ = system_.spawn<SweepWalk>(SweepWalkParts{.options = options_,
                                                     .ledger = parts_.ledger,
                                                     .codec = parts_.codec,
                                                     .clocks = parts_.clocks,
                                                     .log = parts_.log,
                                                     .shards = handles_,
                                                     .walks = sweep_walks_,
                                                     .asks_open = asks_open_});
  }

  EngineOptions options_;
  EngineParts parts_;
  RulesHolder rules_;
  std::uint32_t shards_;
  std::unique_ptr<ShardStats[]> stats_;
  std::atomic<bool> clock_agrees_{true};
  std::atomic<bool> stopping_{false};
  std::atomic<std::int64_t> asks_open_{0};
  std::atomic<std::uint64_t> sweep_walks_{0};
  std::mutex stop_mutex_;
  bool stopped_ = false;
  bool drained_ = false;
  Config config_;
  caf::actor_system system_;
  std::vector<ShardActor> handles_;
  caf::actor clock_watch_;
  caf::actor sweep_;
};

EngineStats CafEngine::stats() const {
  EngineStats sum;
  sum.shards = shards_;
  sum.clock_agrees = clock_agrees_.load(std::memory_order_relaxed);
  sum.sweep_walks = sweep_walks_.load(std::memory_order_relaxed);
  const auto now_ms = parts_.clocks.wall_ms();
  sum.batch_events_log2.resize(stats_[0].batch_events_log2.size());
  const auto read = [](const ShardStats::Number& number) {
    return number.load(std::memory_order_relaxed);
  };
  for (std::uint32_t number = 0; number < shards_; ++number) {
    const auto& shard = stats_[number];
    const auto state = read(shard.state);
    const bool owned = state == state_owner || state == state_drained;
    sum.shards_owned += owned ? 1 : 0;
    sum.shards_halted += state == state_halted ? 1 : 0;
    sum.members_resident += read(shard.members_resident);
    sum.members_dirty += read(shard.members_dirty);
    sum.activations += read(shard.activations);
    sum.passivations += read(shard.passivations);
    sum.takeovers += read(shard.takeovers);
    sum.fenced += read(shard.fenced);
    sum.resolvings += read(shard.resolvings);
    sum.appends += read(shard.appends);
    sum.append_bytes += read(shard.append_bytes);
    sum.events += read(shard.events);
    sum.flushes += read(shard.flushes);
    sum.flushed_members += read(shard.flushed_members);
    sum.claims_waiting += read(shard.claims_waiting);
    sum.order_filter_bytes += read(shard.order_filter_bytes);
    sum.claims_reversed += read(shard.claims_reversed);
    sum.calls_queued += read(shard.calls_queued);
    sum.history_reads += read(shard.history_reads);
    sum.book_reads += read(shard.book_reads);
    sum.identity_hits += read(shard.identity_hits);
    sum.identity_reads += read(shard.identity_reads);
    sum.identities_in_memory += read(shard.identities_in_memory);
    sum.identities_awaited += read(shard.identities_awaited);
    sum.identity_denials += read(shard.identity_denials);
    sum.log_bytes += static_cast<std::int64_t>(read(shard.log_bytes));
    sum.log_entries += static_cast<std::int64_t>(read(shard.log_entries));
    sum.tail_bytes += static_cast<std::int64_t>(read(shard.tail_bytes));
    sum.snapshot_lag_ms =
        std::max(sum.snapshot_lag_ms, static_cast<std::int64_t>(read(shard.snapshot_lag_ms)));
    sum.lost_tails += read(shard.lost_tails);
    sum.salvages += read(shard.salvages);
    sum.broken_promises += read(shard.broken_promises);
    sum.sweep_members_met += read(shard.sweep_members_met);
    sum.sweep_members_due += read(shard.sweep_members_due);
    sum.sweep_events += read(shard.sweep_events);
    sum.sweep_members_left += read(shard.sweep_members_left);
    const auto swept_from_ms = static_cast<std::int64_t>(read(shard.swept_from_unix_ms));
    if (owned && swept_from_ms > 0) {
      sum.sweep_age_ms = std::max(sum.sweep_age_ms, now_ms - swept_from_ms);
    }
    for (std::size_t index = 0; index < shard.batch_events_log2.size(); ++index) {
      sum.batch_events_log2[index] += read(shard.batch_events_log2[index]);
    }
  }
  return sum;
}

}  // namespace

Clocks system_clocks() {
  return {.wall_ms =
              [] {
                timespec now{};
                clock_gettime(CLOCK_REALTIME, &now);
                return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
              },
          .boot_ns = boot_time_ns};
}

std::unique_ptr<Engine> Engine::start(EngineOptions options, EngineParts parts, Rules rules) {
  domain::set_ensure_handler(&throw_broken);
  return std::make_unique<CafEngine>(std::move(options), std::move(parts), std::move(rules));
}

}  // namespace wutong
