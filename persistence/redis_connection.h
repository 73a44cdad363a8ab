#pragma once

#include <hiredis/async.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "persistence/redis_loop.h"

/// One connection to Redis, for ever opened anew. Private to `redis_loop.cpp`.
namespace wutong::persistence {

/// Owned by the loop; touched by its thread only.
///
/// away → connecting → greeting (INFO, SCRIPT LOAD) → ready → away …
class RedisConnection {
 public:
  using Clock = std::chrono::steady_clock;

  /// All three outlive the connection.
  RedisConnection(const RedisLoopOptions& options, int epoll_fd, RedisCounters& counters);
  ~RedisConnection();

  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  void enqueue(RedisCommand command) { waiting_.push_back(std::move(command)); }

  /// Whatever can be done now: connects, sends, writes.
  void work(Clock::time_point now);
  /// Gives up what is past its deadline. REQUIRES: what had arrived by `now` has been handled, so that
  /// after a pause of the whole process no answer that is there is thrown away.
  void give_up_late(Clock::time_point now);
  /// REQUIRES: `events` were reported by epoll for this connection.
  void on_events(std::uint32_t events);
  /// Nothing to wait for but events: neither a deadline nor a reconnect is ahead.
  [[nodiscard]] bool idle() const;
  /// Answers everything `unknown` and closes. Nothing may be called afterwards.
  void shut_down();

 private:
  enum class State : std::uint8_t { away, connecting, greeting, ready, closing };

  /// Sent and not answered; hiredis answers in the order of sending.
  struct Flight {
    RedisCommand command;
    /// Not of the greeting: only these are counted.
    bool for_caller = false;
    bool sent_twice = false;
  };

  void connect(Clock::time_point now);
  void greet();
  void learn_server(std::string_view info);
  void become_ready();
  void send(Flight flight);
  void send_scripts(const std::function<void(LedgerResult<RedisReply>)>& done);
  void send_waiting();
  void give_up_waiting(Clock::time_point now);
  void flush_output();
  void update_interest();
  void close(std::string why);
  void forget_context();
  void on_reply(const redisReply* reply);

  static RedisConnection& self(void* hook_data) {
    return *static_cast<RedisConnection*>(hook_data);
  }
  static void reply_hook(redisAsyncContext* context, void* reply, void* unused);
  static void connect_hook(const redisAsyncContext* context, int status);

  const RedisLoopOptions& options_;
  const int epoll_fd_;
  RedisCounters& counters_;

  State state_ = State::away;
  /// Owned by hiredis, which frees it after the clean-up hook.
  redisAsyncContext* context_ = nullptr;
  std::uint32_t wanted_events_ = 0;
  std::uint32_t watched_events_ = 0;

  std::deque<RedisCommand> waiting_;
  std::deque<Flight> flights_;

  Clock::time_point connect_at_ = Clock::time_point::min();
  Clock::time_point connect_deadline_;
  std::chrono::milliseconds pause_{0};
  /// Why it is away: what a command that runs out of time while waiting can tell.
  std::string why_away_ = "not connected yet";

  std::uint64_t connect_number_ = 0;
  std::uint64_t server_generation_ = 0;
  std::string run_id_;
};

}  // namespace wutong::persistence
