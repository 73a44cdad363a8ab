#include "actors/domain/calendar.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <chrono>
#include <limits>

namespace wutong::domain {
namespace {

constexpr absl::CivilDay first_day(1970, 1, 1);

/// Years 1 to 9999. What lies outside came from a caller who will be refused, but it may be asked for
/// its day or month before, and must not overflow there.
absl::Time time_of(Instant instant) {
  constexpr std::int64_t least = -62'135'596'800'000;
  constexpr std::int64_t most = 253'402'300'799'999;
  return absl::FromUnixMillis(std::clamp(instant.unix_ms, least, most));
}

Day day_from(absl::CivilDay day) { return {static_cast<std::int32_t>(day - first_day)}; }

/// Counted from the start of about the same year: abseil walks year by year.
absl::CivilDay civil(Day day) {
  constexpr std::int64_t days_of_400_years = 146'097;
  const absl::CivilDay near(1970 + day.since_epoch * std::int64_t{400} / days_of_400_years);
  return near + (day.since_epoch - (near - first_day));
}

constexpr std::int64_t ms_per_second = 1'000;
constexpr std::int64_t ms_per_day = 86'400'000;

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

/// From one clock change of a zone to the next: the offset stays.
struct Stretch {
  absl::TimeZone zone;
  std::int64_t from_ms = 1;
  /// Without it; below `from_ms` for none at all.
  std::int64_t until_ms = 0;
  std::int64_t offset_ms = 0;

  [[nodiscard]] bool holds(std::int64_t unix_ms, const absl::TimeZone& of) const {
    return from_ms <= unix_ms && unix_ms < until_ms && zone == of;
  }
};

Stretch stretch_around(std::int64_t unix_ms, const absl::TimeZone& zone) {
  const auto second = absl::FromUnixSeconds(floor_div(unix_ms, ms_per_second));
  const auto info = zone.At(second);
  const auto second_ms = absl::ToUnixMillis(second);
  Stretch stretch{.zone = zone,
                  .from_ms = std::numeric_limits<std::int64_t>::min(),
                  .until_ms = std::numeric_limits<std::int64_t>::max(),
                  .offset_ms = info.offset * ms_per_second};
  // Both are told in civil seconds, which this stretch's offset turns into instants.
  absl::TimeZone::CivilTransition change;
  if (zone.NextTransition(second, &change)) {
    stretch.until_ms = second_ms + (change.from - info.cs) * ms_per_second;
  }
  // One at this very second is the stretch's beginning.
  if (zone.PrevTransition(second + absl::Seconds(1), &change)) {
    stretch.from_ms = second_ms - (info.cs - change.to) * ms_per_second;
  }
  return stretch;
}

}  // namespace

Day business_day(Instant instant, const absl::TimeZone& zone) {
  const auto unix_ms = absl::ToUnixMillis(time_of(instant));
  // What abseil knows it looks up and walks through each time; almost all calls ask about today.
  thread_local Stretch last;
  if (!last.holds(unix_ms, zone)) last = stretch_around(unix_ms, zone);
  return {static_cast<std::int32_t>(floor_div(unix_ms + last.offset_ms, ms_per_day))};
}

Instant start_of(Day day, const absl::TimeZone& zone) {
  // FromCivil gives the transition where midnight is skipped and the earlier one where it repeats.
  return {absl::ToUnixMillis(absl::FromCivil(civil(day), zone))};
}

Day next(Day day) { return {day.since_epoch + 1}; }

Day day_of(std::int64_t year, int month, int day_of_month) {
  return day_from(absl::CivilDay(year, month, day_of_month));
}

std::int32_t utc_month(Instant instant) {
  const std::chrono::sys_days day{
      std::chrono::days(floor_div(absl::ToUnixMillis(time_of(instant)), ms_per_day))};
  const std::chrono::year_month_day civil{day};
  return (int{civil.year()} - 1970) * 12 + static_cast<int>(unsigned{civil.month()}) - 1;
}

Day monday_of(Day day) {
  // 1970-01-01 was a Thursday; the sum is positive for every day of the years 1 to 9999.
  constexpr std::int32_t monday_before_year_1 = -719'162;
  return {day.since_epoch - (day.since_epoch - monday_before_year_1) % 7};
}

Day first_of_month(Day day) { return day_from(absl::CivilDay(absl::CivilMonth(civil(day)))); }

Day end_of_year(Day day, int years_ahead) {
  return day_from(absl::CivilDay(absl::CivilYear(civil(day)) + years_ahead + 1) - 1);
}

Day end_of_month(Day day, int months) {
  return day_from(absl::CivilDay(absl::CivilMonth(civil(day)) + months + 1) - 1);
}

}  // namespace wutong::domain
