#include "tests/actors/domain/oracle/days.h"

#include <absl/time/civil_time.h>

namespace wutong::oracle {

using namespace domain;

namespace {

constexpr absl::CivilDay epoch(1970, 1, 1);

absl::CivilDay civil(std::int32_t day) { return epoch + day; }
std::int32_t number(absl::CivilDay day) { return static_cast<std::int32_t>(day - epoch); }

}  // namespace

std::int32_t civil_day(Instant instant, const absl::TimeZone& zone) {
  return number(absl::ToCivilDay(absl::FromUnixMillis(instant.unix_ms), zone));
}

std::int32_t last_day(const ExpiryRule& rule, std::int32_t day) {
  const absl::CivilDay earned = civil(day);
  if (rule.kind == ExpiryRule::Kind::end_of_month_after) {
    return number(absl::CivilDay(absl::CivilMonth(earned) + rule.ahead + 1) - 1);
  }
  const bool counts_to_next =
      rule.cutoff_month_day != 0 && earned.month() * 100 + earned.day() >= rule.cutoff_month_day;
  return number(absl::CivilDay(earned.year() + rule.ahead + (counts_to_next ? 1 : 0), 12, 31));
}

bool in_one_window(Window window, std::int32_t day, std::int32_t other) {
  if (window == Window::calendar_day) return day == other;
  if (window == Window::calendar_month) {
    return absl::CivilMonth(civil(day)) == absl::CivilMonth(civil(other));
  }
  return day - weekday(day) == other - weekday(other);
}

int weekday(std::int32_t day) {
  // 1970-01-01 is a Thursday.
  return ((day + 3) % 7 + 7) % 7;
}

}  // namespace wutong::oracle
