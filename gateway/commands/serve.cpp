#include <absl/synchronization/mutex.h>
#include <google/protobuf/stubs/logging.h>
#include <sched.h>
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"
#include "gateway/commands/log.h"
#include "gateway/heap.h"
#include "gateway/metrics.h"
#include "gateway/server.h"
#include "gateway/status_server.h"
#include "gateway/text.h"
#include "persistence/codec.h"
#include "persistence/file_safekeeping.h"
#include "persistence/redis_ledger.h"

#ifndef WUTONG_VERSION
#define WUTONG_VERSION "unknown"
#endif

namespace wutong::commands {
namespace {

/// What is left of a stop's bound is the engine's: it flushes and gives the shards up.
constexpr std::int64_t server_share_of_stop = 2;
/// Beyond the bound, the kernel ends a process that hangs; what was acknowledged is durable anyway.
constexpr unsigned stop_grace_s = 5;
/// All is quiet once no call has come for so many looks, a second apart.
constexpr int quiet_looks = 3;
/// It takes a lock of all threads that allocate, so it is not done for less.
constexpr std::uint64_t given_back_bytes_min = 1 << 20;

/// Blocked before any thread starts, so that every thread inherits it and `look_for` gets them all.
sigset_t blocked_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

/// One of the signals, or 0 if none came in a second.
int look_for(const sigset_t& signals) {
  const timespec second{.tv_sec = 1, .tv_nsec = 0};
  return std::max(sigtimedwait(&signals, nullptr, &second), 0);
}

/// Before any thread starts: every thread inherits it.
void prepare_threads() {
  // A thread that is woken waits until the one that runs sleeps or has used up its slice, so a reader reads all
  // calls that are there before a shard decides them together. Without it a core that is busy changes threads
  // two or three times a call. Idle cores are used at once either way; a kernel that refuses loses speed alone.
  const sched_param no_priority{};
  sched_setscheduler(0, SCHED_BATCH, &no_priority);
  // Abseil as Debian builds it looks for cycles of locks at every lock of gRPC's, a twentieth of a call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

/// Unique for each start, so that a ledger never takes this process for an earlier one.
std::string node_boot_of(const std::string& node) {
  std::array<unsigned char, 8> random{};
  randombytes_buf(random.data(), random.size());
  std::array<char, 2 * random.size() + 1> hex{};
  sodium_bin2hex(hex.data(), hex.size(), random.data(), random.size());
  return concat({node, "/", hex.data()});
}

/// The parts of a running gateway, in the order in which they stand on each other.
class Gateway {
 public:
  explicit Gateway(Inputs inputs) : inputs_(std::move(inputs)) {}

  /// False, with a line in the log, if a part could not be started.
  bool start() {
    warn(inputs_.warnings);
    return open_ledger() && open_safekeeping() && start_engine() && start_server() &&
           start_status_server();
  }

  /// Documents and credentials again; all or nothing.
  void reload(const std::filesystem::path& config_file) {
    auto read = read_inputs(config_file);
    if (!read) {
      for (const std::string& complaint : read.error()) log(LogLevel::error, complaint);
      return log(LogLevel::error, "nothing was reloaded");
    }
    engine_->set_rules(read->rules);
    server_->set_credentials(read->credentials);
    warn(read->warnings);
    log(LogLevel::info, concat({"reloaded: ", versions_of(read->rules)}));
  }

  /// What a peak needed goes back to the kernel when all is quiet, so that the resident set tells what is in
  /// use; not while calls come, which would wait for it. To be called every second.
  void rest() {
    if (inputs_.config.gateway.heap_reserve_bytes > 0) return;
    const auto begun = calls_.begun();
    const bool is_quiet = std::exchange(begun_, begun) == begun && calls_.under_way() == 0;
    quiet_looks_ = is_quiet ? std::min(quiet_looks_ + 1, quiet_looks) : 0;
    if (quiet_looks_ < quiet_looks || heap_free_bytes() < given_back_bytes_min) return;
    give_back_free_heap();
  }

  /// Finishes what is under way, flushes, gives the shards up; within the configured bound.
  void stop() {
    using std::chrono::milliseconds;
    using std::chrono::steady_clock;
    const std::int64_t bound_ms = inputs_.config.gateway.stop_timeout_ms;
    const auto until = steady_clock::now() + milliseconds(bound_ms);
    log(LogLevel::info, "stopping");
    if (server_) server_->drain(bound_ms / server_share_of_stop);
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()).count();
    if (engine_ && !engine_->stop(std::max<std::int64_t>(left, 1))) {
      log(LogLevel::warning, "the bound passed before all was flushed; the log has it");
    }
    status_server_.reset();
    server_.reset();
    // The engine ends when all that it asked is answered, and Redis may take longer than the bound.
    if (ledger_) ledger_->close();
    engine_.reset();
    ledger_.reset();
    log(LogLevel::info, "stopped");
  }

 private:
  bool open_ledger() {
    auto opened = persistence::open_ledger(inputs_.config.redis);
    if (!opened) return fail(opened.error().detail);
    ledger_ = std::move(opened->ledger);
    for (const std::string& warning : opened->warnings) log(LogLevel::warning, warning);
    const LedgerInfo& info = ledger_->info();
    log(LogLevel::info,
        concat({"ledger ", info.id, ": ", std::to_string(info.shards), " shards, history of ",
                std::to_string(info.history_days), " days"}));
    if (info.clock == LedgerClock::caller) {
      log(LogLevel::warning, "clock=caller: callers say when things happen; for replays and tests");
    }
    return true;
  }

  bool open_safekeeping() {
    const Config::Witness& witness = inputs_.config.witness;
    auto opened = persistence::FileSafekeeping::open(witness.file, witness.salvage_folder,
                                                     ledger_->info().id);
    if (!opened) return fail(opened.error());
    safekeeping_ = *std::move(opened);
    return true;
  }

  bool start_engine() {
    EngineOptions options = inputs_.config.engine;
    options.node_boot = node_boot_of(inputs_.config.node);
    engine_ = Engine::start(std::move(options),
                            {.ledger = *ledger_,
                             .codec = codec_,
                             .safekeeping = *safekeeping_,
                             .clocks = system_clocks(),
                             .log = log},
                            inputs_.rules);
    return engine_ != nullptr;
  }

  bool start_server() {
    // Of every text that is not UTF-8 protobuf would print a line, before anybody is known.
    google::protobuf::SetLogHandler(nullptr);
    const Config::Gateway& config = inputs_.config.gateway;
    auto started =
        Server::start({.listen = config.listen,
                       .message_bytes_max = config.message_bytes_max,
                       .streams_per_connection_max = config.streams_per_connection_max,
                       .keepalive_ms = config.keepalive_ms,
                       .service = {.deadline_max_ms = config.deadline_max_ms,
                                   .calls_under_way_max = config.calls_under_way_max,
                                   .stream_items_max = config.stream_items_max}},
                      *engine_, ledger_->info(), system_clocks(), inputs_.credentials, calls_);
    if (!started) return fail(started.error());
    server_ = *std::move(started);
    log(LogLevel::info,
        concat({"serving gRPC on ", config.listen, ", port ", std::to_string(server_->port()), "; ",
                versions_of(inputs_.rules)}));
    return true;
  }

  bool start_status_server() {
    const StatusPages pages{.metrics = [this] { return metrics(); },
                            .readiness =
                                [this] {
                                  return readiness_of(*engine_, ledger_->info(),
                                                      inputs_.config.engine.log_bytes_max);
                                }};
    const Config::Metrics& config = inputs_.config.metrics;
    auto started = StatusServer::start(config.host, config.port, pages);
    if (!started) return fail(started.error());
    status_server_ = *std::move(started);
    log(LogLevel::info, concat({"serving metrics on ", config.host, ", port ",
                                std::to_string(status_server_->port())}));
    return true;
  }

  [[nodiscard]] std::string metrics() const {
    return metrics_text({.calls = calls_,
                         .engine = engine_.get(),
                         .clock = ledger_->info().clock,
                         .version = WUTONG_VERSION,
                         .extra = [this] { return extra_samples(); }});
  }

  [[nodiscard]] std::vector<ExtraSample> extra_samples() const {
    const persistence::RedisCounters& redis = ledger_->counters();
    const auto counter = [](const char* name, const char* help, auto value) {
      return ExtraSample{
          .name = name, .help = help, .is_counter = true, .value = static_cast<double>(value)};
    };
    return {counter("wutong_redis_commands_total", "Commands sent, repeats included.",
                    redis.commands.load()),
            counter("wutong_redis_sent_bytes_total", "Bytes of those commands.",
                    redis.bytes_sent.load()),
            counter("wutong_redis_errors_total", "Commands answered with an error, cut or late.",
                    redis.errors.load()),
            counter("wutong_redis_reconnects_total", "Connects that followed a cut.",
                    redis.reconnects.load()),
            {.name = "wutong_heap_allocated_bytes",
             .help = "Allocated and not freed; the resident set has what is free beside it.",
             .value = static_cast<double>(heap_allocated_bytes())},
            {.name = "wutong_heap_free_bytes",
             .help = "Free in whole pages; goes back to the kernel when all is quiet.",
             .value = static_cast<double>(heap_free_bytes())},
            {.name = "wutong_redis_connections",
             .help = "Connections that are ready.",
             .value = static_cast<double>(redis.connected.load())},
            counter("wutong_salvaged_shards_total",
                    "Shards whose acknowledged batches went to the salvage folder.",
                    safekeeping_->salvaged()),
            counter("wutong_witness_write_failures_total", "Failed writes of the witness file.",
                    safekeeping_->write_failures())};
  }

  static std::string versions_of(const Rules& rules) {
    return concat({"program ", std::to_string(rules.program->version), ", policy ",
                   std::to_string(rules.policy->version)});
  }

  static void warn(const Complaints& warnings) {
    for (const std::string& warning : warnings) log(LogLevel::warning, warning);
  }

  static bool fail(const std::string& what) {
    log(LogLevel::critical, what);
    return false;
  }

  const Inputs inputs_;
  const persistence::StoredCodec codec_;
  CallMetrics calls_;
  /// At the last look, and how many looks have found nothing new since.
  std::uint64_t begun_ = 0;
  int quiet_looks_ = 0;
  std::unique_ptr<persistence::FileSafekeeping> safekeeping_;
  std::unique_ptr<persistence::RedisLedger> ledger_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<StatusServer> status_server_;
};

}  // namespace

int serve(const std::filesystem::path& config_file) {
  const sigset_t signals = blocked_signals();
  prepare_threads();
  auto inputs = read_inputs(config_file);
  if (!inputs) {
    print(inputs.error());
    return exit_wrong;
  }
  open_log(inputs->config.log);
  const auto stop_timeout_s = static_cast<unsigned>(inputs->config.gateway.stop_timeout_ms / 1'000);
  if (inputs->config.gateway.heap_reserve_bytes > 0) {
    log(LogLevel::info,
        concat({"asking for ", std::to_string(inputs->config.gateway.heap_reserve_bytes),
                " bytes of memory"}));
  }
  if (!reserve_heap(inputs->config.gateway.heap_reserve_bytes)) {
    log(LogLevel::critical, "there is not so much memory as heap_reserve_bytes");
    return exit_failed;
  }
  Gateway gateway(*std::move(inputs));
  const bool started = gateway.start();
  int number = started ? 0 : SIGTERM;
  while (number != SIGTERM && number != SIGINT) {
    number = look_for(signals);
    if (number == SIGHUP) gateway.reload(config_file);
    if (number == 0) gateway.rest();
  }
  alarm(stop_timeout_s + stop_grace_s);
  gateway.stop();
  return started ? exit_ok : exit_failed;
}

}  // namespace wutong::commands
