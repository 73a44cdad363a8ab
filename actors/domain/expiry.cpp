#include "actors/domain/expiry.h"

#include "actors/domain/calendar.h"

namespace wutong::domain {
namespace {

bool counts_to_next_year(const ExpiryRule& rule, Day day) {
  if (rule.cutoff_month_day == 0) return false;
  const auto date = date_of(day);
  return date.month * 100 + date.day >= rule.cutoff_month_day;
}

}  // namespace

Day expires_on(const ExpiryRule& rule, Day day) {
  if (rule.kind == ExpiryRule::Kind::end_of_month_after) return end_of_month(day, rule.ahead);
  return end_of_year(day, rule.ahead + (counts_to_next_year(rule, day) ? 1 : 0));
}

}  // namespace wutong::domain
