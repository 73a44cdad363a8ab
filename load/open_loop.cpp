#include "load/open_loop.h"

#include <algorithm>
#include <numeric>
#include <thread>
#include <utility>

#include "load/progress.h"

namespace wutong::load {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::system_clock;

/// gRPC keeps time in milliseconds and rounds up, more than once. So what is due sooner is waited for in little
/// sleeps, with a look for answers between them.
constexpr auto grpc_ticks = milliseconds(3);
constexpr auto little_sleep = microseconds(100);
/// "Now" would be rounded up, and waited for.
constexpr system_clock::time_point at_once{};

}  // namespace

OpenLoop::OpenLoop(const CallOptions& calls, Options options, Mix& mix)
    : options_(options),
      patience_(calls.timeout + calls.give_up_after + std::chrono::seconds(1)),
      mix_(mix),
      sender_(make_sender(
          calls, {.batch = options.batch,
                  .batch_wait = options.batch_wait,
                  .answered = [this](Clock::time_point due, const v1::BatchItemReply& reply) {
                    answered(due, reply);
                  }})) {}

OpenLoop::Result OpenLoop::run(const Leg& leg) {
  const auto begin = Clock::now();
  counted_from_ = begin + leg.warm_up;
  result_.emplace(Result{.timeline = Timeline(counted_from_, options_.interval)});
  send_all(leg, begin);
  drain();
  result_->timeline.finish();
  const auto& intervals = result_->timeline.intervals();
  const auto per_second = [&](std::uint64_t Timeline::Interval::*count) {
    const auto sum = std::accumulate(
        intervals.begin(), intervals.end(), std::uint64_t{0},
        [&](std::uint64_t so_far, const auto& interval) { return so_far + interval.*count; });
    return static_cast<double>(sum) / std::chrono::duration<double>(leg.length).count();
  };
  result_->due_per_s = per_second(&Timeline::Interval::due);
  result_->done_per_s = per_second(&Timeline::Interval::done);
  return *std::exchange(result_, std::nullopt);
}

void OpenLoop::send_all(const Leg& leg, Clock::time_point begin) {
  Arrivals arrivals(leg.rate, leg.spacing, leg.seed);
  const auto end = counted_from_ + leg.length;
  v1::BatchItem item;
  for (auto due = begin + arrivals.next(); due < end; due = begin + arrivals.next()) {
    if (!wait_until(due)) {
      result_->whole = false;
      return;
    }
    mix_.make(item);
    sender_->send(due, std::move(item));
    if (due < counted_from_) continue;
    result_->timeline.sent(due);
    result_->sent_late.record(microseconds_of(Clock::now() - due));
    result_->under_way_max = std::max(result_->under_way_max, sender_->under_way());
  }
}

bool OpenLoop::wait_until(Clock::time_point at) {
  for (;;) {
    if (interrupted()) return false;
    const auto left = at - Clock::now();
    // Also when it is late, so that answers are taken at every rate.
    if (left <= grpc_ticks) {
      if (!sender_->wait(at_once)) return false;
      if (left <= Clock::duration::zero()) return true;
      std::this_thread::sleep_for(std::min<Clock::duration>(left, little_sleep));
    } else if (!sender_->wait(system_clock::now() + (left - grpc_ticks))) {
      return false;
    }
  }
}

void OpenLoop::drain() {
  last_answer_ = Clock::now();
  bool whole = result_->whole;
  while (whole && sender_->under_way() > 0 && !interrupted() &&
         Clock::now() - last_answer_ < patience_) {
    whole = sender_->wait(system_clock::now() + milliseconds(100));
  }
  result_->whole = whole && !interrupted();
  result_->tally.add_unanswered(sender_->under_way());
}

void OpenLoop::answered(Clock::time_point due, const v1::BatchItemReply& reply) {
  const auto now = Clock::now();
  last_answer_ = now;
  mix_.answered(reply);
  // An answer that comes after it was given up is nobody's.
  if (!result_ || due < counted_from_) return;
  result_->timeline.answered(due, now, ending_of(reply));
  result_->tally.add(reply, now - due);
}

}  // namespace wutong::load
