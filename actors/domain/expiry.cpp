#include "actors/domain/expiry.h"

#include <absl/time/civil_time.h>

#include "actors/domain/calendar.h"

namespace wutong::domain {
namespace {

bool counts_to_next_year(const ExpiryRule& rule, Day day) {
  if (rule.cutoff_month_day == 0) return false;
  const absl::CivilDay civil = absl::CivilDay(1970, 1, 1) + day.since_epoch;
  return civil.month() * 100 + civil.day() >= rule.cutoff_month_day;
}

}  // namespace

Day expires_on(const ExpiryRule& rule, Day day) {
  if (rule.kind == ExpiryRule::Kind::end_of_month_after) return end_of_month(day, rule.ahead);
  return end_of_year(day, rule.ahead + (counts_to_next_year(rule, day) ? 1 : 0));
}

}  // namespace wutong::domain
