#include "load/rules.h"

#include <algorithm>

namespace wutong::load {

const Store* Venue::store(const std::string& store_id) const {
  const auto found = std::ranges::find(stores, store_id, &Store::id);
  return found == stores.end() ? nullptr : &*found;
}

const Venue* Rules::venue(const std::string& venue_id) const {
  const auto found = std::ranges::find(venues, venue_id, &Venue::id);
  return found == venues.end() ? nullptr : &*found;
}

absl::CivilDay Rules::day_of(std::int64_t unix_ms) const {
  return absl::ToCivilDay(absl::FromUnixMillis(unix_ms), zone);
}

absl::CivilDay Rules::expiry_of(absl::CivilDay business_day) const {
  if (expiry.end_of_month_after) {
    return absl::CivilDay(absl::CivilMonth(business_day) + *expiry.end_of_month_after + 1) - 1;
  }
  const int month_day = business_day.month() * 100 + business_day.day();
  const bool counts_to_next = expiry.cutoff_month_day != 0 && month_day >= expiry.cutoff_month_day;
  const absl::CivilYear last = absl::CivilYear(business_day) +
                               expiry.end_of_year_after.value_or(0) + (counts_to_next ? 1 : 0);
  return absl::CivilDay(last + 1) - 1;
}

absl::CivilDay Rules::give_back_expiry_of(absl::CivilDay expires_on, absl::CivilDay today) const {
  const bool grace = expires_on < today && expiry.give_back_grace_days > 0;
  return grace ? today + expiry.give_back_grace_days : expires_on;
}

}  // namespace wutong::load
