#include "persistence/redis_connection.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>

#include "persistence/redis_command.h"
#include "persistence/redis_reply.h"
#include "persistence/text.h"

namespace wutong::persistence {

namespace {

constexpr std::chrono::milliseconds first_pause{10};

LedgerError unknown(std::string detail) {
  return {.fault = LedgerFault::unknown, .detail = std::move(detail)};
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) {
  counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

RedisConnection::RedisConnection(const RedisLoopOptions& options, int epoll_fd,
                                 RedisCounters& counters)
    : options_(options), epoll_fd_(epoll_fd), counters_(counters) {}

RedisConnection::~RedisConnection() { shut_down(); }

void RedisConnection::work(Clock::time_point now) {
  if (state_ == State::away && now >= connect_at_) connect(now);
  if (state_ == State::ready) send_waiting();
  flush_output();
  update_interest();
}

void RedisConnection::give_up_late(Clock::time_point now) {
  give_up_waiting(now);
  const bool greets = state_ == State::connecting || state_ == State::greeting;
  if (greets && now >= connect_deadline_) return close("no greeting in time");
  const bool any_late = std::ranges::any_of(
      flights_, [now](const Flight& flight) { return flight.command.deadline <= now; });
  if (any_late) close("no answer in time");
}

void RedisConnection::on_events(std::uint32_t events) {
  // hiredis learns of a finished or failed connect by whichever of the two comes first, and of a
  // hang-up by reading.
  if (context_ != nullptr && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    redisAsyncHandleRead(context_);
  }
  if (context_ != nullptr && (events & EPOLLOUT) != 0) redisAsyncHandleWrite(context_);
}

bool RedisConnection::idle() const {
  return state_ == State::ready && flights_.empty() && waiting_.empty();
}

void RedisConnection::shut_down() {
  close("shutting down");
  // Callbacks may look at the ledger, which is still whole; none of them reaches `waiting_`.
  for (auto& command : waiting_) command.done(tl::unexpected(unknown("shutting down")));
  waiting_.clear();
}

// ---- connecting

void RedisConnection::connect(Clock::time_point now) {
  const auto& endpoint = options_.endpoint;
  redisAsyncContext* const context = endpoint.unix_socket.empty()
                                         ? redisAsyncConnect(endpoint.host.c_str(), endpoint.port)
                                         : redisAsyncConnectUnix(endpoint.unix_socket.c_str());
  pause_ = std::min(std::max(pause_ * 2, first_pause), options_.reconnect_pause_max);
  connect_at_ = now + pause_;
  if (context == nullptr || context->err != 0) {
    why_away_ = join_text("cannot connect: ", context == nullptr ? "" : context->errstr);
    if (context != nullptr) redisAsyncFree(context);
    return;
  }
  // Not to be inherited by a program that the process starts: it would keep the connection open.
  fcntl(context->c.fd, F_SETFD, FD_CLOEXEC);
  state_ = State::connecting;
  context_ = context;
  connect_deadline_ = now + options_.connect_timeout;

  context->data = this;
  context->ev.data = this;
  context->ev.addRead = [](void* hook_data) { self(hook_data).wanted_events_ |= EPOLLIN; };
  context->ev.delRead = [](void* hook_data) { self(hook_data).wanted_events_ &= ~EPOLLIN; };
  context->ev.addWrite = [](void* hook_data) { self(hook_data).wanted_events_ |= EPOLLOUT; };
  context->ev.delWrite = [](void* hook_data) { self(hook_data).wanted_events_ &= ~EPOLLOUT; };
  context->ev.cleanup = [](void* hook_data) { self(hook_data).forget_context(); };
  redisAsyncSetConnectCallback(context, connect_hook);
}

void RedisConnection::connect_hook(const redisAsyncContext* context, int status) {
  auto& connection = self(context->data);
  if (status == REDIS_OK) {
    connection.greet();
  } else {
    connection.why_away_ = join_text("cannot connect: ", context->errstr);
  }
}

void RedisConnection::greet() {
  state_ = State::greeting;
  ++connect_number_;
  const auto learn = [this](LedgerResult<RedisReply> reply) {
    if (!reply) return close(reply.error().detail);
    learn_server({reply->value->str, reply->value->len});
  };
  send({.command = {.bytes = redis_command({"INFO", "server"}),
                    .deadline = connect_deadline_,
                    .done = learn}});
  send_scripts([this](LedgerResult<RedisReply> reply) {
    if (!reply) close(reply.error().detail);
  });
  // Answers come in order, so this one says that all before it were good; a server that loads
  // answers INFO, but not this.
  send({.command = {.bytes = redis_command({"PING"}),
                    .deadline = connect_deadline_,
                    .done = [this](LedgerResult<RedisReply> reply) {
                      if (!reply) return close(reply.error().detail);
                      if (state_ == State::greeting) become_ready();
                    }}});
}

void RedisConnection::learn_server(std::string_view info) {
  const auto run_id = info_field(info, "run_id");
  if (run_id.empty()) return close("INFO tells no run_id");
  if (run_id == run_id_) return;
  run_id_ = run_id;
  ++server_generation_;
}

void RedisConnection::become_ready() {
  state_ = State::ready;
  pause_ = std::chrono::milliseconds{0};
  connect_at_ = Clock::time_point::min();
  counters_.connected.fetch_add(1, std::memory_order_relaxed);
  if (connect_number_ > 1) count(counters_.reconnects);
}

// ---- sending

void RedisConnection::send_waiting() {
  while (!waiting_.empty() && state_ == State::ready) {
    RedisCommand command = std::move(waiting_.front());
    waiting_.pop_front();
    if (command.connect_number != 0 && command.connect_number != connect_number_) {
      command.done(tl::unexpected(unknown("the connection was cut")));
      continue;
    }
    count(counters_.commands);
    count(counters_.bytes_sent, command.bytes.size());
    send({.command = std::move(command), .for_caller = true});
  }
}

void RedisConnection::send(Flight flight) {
  flights_.push_back(std::move(flight));
  const std::string& bytes = flights_.back().command.bytes;
  if (redisAsyncFormattedCommand(context_, reply_hook, nullptr, bytes.data(), bytes.size()) ==
      REDIS_OK) {
    return;
  }
  // hiredis is about to close the context, so no answer would ever come for this one.
  Flight refused = std::move(flights_.back());
  flights_.pop_back();
  refused.command.done(tl::unexpected(unknown("the connection is closing")));
}

void RedisConnection::send_scripts(const std::function<void(LedgerResult<RedisReply>)>& done) {
  for (const auto script : options_.scripts) {
    send({.command = {.bytes = redis_command({"SCRIPT", "LOAD", script}),
                      .deadline = Clock::now() + options_.connect_timeout,
                      .done = done}});
  }
}

void RedisConnection::give_up_waiting(Clock::time_point now) {
  const auto late = std::ranges::stable_partition(
      waiting_, [now](const RedisCommand& command) { return command.deadline > now; });
  if (late.empty()) return;
  std::vector<RedisCommand> given_up(std::make_move_iterator(late.begin()),
                                     std::make_move_iterator(late.end()));
  waiting_.erase(late.begin(), late.end());
  for (auto& command : given_up) {
    count(counters_.errors);
    command.done(tl::unexpected(unknown(why_away_)));
  }
}

void RedisConnection::flush_output() {
  // Writing at once, instead of waiting for epoll to say that one may, saves two system calls.
  const bool may_write = state_ == State::greeting || state_ == State::ready;
  if (may_write && (wanted_events_ & EPOLLOUT) != 0) redisAsyncHandleWrite(context_);
}

void RedisConnection::update_interest() {
  if (context_ == nullptr || wanted_events_ == watched_events_) return;
  epoll_event event{.events = wanted_events_, .data = {.ptr = this}};
  const int operation = watched_events_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_fd_, operation, context_->c.fd, &event) != 0) {
    return close("cannot be watched");
  }
  watched_events_ = wanted_events_;
}

// ---- answers and ends

void RedisConnection::reply_hook(redisAsyncContext* context, void* reply, void* /*unused*/) {
  self(context->data).on_reply(static_cast<const redisReply*>(reply));
}

void RedisConnection::on_reply(const redisReply* reply) {
  Flight flight = std::move(flights_.front());
  flights_.pop_front();
  auto& done = flight.command.done;
  if (reply == nullptr) {
    if (flight.for_caller) count(counters_.errors);
    const char* const error = context_->errstr;
    return done(tl::unexpected(unknown(
        state_ == State::closing || error == nullptr ? why_away_ : join_text("cut: ", error))));
  }
  if (reply->type != REDIS_REPLY_ERROR) {
    return done(RedisReply{.value = reply,
                           .server_generation = server_generation_,
                           .connect_number = connect_number_});
  }
  const std::string_view text(reply->str, reply->len);
  if (text.starts_with("NOSCRIPT") && flight.for_caller && !flight.sent_twice &&
      state_ == State::ready) {
    // It was not executed, so sending it again cannot do it twice.
    flight.sent_twice = true;
    send_scripts([](LedgerResult<RedisReply>) {});
    count(counters_.commands);
    return send(std::move(flight));
  }
  if (flight.for_caller) count(counters_.errors);
  done(tl::unexpected(error_of_reply(text)));
}

void RedisConnection::close(std::string why) {
  if (context_ == nullptr || state_ == State::closing) return;
  why_away_ = std::move(why);
  if (state_ == State::ready) counters_.connected.fetch_sub(1, std::memory_order_relaxed);
  state_ = State::closing;
  // Answers every flight with null, then calls the clean-up hook; inside a callback, after it.
  redisAsyncFree(context_);
}

void RedisConnection::forget_context() {
  if (state_ == State::ready) counters_.connected.fetch_sub(1, std::memory_order_relaxed);
  if (state_ != State::closing && context_->err != 0) {
    why_away_ = join_text("cut: ", context_->errstr);
  }
  if (watched_events_ != 0) epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, context_->c.fd, nullptr);
  context_ = nullptr;
  wanted_events_ = 0;
  watched_events_ = 0;
  state_ = State::away;
}

}  // namespace wutong::persistence
