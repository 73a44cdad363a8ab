#include "actors/domain/windows.h"

#include <algorithm>

#include "actors/domain/calendar.h"
#include "actors/domain/rows.h"

namespace wutong::domain {
Day first_day_of(Window window, Day day) {
  switch (window) {
    case Window::calendar_week:
      return monday_of(day);
    case Window::calendar_month:
      return first_of_month(day);
    default:
      return day;
  }
}

bool has_left_window(const SlidingCount& count, Instant now) {
  return count.last <= now - Duration{count.seconds * std::int64_t{1'000}};
}

std::int64_t counted_on(const Member& member, Measure measure, Window window, Day day,
                        LimitId shadow) {
  const Counter wanted{.measure = measure, .window = window, .day = day, .shadow = shadow};
  const auto at = std::ranges::lower_bound(member.counters, place_of(wanted), {},
                                           [](const Counter& row) { return place_of(row); });
  const bool found = at != member.counters.end() && place_of(*at) == place_of(wanted);
  return found ? at->value : 0;
}

std::int64_t counted_until(const Member& member, Measure measure, std::int32_t seconds, Instant now,
                           LimitId shadow) {
  std::int64_t counted = 0;
  for (const SlidingCount& count : member.sliding) {
    const bool wanted =
        count.measure == measure && count.seconds == seconds && count.shadow == shadow;
    if (wanted && !has_left_window(count, now)) counted += count.value;
  }
  return counted;
}

}  // namespace wutong::domain
