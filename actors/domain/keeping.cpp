#include "actors/domain/keeping.h"

#include <algorithm>

#include "actors/domain/calendar.h"
#include "actors/domain/windows.h"

namespace wutong::domain {
namespace {

/// Zones lie within a day of UTC on either side, so two days more than a bound are enough, whatever
/// zone the days were counted in.
constexpr int zone_days = 2;
constexpr int days_of_month_max = 31;

bool is_progress_of_tiers(Measure measure) {
  return measure == Measure::eligible_spend || measure == Measure::visits;
}

/// `last_event_at` as a day of UTC: the state does not know the program's zone.
Day last_event_day(const Member& member) {
  constexpr std::int64_t ms_per_day = 86'400'000;
  return {static_cast<std::int32_t>(member.last_event_at.unix_ms / ms_per_day)};
}

Day days_before(Day day, int days) { return {day.since_epoch - days}; }

}  // namespace

void forget_what_is_past(Member& member) {
  const Day today = last_event_day(member);
  const Day still_earned_on = days_before(today, backdating_days_max + zone_days);
  const Day still_counted = days_before(today, expired_counts_kept_days + zone_days);
  std::erase_if(member.counters, [&](const Counter& counter) {
    if (counter.window == Window::calendar_day) return counter.day < still_earned_on;
    const Day needed = is_progress_of_tiers(counter.measure) ? still_counted : still_earned_on;
    return counter.day < days_before(needed, days_of_month_max);
  });
  std::erase_if(member.sliding, [&](const SlidingCount& count) {
    return has_left_window(count, member.last_event_at);
  });
  std::erase_if(member.tiers, [&](const TierSpan& span) { return span.until < still_counted; });
  std::erase_if(member.lots, [&](const Lot& lot) {
    if (lot.points != Points{} || lot.expires_on >= still_earned_on) return false;
    return lot.expired_uncounted == Points{} || lot.expires_on < still_counted;
  });
}

}  // namespace wutong::domain
