#include "actors/domain/calendar.h"

#include <absl/time/civil_time.h>
#include <gtest/gtest.h>

#include <limits>

#include "actors/domain/expiry.h"
#include "tests/support/program_p0.h"

namespace wutong::testing {
namespace {

using namespace domain;

TEST(Calendar, ABusinessDayEndsAtMidnightOfItsZone) {
  const absl::TimeZone shanghai = zone("Asia/Shanghai");
  EXPECT_EQ(business_day(at("2026-12-31 23:59:59.999"), shanghai), day("2026-12-31"));
  EXPECT_EQ(business_day(at("2027-01-01 00:00:00"), shanghai), day("2027-01-01"));
  EXPECT_EQ(business_day(at("2026-12-31 23:59:59", "UTC"), shanghai), day("2027-01-01"));
}

TEST(Calendar, DaysBeforeTheEpochAreDaysToo) {
  EXPECT_EQ(business_day({-1}, zone("UTC")), day("1969-12-31"));
  EXPECT_EQ(utc_month({-1}), -1);
}

TEST(Calendar, AgreesWithAnotherOneOnEveryDayOfTheYears1To9999) {
  const absl::CivilDay epoch(1970, 1, 1);
  constexpr std::int64_t day_ms = 86'400'000;
  for (absl::CivilDay civil(1, 1, 1); civil.year() < 10'000; ++civil) {
    const auto since = static_cast<std::int32_t>(civil - epoch);
    ASSERT_EQ(day_of(civil.year(), civil.month(), civil.day()), Day{since});
    ASSERT_EQ(utc_month({since * day_ms}), (civil.year() - 1970) * 12 + civil.month() - 1);
    ASSERT_EQ(first_of_month({since}).since_epoch, since - civil.day() + 1);
    if (civil.day() != 1 || civil.year() > 9'990) continue;
    const int ahead = civil.month() * 3;
    ASSERT_EQ(end_of_month({since}, ahead).since_epoch,
              absl::CivilDay(absl::CivilMonth(civil) + ahead + 1) - 1 - epoch);
    ASSERT_EQ(end_of_year({since}, 2).since_epoch,
              absl::CivilDay(absl::CivilYear(civil) + 3) - 1 - epoch);
  }
}

TEST(Calendar, KnowsLeapYears) {
  EXPECT_EQ(next(day("2028-02-28")), day("2028-02-29"));
  EXPECT_EQ(next(day("2027-02-28")), day("2027-03-01"));
  EXPECT_EQ(next(day("2100-02-28")), day("2100-03-01"));
  EXPECT_EQ(end_of_month(day("2027-11-30"), 3), day("2028-02-29"));
  EXPECT_EQ(end_of_month(day("2028-02-29"), 12), day("2029-02-28"));
}

TEST(Calendar, CountsMonthsAndYearsAhead) {
  EXPECT_EQ(end_of_month(day("2026-01-31"), 1), day("2026-02-28"));
  EXPECT_EQ(end_of_month(day("2026-12-31"), 0), day("2026-12-31"));
  EXPECT_EQ(end_of_month(day("2026-12-31"), 1), day("2027-01-31"));
  EXPECT_EQ(end_of_year(day("2026-01-01"), 0), day("2026-12-31"));
  EXPECT_EQ(end_of_year(day("2026-12-31"), 1), day("2027-12-31"));
}

TEST(Calendar, MonthsOfUtcNameHistories) {
  EXPECT_EQ(utc_month(at("1970-01-31 23:59:59", "UTC")), 0);
  EXPECT_EQ(utc_month(at("2026-12-31 23:59:59", "UTC")), 56 * 12 + 11);
  EXPECT_EQ(utc_month(at("2027-01-01 00:00:00")), 56 * 12 + 11);
}

TEST(Calendar, ADayOfAClockChangeHasADifferentLength) {
  const absl::TimeZone berlin = zone("Europe/Berlin");
  const auto hours = [&](const char* civil) {
    return (start_of(next(day(civil)), berlin) - start_of(day(civil), berlin)).ms / 3'600'000;
  };
  EXPECT_EQ(hours("2026-03-28"), 24);
  EXPECT_EQ(hours("2026-03-29"), 23);
  EXPECT_EQ(hours("2026-10-25"), 25);
}

TEST(Calendar, ADayWithoutAMidnightStartsWhereTheClockJumpsTo) {
  // In 2018 São Paulo went from 23:59:59 to 01:00:00.
  const absl::TimeZone sao_paulo = zone("America/Sao_Paulo");
  const Instant start = start_of(day("2018-11-04"), sao_paulo);
  EXPECT_EQ(start, at("2018-11-04 03:00:00", "UTC"));
  EXPECT_EQ(business_day(start, sao_paulo), day("2018-11-04"));
  EXPECT_EQ(business_day(start - Duration{1}, sao_paulo), day("2018-11-03"));
}

TEST(Calendar, ADayWithTwoMidnightsStartsAtTheFirst) {
  // In Havana the clock goes from 01:00 back to 00:00.
  const absl::TimeZone havana = zone("America/Havana");
  const Instant start = start_of(day("2026-11-01"), havana);
  EXPECT_EQ(start, at("2026-11-01 04:00:00", "UTC"));
  EXPECT_EQ(business_day(start - Duration{1}, havana), day("2026-10-31"));
}

TEST(Calendar, EveryDayStartsWhereTheDayBeforeEnds) {
  for (const char* name : {"Asia/Shanghai", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"}) {
    const absl::TimeZone here = zone(name);
    for (Day today = day("2010-01-01"); today < day("2020-01-01"); today = next(today)) {
      // Samoa had no 30 December 2011; what would have been its start is the next day's.
      if (std::string(name) == "Pacific/Apia" && today == day("2011-12-30")) continue;
      const Instant start = start_of(today, here);
      ASSERT_EQ(business_day(start, here), today) << name << ' ' << today.since_epoch;
      ASSERT_LT(business_day(start - Duration{1}, here), today) << name << ' ' << today.since_epoch;
    }
  }
}

TEST(Calendar, InstantsBeyondTheCalendarDoNotOverflow) {
  constexpr Instant least{std::numeric_limits<std::int64_t>::min()};
  constexpr Instant most{std::numeric_limits<std::int64_t>::max()};
  EXPECT_LT(utc_month(least), 0);
  EXPECT_GT(utc_month(most), 0);
  EXPECT_LT(business_day(least, zone("Asia/Shanghai")), business_day(most, zone("UTC")));
}

TEST(Expiry, EndsWithTheYearSomeYearsAhead) {
  ExpiryRule rule{.kind = ExpiryRule::Kind::end_of_year_after, .ahead = 1};
  EXPECT_EQ(expires_on(rule, day("2026-01-01")), day("2027-12-31"));
  EXPECT_EQ(expires_on(rule, day("2026-12-31")), day("2027-12-31"));
  rule.ahead = 0;
  EXPECT_EQ(expires_on(rule, day("2026-12-31")), day("2026-12-31"));
}

TEST(Expiry, OrdersFromTheCutOffDayOnCountToTheNextYear) {
  const ExpiryRule rule{
      .kind = ExpiryRule::Kind::end_of_year_after, .ahead = 0, .cutoff_month_day = 1101};
  EXPECT_EQ(expires_on(rule, day("2026-10-31")), day("2026-12-31"));
  EXPECT_EQ(expires_on(rule, day("2026-11-01")), day("2027-12-31"));
}

TEST(Expiry, EndsWithTheMonthSomeMonthsAhead) {
  const ExpiryRule rule{.kind = ExpiryRule::Kind::end_of_month_after, .ahead = 12};
  EXPECT_EQ(expires_on(rule, day("2027-02-28")), day("2028-02-29"));
  EXPECT_EQ(expires_on(rule, day("2026-11-20")), day("2027-11-30"));
}

}  // namespace
}  // namespace wutong::testing
