#include "actors/domain/calendar.h"

#include <absl/time/civil_time.h>

#include <algorithm>

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

}  // namespace

Day business_day(Instant instant, const absl::TimeZone& zone) {
  return day_from(absl::ToCivilDay(time_of(instant), zone));
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
  const auto month = absl::ToCivilMonth(time_of(instant), absl::UTCTimeZone());
  return static_cast<std::int32_t>(month - absl::CivilMonth(1970, 1));
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
