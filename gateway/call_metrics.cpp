#include "gateway/call_metrics.h"

namespace wutong {
namespace {

constexpr std::int64_t us = 1'000;
constexpr std::int64_t ms = 1'000 * us;
constexpr std::array<std::int64_t, 17> bounds_ns = {
    10 * us, 20 * us, 50 * us, 100 * us, 200 * us, 500 * us, 1 * ms,    2 * ms,   5 * ms,
    10 * ms, 20 * ms, 50 * ms, 100 * ms, 200 * ms, 500 * ms, 1000 * ms, 5000 * ms};

std::size_t cell_of(Method method, CallOutcome outcome) {
  return static_cast<std::size_t>(method) * call_outcome_names.size() +
         static_cast<std::size_t>(outcome);
}

}  // namespace

CallOutcome outcome_of(Code code) {
  switch (code) {
    case Code::invalid_argument:
      return CallOutcome::invalid_argument;
    case Code::deadline_exceeded:
      return CallOutcome::deadline_exceeded;
    case Code::not_found:
      return CallOutcome::not_found;
    case Code::already_exists:
      return CallOutcome::already_exists;
    case Code::permission_denied:
      return CallOutcome::permission_denied;
    case Code::resource_exhausted:
      return CallOutcome::resource_exhausted;
    case Code::internal:
      return CallOutcome::internal;
    case Code::unavailable:
      return CallOutcome::unavailable;
    case Code::unauthenticated:
      return CallOutcome::unauthenticated;
  }
  return CallOutcome::internal;
}

CallMetrics::CallMetrics()
    : begun_(method_count),
      finished_(method_count),
      durations_(method_count * call_outcome_names.size(), bounds_ns),
      stages_(stage_names.size(), bounds_ns) {}

void CallMetrics::finished(Method method, CallOutcome outcome, std::int64_t duration_ns,
                           const CallTimes& times) {
  finished_.add(static_cast<std::size_t>(method));
  durations_.observe(cell_of(method, outcome), duration_ns);
  const auto observe = [this](Stage stage, std::int64_t from, std::int64_t to) {
    if (from != 0 && to != 0) stages_.observe(static_cast<std::size_t>(stage), to - from);
  };
  observe(Stage::queue, times.submitted, times.started);
  observe(Stage::decision, times.started, times.decided);
  observe(Stage::commit, times.decided, times.committed);
}

HistogramCells::Snapshot CallMetrics::durations(Method method, CallOutcome outcome) const {
  return durations_.read(cell_of(method, outcome));
}

HistogramCells::Snapshot CallMetrics::stage(Stage stage) const {
  return stages_.read(static_cast<std::size_t>(stage));
}

std::uint64_t CallMetrics::under_way() const {
  // Finished first: a call that ends in between is then counted twice as begun, never as negative.
  std::uint64_t finished = 0;
  for (std::size_t i = 0; i < method_count; ++i) finished += finished_.sum(i);
  return begun() - finished;
}

std::uint64_t CallMetrics::begun() const {
  std::uint64_t begun = 0;
  for (std::size_t i = 0; i < method_count; ++i) begun += begun_.sum(i);
  return begun;
}

}  // namespace wutong
