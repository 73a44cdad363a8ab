#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "actors/ledger.h"
#include "persistence/redis_counters.h"
#include "persistence/redis_options.h"

/// The one thread that talks to Redis.
namespace wutong::persistence {

class RedisConnection;

/// An answer that is not an error.
struct RedisReply {
  /// Never null; gone when the callback returns.
  const redisReply* value = nullptr;
  /// Counts the server processes seen on this connection, from 1.
  std::uint64_t server_generation = 0;
  /// Counts the connects of this connection, from 1.
  std::uint64_t connect_number = 0;
};

struct RedisCommand {
  /// One command as `redis_command` formats it.
  std::string bytes;
  /// When it answers `unknown` instead, sent or not. Looked at about every 10 ms.
  std::chrono::steady_clock::time_point deadline;
  /// Called exactly once, on the I/O thread. Must not block.
  std::function<void(LedgerResult<RedisReply>)> done;
  /// Only to be sent on this connect, for what has a meaning only there (WAIT); 0: on any.
  std::uint64_t connect_number = 0;
};

struct RedisLoopOptions {
  RedisEndpoint endpoint;
  /// Each is a connection of its own: commands on one are executed in the order of submission.
  std::size_t connections = 1;
  /// Loaded at every connect, and again when the server forgot them.
  std::vector<std::string_view> scripts;
  std::chrono::milliseconds connect_timeout{1'000};
  std::chrono::milliseconds reconnect_pause_max{200};
};

/// Owns every hiredis context, on one thread, which epolls them and an eventfd.
///
/// A command waits until its connection is ready, then is sent; when the connection is cut, or one
/// of its commands runs out of time, the connection is closed, all that were sent on it answer
/// `unknown`, and it is opened anew. So an answer can never be taken for another command's, and
/// whatever is submitted later travels on a later connection. Redis may still execute what lay in
/// the closed one's socket (it does, after having been frozen): a command must compare before it
/// writes.
///
/// Error replies become `LedgerError`s; NOSCRIPT is mended by loading the scripts and sending once
/// more.
///
/// Owned by the ledger. `submit` may be called from any thread, callbacks included.
class RedisLoop {
 public:
  /// Starts the thread, which begins to connect. Fails only if the system gives no descriptors.
  [[nodiscard]] static tl::expected<std::unique_ptr<RedisLoop>, std::string> start(
      RedisLoopOptions options);

  /// Stops. REQUIRES: nobody submits any more.
  ~RedisLoop();

  RedisLoop(const RedisLoop&) = delete;
  RedisLoop& operator=(const RedisLoop&) = delete;

  /// Answers `unknown` to whatever is under way, then ends the thread. From then on `submit` answers so
  /// at once, on the caller's thread. One thread only, and not from a callback.
  /// REQUIRES: callbacks do not submit endlessly.
  void stop();

  /// REQUIRES: connection < options.connections.
  void submit(std::size_t connection, RedisCommand command);

  [[nodiscard]] const RedisCounters& counters() const { return counters_; }

 private:
  struct Submission {
    std::size_t connection = 0;
    RedisCommand command;
  };

  RedisLoop(RedisLoopOptions options, int epoll_fd, int wake_fd);

  void run();
  /// Hands what was submitted to its connections; false if it is time to stop.
  [[nodiscard]] bool take_submissions();
  void wait_for_events();
  void answer_all_unknown();
  void wake() const;

  const RedisLoopOptions options_;
  const int epoll_fd_;
  const int wake_fd_;
  RedisCounters counters_;

  std::mutex mutex_;
  std::vector<Submission> submitted_;  ///< guarded by mutex_
  /// Whether the thread may be in epoll_wait: only then is a wake-up, a system call, worth its
  /// price.
  bool asleep_ = false;    ///< guarded by mutex_
  bool stopping_ = false;  ///< guarded by mutex_
  /// Nobody looks at `submitted_` any more.
  bool ended_ = false;  ///< guarded by mutex_

  // Touched by the I/O thread only.
  std::vector<Submission> taken_;
  std::vector<std::unique_ptr<RedisConnection>> connections_;
  std::chrono::steady_clock::time_point next_tick_;

  std::thread thread_;
};

}  // namespace wutong::persistence
