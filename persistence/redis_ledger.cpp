#include "persistence/redis_ledger.h"

#include <algorithm>
#include <chrono>

#include "persistence/keys.h"
#include "persistence/ledger_text.h"
#include "persistence/redis_command.h"
#include "persistence/redis_journal.h"
#include "persistence/redis_loop.h"
#include "persistence/redis_reply.h"
#include "persistence/redis_setup.h"
#include "persistence/scripts.h"
#include "persistence/text.h"

namespace wutong::persistence {

struct RedisLedger::Parts {
  LedgerInfo info;
  ScriptNames scripts;
  std::vector<std::unique_ptr<RedisJournal>> journals;
  std::size_t clock_connection = 0;
  /// Of its own: a step of the walk that is cut takes nothing else with it.
  std::size_t walk_connection = 0;
  std::chrono::milliseconds read_timeout{0};
  /// Last, so that it ends first: what it answers while it ends touches the journals.
  std::unique_ptr<RedisLoop> loop;
};

/// Puts a ledger together; a friend, so that nobody else can build half of one.
struct RedisLedgerOpener {
  static tl::expected<std::unique_ptr<RedisLedger>, std::string> open(const RedisOptions& options,
                                                                      LedgerInfo info,
                                                                      ScriptNames scripts) {
    auto parts = std::make_unique<RedisLedger::Parts>();
    parts->info = std::move(info);
    parts->scripts = std::move(scripts);
    parts->clock_connection = std::size_t{2} * parts->info.shards;
    parts->walk_connection = parts->clock_connection + 1;
    parts->read_timeout = std::chrono::milliseconds(options.read_timeout_ms);

    auto settings = loop_options(options, parts->walk_connection + 1);
    settings.scripts.assign(script_texts.begin(), script_texts.end());
    auto loop = RedisLoop::start(std::move(settings));
    if (!loop) return tl::unexpected(std::move(loop).error());
    parts->loop = *std::move(loop);

    for (std::uint32_t shard = 0; shard < parts->info.shards; ++shard) {
      parts->journals.push_back(std::make_unique<RedisJournal>(
          *parts->loop, parts->scripts,
          RedisJournal::Settings{
              .shard = shard,
              .append_connection = std::size_t{2} * shard,
              .side_connection = std::size_t{2} * shard + 1,
              .append_timeout = std::chrono::milliseconds(options.append_timeout_ms),
              .flush_timeout = std::chrono::milliseconds(options.flush_timeout_ms),
              .read_timeout = std::chrono::milliseconds(options.read_timeout_ms),
              .replicas = options.replicas}));
    }
    return std::unique_ptr<RedisLedger>(new RedisLedger(std::move(parts)));
  }
};

RedisLedger::RedisLedger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RedisLedger::~RedisLedger() = default;

const LedgerInfo& RedisLedger::info() const { return parts_->info; }

Journal& RedisLedger::journal(std::uint32_t shard) { return *parts_->journals[shard]; }

void RedisLedger::read_clock(LedgerCallback<std::int64_t> done) {
  parts_->loop->submit(parts_->clock_connection,
                       {.bytes = redis_command({"TIME"}),
                        .deadline = std::chrono::steady_clock::now() + parts_->read_timeout,
                        .done = [done = std::move(done)](LedgerResult<RedisReply> reply) {
                          if (!reply) return done(tl::unexpected(std::move(reply).error()));
                          done(read_time_reply(reply->value));
                        }});
}

void RedisLedger::walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                                 LedgerCallback<SnapshotPage> done) {
  parts_->loop->submit(
      parts_->walk_connection,
      {.bytes = redis_command({"EVALSHA", parts_->scripts[static_cast<std::size_t>(Script::walk)],
                               "0", join_text(cursor), any_snapshot_key,
                               join_text(std::max(keys_hint, 1U)), join_text(bytes)}),
       .deadline = std::chrono::steady_clock::now() + parts_->read_timeout,
       .done = [done = std::move(done)](LedgerResult<RedisReply> reply) {
         if (!reply) return done(tl::unexpected(std::move(reply).error()));
         auto page = read_snapshot_page_reply(reply->value);
         if (page) page->server_generation = reply->server_generation;
         done(std::move(page));
       }});
}

void RedisLedger::close() { parts_->loop->stop(); }

const RedisCounters& RedisLedger::counters() const { return parts_->loop->counters(); }

tl::expected<OpenedLedger, SetupError> open_ledger(const RedisOptions& options) {
  auto conversation = SetupConversation::begin(options);
  if (!conversation) return tl::unexpected(std::move(conversation).error());
  auto warnings = conversation->check_settings(options);
  if (!warnings) return tl::unexpected(std::move(warnings).error());

  const auto text = conversation->ask(redis_command({"GET", ledger_key}), read_bytes_reply);
  if (!text) return tl::unexpected(text.error());
  if (!text->has_value()) {
    return tl::unexpected(SetupError{.fault = SetupFault::no_ledger,
                                     .detail = "no ledger was created in this Redis"});
  }
  auto info = parse_ledger_info(**text);
  if (!info) {
    return tl::unexpected(
        SetupError{.fault = SetupFault::damaged,
                   .detail = std::string(ledger_key) + " " + std::move(info).error()});
  }
  auto scripts = conversation->load_scripts();
  if (!scripts) return tl::unexpected(std::move(scripts).error());

  auto ledger = RedisLedgerOpener::open(options, *std::move(info), *std::move(scripts));
  if (!ledger) {
    return tl::unexpected(
        SetupError{.fault = SetupFault::unreachable, .detail = std::move(ledger).error()});
  }
  return OpenedLedger{.ledger = *std::move(ledger), .warnings = *std::move(warnings)};
}

}  // namespace wutong::persistence
