#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ledger.h"
#include "persistence/keys.h"
#include "persistence/redis_loop.h"
#include "persistence/redis_options.h"
#include "persistence/scripts.h"

namespace wutong::persistence {

/// One shard's journal in Redis. Private to `redis_ledger.cpp`, which owns it and the loop.
///
/// It has two connections. Appends, and what must be seen in order with them, travel on the first;
/// flushes, reads and the lease on the second, so that an append never waits behind a flush or a
/// page of the log, and one slow read that is cut takes no append with it. Connections of its own
/// per shard, since with `appendfsync always` Redis syncs once per 16 KB that it reads from *one*.
class RedisJournal final : public Journal {
 public:
  struct Settings {
    std::uint32_t shard = 0;
    /// The two connections in the loop.
    std::size_t append_connection = 0;
    std::size_t side_connection = 0;
    std::chrono::milliseconds append_timeout{0};
    std::chrono::milliseconds flush_timeout{0};
    std::chrono::milliseconds read_timeout{0};
    std::uint32_t replicas = 0;
  };

  /// `loop` and `scripts` outlive every use but destruction: what is under way when the loop ends
  /// is answered by it, and those callbacks touch the journal.
  RedisJournal(RedisLoop& loop, const ScriptNames& scripts, Settings settings);

  void append(AppendRequest request, LedgerCallback<AppendReply> done) override;
  void flush(FlushRequest request, LedgerCallback<FlushOutcome> done) override;
  void read_head(LedgerCallback<AppendReply> done) override;
  void read_mark(LedgerCallback<Mark> done) override;
  void read_log(domain::Position after, std::uint32_t entries_max,
                LedgerCallback<std::vector<LogEntry>> done) override;
  void read_snapshot(domain::MemberKey member,
                     LedgerCallback<std::optional<std::string>> done) override;
  void read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                    LedgerCallback<std::vector<std::string>> done) override;
  void read_book_months(LedgerCallback<std::vector<std::int32_t>> done) override;
  void read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                 LedgerCallback<std::vector<std::string>> done) override;
  void read_identity(domain::IdentityKey identity,
                     LedgerCallback<std::optional<std::string>> done) override;
  void note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) override;
  void renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) override;
  void read_lease(LedgerCallback<Lease> done) override;
  void release_lease(std::string owner, LedgerCallback<Lease> done) override;
  void scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                      LedgerCallback<ScanPage> done) override;
  void read_log_size(LedgerCallback<LogSize> done) override;
  [[nodiscard]] std::uint64_t reads_generation() const override {
    return side_generation_.load(std::memory_order_acquire);
  }

 private:
  using Clock = std::chrono::steady_clock;
  using ReplyCallback = std::function<void(LedgerResult<RedisReply>)>;

  /// Holds an append's answer back until the replicas have it, or the time is up.
  struct ReplicaWait {
    AppendReply answer;
    std::uint64_t connect_number = 0;
    Clock::time_point deadline;
    LedgerCallback<AppendReply> done;
  };

  void submit_append_side(std::string bytes, ReplyCallback done);
  void submit_side(std::string bytes, std::chrono::milliseconds timeout, ReplyCallback done);
  template <typename T>
  void read_side(std::string bytes, LedgerResult<T> (*parse)(const redisReply*),
                 LedgerCallback<T> done);
  /// The values of these keys; empty where nothing is stored.
  void read_values(const std::vector<std::string>& keys,
                   LedgerCallback<std::vector<std::string>> done);
  void call_lease(std::string_view verb, std::string_view owner, std::int64_t ttl_ms,
                  LedgerCallback<Lease> done);
  void wait_for_replicas(ReplicaWait wait);
  [[nodiscard]] std::string flush_command(const FlushRequest& request) const;
  [[nodiscard]] LedgerResult<ScanPage> scan_page(const redisReply* reply) const;
  void measure_log(LedgerCallback<LogSize> done);
  [[nodiscard]] const std::string& script_name(Script script) const {
    return scripts_[static_cast<std::size_t>(script)];
  }

  RedisLoop& loop_;
  const ScriptNames& scripts_;
  const Settings settings_;
  const ShardKeys keys_;

  /// Numbers the calls on the lease. Begins with the wall clock, so that it grows over restarts of
  /// a gateway that keeps its name. Caller's thread.
  std::int64_t lease_call_;

  /// Of the side connection, as of its last answer; raised before that answer is given.
  std::atomic<std::uint64_t> side_generation_ = 0;

  /// The log's size as measured once and carried on with each append seen; the number of entries,
  /// asked for each time, tells whether anybody else appended. I/O thread.
  std::optional<LogSize> log_size_;
};

}  // namespace wutong::persistence
