#include "actors/domain/calendar.h"

#include <absl/time/civil_time.h>

#include <algorithm>
#include <limits>

namespace wutong::domain {
namespace {

/// Years 1 to 9999. What lies outside came from a caller who will be refused, but it may be asked for
/// its day or month before, and must not overflow there.
std::int64_t within_years(Instant instant) {
  constexpr std::int64_t least = -62'135'596'800'000;
  constexpr std::int64_t most = 253'402'300'799'999;
  return std::clamp(instant.unix_ms, least, most);
}

constexpr std::int64_t ms_per_second = 1'000;
constexpr std::int64_t ms_per_day = 86'400'000;

constexpr std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// The calendar repeats every 400 years. A year is counted from March here, so that the leap day comes last
// and the days before a month follow one rule: 153 days in any five months.
constexpr std::int64_t days_of_400_years = 146'097;
constexpr std::int64_t march_of_year_0 = -719'468;

/// The first of a month, which may be counted beyond the year: month 13 is the next January.
constexpr Day first_of(std::int64_t year, std::int64_t month) {
  const std::int64_t from_march = month - 3;
  year += floor_div(from_march, 12);
  const std::int64_t month_from_march = from_march - 12 * floor_div(from_march, 12);
  const std::int64_t cycle = floor_div(year, 400);
  const std::int64_t year_of_cycle = year - cycle * 400;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5;
  return {static_cast<std::int32_t>(march_of_year_0 + cycle * days_of_400_years +
                                    365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100 +
                                    day_of_year)};
}

Day day_before(Day day) { return {day.since_epoch - 1}; }

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

/// A month of UTC, counted from 1970-01.
struct Month {
  std::int32_t number = 0;
  std::int64_t from_ms = 1;
  /// Without it; below `from_ms` for none at all.
  std::int64_t until_ms = 0;
};

Month month_around(std::int64_t unix_ms) {
  const auto date = date_of({static_cast<std::int32_t>(floor_div(unix_ms, ms_per_day))});
  return {.number = static_cast<std::int32_t>((date.year - 1970) * 12) + date.month - 1,
          .from_ms = first_of(date.year, date.month).since_epoch * ms_per_day,
          .until_ms = first_of(date.year, date.month + 1).since_epoch * ms_per_day};
}

}  // namespace

Day business_day(Instant instant, const absl::TimeZone& zone) {
  const auto unix_ms = within_years(instant);
  // What abseil knows it looks up and walks through each time; almost all calls ask about today.
  thread_local Stretch last;
  if (!last.holds(unix_ms, zone)) last = stretch_around(unix_ms, zone);
  return {static_cast<std::int32_t>(floor_div(unix_ms + last.offset_ms, ms_per_day))};
}

Instant start_of(Day day, const absl::TimeZone& zone) {
  const auto date = date_of(day);
  // FromCivil gives the transition where midnight is skipped and the earlier one where it repeats.
  return {
      absl::ToUnixMillis(absl::FromCivil(absl::CivilDay(date.year, date.month, date.day), zone))};
}

Date date_of(Day day) {
  const std::int64_t since = day.since_epoch - march_of_year_0;
  const std::int64_t cycle = floor_div(since, days_of_400_years);
  const std::int64_t day_of_cycle = since - cycle * days_of_400_years;
  const std::int64_t year_of_cycle = (day_of_cycle - day_of_cycle / 1'460 + day_of_cycle / 36'524 -
                                      day_of_cycle / (days_of_400_years - 1)) /
                                     365;
  const auto day_of_year = static_cast<int>(
      day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100));
  const int month_from_march = (5 * day_of_year + 2) / 153;
  const int month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = cycle * 400 + year_of_cycle + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

Day next(Day day) { return {day.since_epoch + 1}; }

Day day_of(std::int64_t year, int month, int day_of_month) {
  return {first_of(year, month).since_epoch + day_of_month - 1};
}

std::int32_t utc_month(Instant instant) {
  const auto unix_ms = within_years(instant);
  // Almost all that is asked about lies in the present month.
  thread_local Month last;
  if (unix_ms < last.from_ms || unix_ms >= last.until_ms) last = month_around(unix_ms);
  return last.number;
}

Day monday_of(Day day) {
  // 1970-01-01 was a Thursday; the sum is positive for every day of the years 1 to 9999.
  constexpr std::int32_t monday_before_year_1 = -719'162;
  return {day.since_epoch - (day.since_epoch - monday_before_year_1) % 7};
}

Day first_of_month(Day day) {
  const auto date = date_of(day);
  return first_of(date.year, date.month);
}

Day end_of_year(Day day, int years_ahead) {
  return day_before(first_of(date_of(day).year + years_ahead + 1, 1));
}

Day end_of_month(Day day, int months) {
  const auto date = date_of(day);
  return day_before(first_of(date.year, std::int64_t{date.month} + months + 1));
}

}  // namespace wutong::domain
