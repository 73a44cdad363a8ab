#include "persistence/redis_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "persistence/redis_connection.h"

namespace wutong::persistence {

namespace {

using Clock = std::chrono::steady_clock;

/// How late a deadline or a reconnect may be noticed.
constexpr int tick_ms = 10;

std::string system_text(const char* what) {
  return std::string(what) + ": " + std::generic_category().message(errno);
}

void answer_shutting_down(const RedisCommand& command) {
  command.done(
      tl::unexpected(LedgerError{.fault = LedgerFault::unknown, .detail = "shutting down"}));
}

}  // namespace

tl::expected<std::unique_ptr<RedisLoop>, std::string> RedisLoop::start(RedisLoopOptions options) {
  const int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0) return tl::unexpected(system_text("epoll_create1"));
  const int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd < 0) {
    auto error = system_text("eventfd");
    close(epoll_fd);
    return tl::unexpected(std::move(error));
  }
  std::unique_ptr<RedisLoop> loop(new RedisLoop(std::move(options), epoll_fd, wake_fd));
  epoll_event event{.events = EPOLLIN, .data = {.ptr = nullptr}};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0) {
    return tl::unexpected(system_text("epoll_ctl"));
  }

  // Signals are main's; and a write to a connection that Redis closed must not end the process.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    loop->thread_ = std::thread([loop = loop.get()] { loop->run(); });
  } catch (const std::system_error& error) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return tl::unexpected(std::string(error.what()));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return loop;
}

RedisLoop::RedisLoop(RedisLoopOptions options, int epoll_fd, int wake_fd)
    : options_(std::move(options)), epoll_fd_(epoll_fd), wake_fd_(wake_fd) {
  for (std::size_t i = 0; i < options_.connections; ++i) {
    connections_.push_back(std::make_unique<RedisConnection>(options_, epoll_fd_, counters_));
  }
}

RedisLoop::~RedisLoop() {
  stop();
  connections_.clear();
  close(wake_fd_);
  close(epoll_fd_);
}

void RedisLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void RedisLoop::submit(std::size_t connection, RedisCommand command) {
  bool was_asleep = false;
  bool ended = false;
  {
    const std::lock_guard lock(mutex_);
    ended = ended_;
    if (!ended) submitted_.push_back({.connection = connection, .command = std::move(command)});
    was_asleep = std::exchange(asleep_, false);
  }
  if (ended) return answer_shutting_down(command);
  if (was_asleep) wake();
}

void RedisLoop::run() {
  while (take_submissions()) {
    const auto now = Clock::now();
    if (now >= next_tick_) {
      for (auto& connection : connections_) connection->give_up_late(now);
      next_tick_ = now + std::chrono::milliseconds(tick_ms);
    }
    for (auto& connection : connections_) connection->work(now);
    wait_for_events();
  }
  answer_all_unknown();
}

bool RedisLoop::take_submissions() {
  {
    const std::lock_guard lock(mutex_);
    taken_.swap(submitted_);
    if (stopping_) return false;
  }
  for (auto& [connection, command] : taken_) connections_[connection]->enqueue(std::move(command));
  taken_.clear();
  return true;
}

void RedisLoop::wait_for_events() {
  const bool idle = std::ranges::all_of(connections_, [](auto& c) { return c->idle(); });
  int timeout_ms = idle ? -1 : tick_ms;
  {
    const std::lock_guard lock(mutex_);
    if (submitted_.empty() && !stopping_) {
      asleep_ = true;
    } else {
      timeout_ms = 0;
    }
  }
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_fd_, events.data(), events.size(), timeout_ms);
  {
    // Callbacks that submit, below, need no wake-up.
    const std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) {
      static_cast<RedisConnection*>(event.data.ptr)->on_events(event.events);
      continue;
    }
    std::uint64_t wakes = 0;
    [[maybe_unused]] const auto read_bytes = read(wake_fd_, &wakes, sizeof wakes);
  }
}

void RedisLoop::answer_all_unknown() {
  for (auto& connection : connections_) connection->shut_down();
  // A callback may have submitted again: `exactly once` holds for these too.
  while (true) {
    for (auto& submission : taken_) {
      answer_shutting_down(submission.command);
    }
    taken_.clear();
    const std::lock_guard lock(mutex_);
    ended_ = submitted_.empty();
    if (ended_) return;
    taken_.swap(submitted_);
  }
}

void RedisLoop::wake() const {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

}  // namespace wutong::persistence
