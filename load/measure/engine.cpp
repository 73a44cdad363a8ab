#include "actors/engine.h"

#include <absl/strings/str_cat.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "gateway/heap.h"
#include "gateway/keys.h"
#include "load/measure/null_ledger.h"
#include "load/random.h"
#include "persistence/codec.h"

// The engine without network and ledger: checkouts of random members, claimed, decided, applied and
// encoded, and what a member takes in memory.

namespace wutong::bench {
namespace {

constexpr std::int64_t no_flush_soon_ms = 3'600'000;

struct Flags {
  std::string program_file;
  std::string policy_file;
  std::uint32_t members = 1'000'000;
  std::uint32_t shards = 4;
  std::uint32_t threads = 1;
  std::uint32_t seconds = 5;
  std::uint32_t outstanding = 8'192;
  std::uint32_t batch = 64;
  /// Checkouts that each member has made before memory is looked at.
  std::uint32_t checkouts_each = 0;
  /// Between snapshots; 0 makes none, as what they cost is measured in the gateway.
  std::int64_t flush_interval_ms = 1'000;
  /// What each member must have in memory then; 0 is not looked at.
  std::uint32_t lots_each = 0;
  std::uint32_t receipts_each = 0;
  std::uint32_t counters_each = 0;
  /// Had of the kernel beforehand, as a gateway has `heap_reserve_bytes`; 0 where memory is looked at.
  std::uint32_t heap_reserve_mib = 0;
  std::string json_file;
};

double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// Of this process, in bytes, as it stands now.
std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  statm >> pages >> pages;
  return pages * 4'096;
}

class NoSafekeeping final : public Safekeeping {
 public:
  void witness(std::uint32_t, const Head&) override {}
  [[nodiscard]] std::optional<Head> witnessed(std::uint32_t) const override { return std::nullopt; }
  bool salvage(std::uint32_t, const std::vector<AppendRequest>&) override { return false; }
};

class Bench {
 public:
  Bench(const Flags& flags, Rules rules)
      : flags_(flags),
        ledger_({.id = "bench",
                 .shards = flags.shards,
                 .hash_key = std::string(16, 'h'),
                 .identity_key = std::string(32, 'i')}),
        keys_(ledger_.info().hash_key, ledger_.info().identity_key),
        venue_(rules.program->venues.begin()->first),
        currency_(rules.program->currency),
        engine_(Engine::start(
            {.node_boot = "bench/1",
             .threads = flags.threads,
             .resident_members_max = 2ULL * flags.members + 100'000,
             .queued_calls_max = 1'000'000,
             .tail_bytes_max = std::numeric_limits<std::int64_t>::max() / 4,
             .flush_interval_ms =
                 flags.flush_interval_ms > 0 ? flags.flush_interval_ms : no_flush_soon_ms,
             .sweep_keys_per_second = 0},
            {.ledger = ledger_,
             .codec = codec_,
             .safekeeping = safekeeping_,
             .clocks = system_clocks(),
             .log = [](LogLevel, const std::string&) {}},
            std::move(rules))) {
    while (!engine_->ready()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    member_keys_.reserve(flags.members);
    for (std::uint32_t number = 0; number < flags.members; ++number) {
      member_keys_.push_back(keys_.member(member_id(number)));
    }
  }
  ~Bench() { engine_->stop(60'000); }

  /// What is prepared happens at one instant, so that no calendar window and no part of a sliding one ends
  /// meanwhile: each member has the same counters, whenever this is run and however long it takes.
  void prepare() {
    prepared_at_ = now();
    enroll();
    checkouts_of_everybody(flags_.checkouts_each);
    if (flags_.flush_interval_ms > 0) wait_until_flushed();
    check_members();
    prepared_at_.reset();
  }

  /// Empty, or what a member has that it should not have.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  struct Rate {
    double per_second = 0;
    /// By the time that the engine's threads have been at work.
    double per_core_second = 0;
  };
  Rate random_checkouts() {
    load::Random random(1);
    const auto begin = std::chrono::steady_clock::now();
    const auto until = begin + std::chrono::seconds(flags_.seconds);
    const auto all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    const auto own = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    const auto before = answered_.load();
    while (std::chrono::steady_clock::now() < until) {
      for (std::uint32_t one = 0; one < flags_.batch; ++one) {
        add(static_cast<std::uint32_t>(random.below(flags_.members)), checkout());
      }
    }
    drain();
    const auto done = static_cast<double>(answered_.load() - before);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const auto engine =
        cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all - (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - own);
    return {.per_second = done / took.count(), .per_core_second = done / engine};
  }

  [[nodiscard]] std::uint64_t failed() const { return failed_.load(); }

 private:
  void enroll() {
    for (std::uint32_t number = 0; number < flags_.members; ++number) {
      add(number, domain::Enroll{.member_id = member_id(number)});
    }
    drain();
  }

  void checkouts_of_everybody(std::uint32_t each) {
    for (std::uint32_t round = 0; round < each; ++round) {
      for (std::uint32_t number = 0; number < flags_.members; ++number) {
        add(number, checkout());
      }
    }
    drain();
  }

  static std::string member_id(std::uint32_t number) { return absl::StrCat("m", number); }

  domain::Checkout checkout() {
    domain::Checkout made;
    made.order_id = absl::StrCat("o", ++orders_);
    made.key = keys_.order(venue_.text(), made.order_id);
    made.origin.venue = venue_;
    made.occurred_at = clock();
    made.currency = currency_;
    made.amount = {88'00};
    made.tenders.push_back({.kind = "card", .amount = made.amount});
    return made;
  }

  /// What waits to be written is no part of what a member takes.
  void wait_until_flushed() {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::minutes(5);
    for (auto stats = engine_->stats(); stats.members_dirty > 0 || stats.tail_bytes > 0;
         stats = engine_->stats()) {
      if (std::chrono::steady_clock::now() > patience) {
        trouble_ = "what is written behind does not come to an end";
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  /// Looks at some members, from the first to the last.
  void check_members() {
    if (flags_.lots_each == 0 && flags_.receipts_each == 0 && flags_.counters_each == 0) return;
    const auto step = std::max(1U, flags_.members / members_looked_at);
    for (std::uint32_t number = 0; number < flags_.members; number += step) {
      add(number, ReadMember{});
      add(number, ReadHistory{});
    }
    drain();
  }

  void look_at(const Reply& reply) {
    if (const auto* read = std::get_if<MemberReply>(&reply)) {
      expect("lots", flags_.lots_each, read->member.lots.size());
      expect("counters", flags_.counters_each,
             read->member.counters.size() + read->member.sliding.size());
    } else if (const auto* history = std::get_if<HistoryReply>(&reply)) {
      // The ledger has none, so these are in memory.
      expect("receipts", flags_.receipts_each, history->records.size());
    }
  }
  void expect(const char* what, std::size_t wanted, std::size_t found) {
    if (wanted == 0 || wanted == found) return;
    const std::lock_guard lock(trouble_mutex_);
    trouble_ = absl::StrCat("a member has ", found, " ", what, " and not ", wanted);
  }

  [[nodiscard]] domain::Instant clock() const { return prepared_at_.value_or(now()); }
  static domain::Instant now() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count()};
  }

  void add(std::uint32_t number, Request request) {
    auto call = std::make_shared<Call>();
    call->member_id = member_id(number);
    call->member = member_keys_[number];
    call->request = std::move(request);
    call->received_at = clock();
    const bool looked_at = std::holds_alternative<ReadMember>(call->request) ||
                           std::holds_alternative<ReadHistory>(call->request);
    call->deadline = std::numeric_limits<std::int64_t>::max() / 2;
    call->done = [this, looked_at](const Reply& reply, const CallTimes&) {
      const bool good = !std::holds_alternative<RefusedReply>(reply) &&
                        !std::holds_alternative<FailedReply>(reply);
      if (looked_at) look_at(reply);
      if (!good) failed_.fetch_add(1, std::memory_order_relaxed);
      answered_.fetch_add(1, std::memory_order_release);
    };
    calls_.push_back(std::move(call));
    if (calls_.size() == flags_.batch) send();
  }
  void send() {
    sent_ += calls_.size();
    engine_->submit_all(std::exchange(calls_, {}));
    while (sent_ - answered_.load(std::memory_order_acquire) > flags_.outstanding) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }
  void drain() {
    send();
    while (answered_.load(std::memory_order_acquire) < sent_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  static constexpr std::uint32_t members_looked_at = 1'000;

  const Flags& flags_;
  std::optional<domain::Instant> prepared_at_;
  std::mutex trouble_mutex_;
  std::string trouble_;
  NullLedger ledger_;
  persistence::StoredCodec codec_;
  NoSafekeeping safekeeping_;
  KeyHasher keys_;
  const domain::VenueId venue_;
  const std::string currency_;
  std::vector<domain::MemberKey> member_keys_;
  std::vector<std::shared_ptr<Call>> calls_;
  std::uint64_t orders_ = 0;
  std::uint64_t sent_ = 0;
  std::atomic<std::uint64_t> answered_{0};
  std::atomic<std::uint64_t> failed_{0};
  // Last: its threads use all of the above.
  std::unique_ptr<Engine> engine_;
};

int run(const Flags& flags) {
  auto program = load_program(flags.program_file);
  auto policy = load_risk_policy(flags.policy_file);
  if (!program || !policy) {
    std::fprintf(stderr, "wutong-engine-bench: a document is wrong; see `wutong check`\n");
    return 2;
  }
  if (!reserve_heap(std::uint64_t{flags.heap_reserve_mib} * 1'024 * 1'024)) {
    std::fprintf(stderr, "wutong-engine-bench: there is not so much memory\n");
    return 1;
  }
  Bench bench(flags, {.program = *program, .policy = *policy});
  const auto before = resident_bytes();
  bench.prepare();
  const auto grown = resident_bytes() - before;
  if (!bench.trouble().empty()) {
    std::fprintf(stderr, "wutong-engine-bench: %s\n", bench.trouble().c_str());
    return 1;
  }
  const auto rate = flags.seconds > 0 ? bench.random_checkouts() : Bench::Rate{};
  std::printf(
      "%u members: %.0f checkouts a second, %.0f a second of a core; %.0f bytes a member; %llu "
      "failed\n",
      flags.members, rate.per_second, rate.per_core_second,
      static_cast<double>(grown) / flags.members, static_cast<unsigned long long>(bench.failed()));
  if (!flags.json_file.empty()) {
    std::ofstream(flags.json_file)
        << absl::StrCat("{\"members\": ", flags.members, ", \"checkouts_per_s\": ", rate.per_second,
                        ", \"checkouts_per_core_s\": ", rate.per_core_second,
                        ", \"resident_bytes\": ", grown, "}\n");
  }
  return bench.failed() == 0 ? 0 : 1;
}

}  // namespace
}  // namespace wutong::bench

int main(int argc, char** argv) {
  CLI::App app("Measures the engine without network and ledger.", "wutong-engine-bench");
  wutong::bench::Flags flags;
  app.add_option("--program", flags.program_file, "program document")->required();
  app.add_option("--policy", flags.policy_file, "risk policy document")->required();
  app.add_option("--members", flags.members)->capture_default_str();
  app.add_option("--shards", flags.shards, "a power of two")
      ->check(CLI::IsMember({1, 2, 4, 8, 16, 32, 64, 128, 256}))
      ->capture_default_str();
  app.add_option("--threads", flags.threads, "of the engine")->capture_default_str();
  app.add_option("--seconds", flags.seconds, "of random checkouts; 0: none")->capture_default_str();
  app.add_option("--outstanding", flags.outstanding, "calls under way")->capture_default_str();
  app.add_option("--batch", flags.batch, "calls submitted at once")->capture_default_str();
  app.add_option("--checkouts-each", flags.checkouts_each,
                 "checkouts of every member before memory is looked at")
      ->capture_default_str();
  app.add_option("--flush-interval-ms", flags.flush_interval_ms, "between snapshots; 0 makes none")
      ->capture_default_str();
  app.add_option("--lots-each", flags.lots_each, "fail unless each member has so many then");
  app.add_option("--receipts-each", flags.receipts_each, "the same of receipts in memory");
  app.add_option("--counters-each", flags.counters_each, "the same of counters");
  app.add_option("--heap-reserve-mib", flags.heap_reserve_mib, "memory had beforehand")
      ->capture_default_str();
  app.add_option("--json", flags.json_file, "write the figures there too");
  CLI11_PARSE(app, argc, argv);
  return wutong::bench::run(flags);
}
