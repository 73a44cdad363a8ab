#include "load/timeline.h"

#include "load/tally.h"

namespace wutong::load {
void Timeline::sent(Clock::time_point due) {
  if (!counts(due)) return;
  const std::size_t index = index_of(due);
  if (index >= intervals_.size()) {
    intervals_.resize(index + 1);
    open_.resize(index + 1);
    conclude_what_is_past();
  }
  ++intervals_[index].due;
  ++open_[index].unanswered;
}

void Timeline::answered(Clock::time_point due, Clock::time_point now, Ending ending) {
  if (!counts(due)) return;
  take(index_of(due), now, now - due, ending);
}

void Timeline::answered_in_turn(Clock::time_point now, Clock::duration took, Ending ending) {
  if (!counts(now)) return;
  sent(now);
  take(index_of(now), now, took, ending);
}

void Timeline::take(std::size_t index, Clock::time_point now, Clock::duration took, Ending ending) {
  --open_[index].unanswered;
  if (ending == Ending::done) open_[index].latency.record(microseconds_of(took));
  // What is answered after the last request was due is no part of the run's rate.
  if (index_of(now) >= intervals_.size()) return;
  Interval& interval = intervals_[index_of(now)];
  ++(ending == Ending::done          ? interval.done
     : ending == Ending::turned_away ? interval.turned_away
                                     : interval.failed);
}

void Timeline::finish() {
  for (std::size_t index = concluded_; index < open_.size(); ++index) conclude(index);
  concluded_ = open_.size();
}

void Timeline::conclude_what_is_past() {
  // The last one is still filled.
  while (concluded_ + 1 < open_.size() && open_[concluded_].unanswered == 0) conclude(concluded_++);
}

void Timeline::conclude(std::size_t index) {
  Interval& interval = intervals_[index];
  Histogram& latency = open_[index].latency;
  interval.p50 = latency.quantile(0.5);
  interval.p90 = latency.quantile(0.9);
  interval.p99 = latency.quantile(0.99);
  interval.p999 = latency.quantile(0.999);
  interval.max = latency.max();
  latency.clear();
}

}  // namespace wutong::load
