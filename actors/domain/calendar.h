#pragma once

#include <absl/time/time.h>

#include "actors/domain/quantities.h"

/// Civil days of a time zone. The zone is a value of the program: the domain never asks the machine.
namespace wutong::domain {

/// A date of the Gregorian calendar; any year.
struct Date {
  std::int64_t year = 1970;
  int month = 1;
  int day = 1;

  friend bool operator==(const Date&, const Date&) = default;
};
[[nodiscard]] Date date_of(Day day);

/// The business day of `instant`: the civil day that it falls on in `zone`.
[[nodiscard]] Day business_day(Instant instant, const absl::TimeZone& zone);

/// The first instant of `day` in `zone`, also where a clock change skips midnight.
[[nodiscard]] Instant start_of(Day day, const absl::TimeZone& zone);

[[nodiscard]] Day next(Day day);
[[nodiscard]] Day day_of(std::int64_t year, int month, int day_of_month);

/// Months since 1970-01 of `instant` in UTC: by it histories and order-book buckets are named.
[[nodiscard]] std::int32_t utc_month(Instant instant);

/// The Monday of the week that `day` falls into.
[[nodiscard]] Day monday_of(Day day);
[[nodiscard]] Day first_of_month(Day day);

/// The last day of the year `years_ahead` years after `day`'s.
[[nodiscard]] Day end_of_year(Day day, int years_ahead);

/// The last day of the month `months` after `day`'s.
[[nodiscard]] Day end_of_month(Day day, int months);

}  // namespace wutong::domain
