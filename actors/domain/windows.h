#pragma once

#include <algorithm>
#include <cstdint>

#include "actors/domain/member.h"
#include "actors/domain/quantities.h"
#include "actors/domain/risk_policy.h"

/// The windows that counters count over (4.4).
namespace wutong::domain {

/// The first day of the calendar window that `day` falls into. REQUIRES: not `Window::sliding`.
[[nodiscard]] Day first_day_of(Window window, Day day);

/// One sixtieth of a sliding window, in milliseconds: what is counted as if it came at one moment.
[[nodiscard]] constexpr std::int64_t granularity_ms(std::int32_t seconds) {
  constexpr std::int64_t parts_of_window = 60;
  return std::max<std::int64_t>(1, seconds * std::int64_t{1'000} / parts_of_window);
}

/// Whether both belong to one sixtieth of the same counter.
[[nodiscard]] inline bool counted_together(const SlidingCount& a, const SlidingCount& b) {
  // In this order: neighbours that are compared one after the other are compared as one by the compiler, and
  // what has just been written as two cannot be read as one until all that was written before is in its cache.
  if (a.seconds != b.seconds || a.shadow != b.shadow) return false;
  const auto granularity = granularity_ms(a.seconds);
  return a.last.unix_ms / granularity == b.last.unix_ms / granularity && a.measure == b.measure;
}

/// Whether none of it lies in (now - seconds, now] any more.
[[nodiscard]] bool has_left_window(const SlidingCount& count, Instant now);

/// What the member's counter stands at. `shadow` as in `CounterMove`.
[[nodiscard]] std::int64_t counted_on(const Member& member, Measure measure, Window window, Day day,
                                      LimitId shadow);
[[nodiscard]] std::int64_t counted_until(const Member& member, Measure measure,
                                         std::int32_t seconds, Instant now, LimitId shadow);

}  // namespace wutong::domain
