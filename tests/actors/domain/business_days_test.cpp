#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "actors/domain/calendar.h"
#include "actors/domain/windows.h"
#include "tests/actors/domain/world.h"

/// Orders, their caps and the expiry of their points on days that are not like others: where a year or
/// a month ends, where clocks change, and where there is no midnight, or no such day.
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

/// A member of a program in `zone`, who may live in any year. Every order of 10.00 earns 1 point.
World world_in(const std::string& zone_name) {
  World world;
  world.member = Member{.id = "wang"};
  world.program.zone = zone(zone_name);
  return world;
}

void buy_at(World& world, Instant when, Money amount = {10'00}) {
  world.now = when;
  world.buy({.id = std::to_string(when.unix_ms), .amount = amount});
}

std::int64_t earned_in(const World& world, Window window, const std::string& first_day) {
  return counted_on(world.member, Measure::points_earned, window, day(first_day), {});
}

/// Whether points that a grant lets live until `last` can be held at `when`.
bool usable_at(const std::string& zone_name, const std::string& last, Instant when) {
  World world = world_in(zone_name);
  world.now = when - Duration{3'600'000};
  Grant grant = world.grant("g", {100});
  grant.expires_on = day(last);
  world.done<Granted>(grant);
  world.now = when;
  const Decision decision = world.run(world.hold("h", {100}));
  return std::holds_alternative<Accepted>(decision);
}

/// A midnight, named in UTC: the first instant of `day`, after which `before` is over.
struct Midnight {
  const char* zone;
  const char* utc;
  const char* before;
  const char* day;
};

class AtMidnight : public ::testing::TestWithParam<Midnight> {
 protected:
  const Instant first = at(GetParam().utc, "UTC");
  const Instant last = first - Duration{1};
};

TEST_P(AtMidnight, TheCapOfADayEndsAndAnothersBegins) {
  World world = world_in(GetParam().zone);
  world.policy.limits = {daily_limit("cap", 3)};

  buy_at(world, last - Duration{1}, {20'00});
  buy_at(world, last, {20'00});
  buy_at(world, first, {20'00});

  EXPECT_EQ(earned_in(world, Window::calendar_day, GetParam().before), 3);
  EXPECT_EQ(earned_in(world, Window::calendar_day, GetParam().day), 2);
}

TEST_P(AtMidnight, PointsOfTheDayBeforeAreGone) {
  EXPECT_TRUE(usable_at(GetParam().zone, GetParam().before, last));
  EXPECT_FALSE(usable_at(GetParam().zone, GetParam().before, first));
  EXPECT_TRUE(usable_at(GetParam().zone, GetParam().day, first));
}

TEST_P(AtMidnight, ALateOrderIsOfTheDayOnWhichItWasPaid) {
  World world = world_in(GetParam().zone);
  world.policy.limits = {daily_limit("cap", 1'000)};
  world.now = first + Duration{86'400'000};

  world.buy({.id = "before", .amount = {10'00}, .paid_at = last});
  world.buy({.id = "after", .amount = {20'00}, .paid_at = first});

  EXPECT_EQ(earned_in(world, Window::calendar_day, GetParam().before), 1);
  EXPECT_EQ(earned_in(world, Window::calendar_day, GetParam().day), 2);
}

INSTANTIATE_TEST_SUITE_P(
    Zones, AtMidnight,
    ::testing::Values(
        // Ends of years and months, and the day that most years lack, far from UTC on either side.
        Midnight{"Asia/Shanghai", "2026-12-31 16:00:00", "2026-12-31", "2027-01-01"},
        Midnight{"Pacific/Kiritimati", "2026-12-31 10:00:00", "2026-12-31", "2027-01-01"},
        Midnight{"Pacific/Pago_Pago", "2027-01-01 11:00:00", "2026-12-31", "2027-01-01"},
        Midnight{"Asia/Kathmandu", "2028-02-28 18:15:00", "2028-02-28", "2028-02-29"},
        Midnight{"America/New_York", "2028-03-01 05:00:00", "2028-02-29", "2028-03-01"},
        Midnight{"Europe/Berlin", "2027-02-28 23:00:00", "2027-02-28", "2027-03-01"},
        // Days of 23 and of 25 hours end by the clock that they end with.
        Midnight{"Europe/Berlin", "2026-03-29 22:00:00", "2026-03-29", "2026-03-30"},
        Midnight{"Europe/Berlin", "2026-10-25 23:00:00", "2026-10-25", "2026-10-26"},
        Midnight{"America/New_York", "2026-03-09 04:00:00", "2026-03-08", "2026-03-09"},
        Midnight{"America/New_York", "2026-11-02 05:00:00", "2026-11-01", "2026-11-02"},
        // No midnight: the clock goes from 23:59:59 to 01:00.
        Midnight{"America/Sao_Paulo", "2018-11-04 03:00:00", "2018-11-03", "2018-11-04"},
        Midnight{"Asia/Beirut", "2022-03-26 22:00:00", "2022-03-26", "2022-03-27"},
        // No such day: Samoa went from 29 to 31 December.
        Midnight{"Pacific/Apia", "2011-12-30 10:00:00", "2011-12-29", "2011-12-31"}));

TEST(BusinessDay, BothHoursOfTheNameOfOneAreOfOneDay) {
  World world = world_in("Europe/Berlin");
  world.policy.limits = {daily_limit("cap", 1'000)};

  // 00:30, 02:30 in summer time, 02:30 in winter time, 23:30.
  for (const char* utc : {"2026-10-24 22:30:00", "2026-10-25 00:30:00", "2026-10-25 01:30:00",
                          "2026-10-25 22:30:00"}) {
    buy_at(world, at(utc, "UTC"));
  }

  EXPECT_EQ(earned_in(world, Window::calendar_day, "2026-10-25"), 4);
}

TEST(BusinessDay, WhereMidnightComesTwiceTheDayBeginsWithTheFirst) {
  // In Havana 01:00 is followed by 00:00.
  World world = world_in("America/Havana");
  world.policy.limits = {daily_limit("cap", 1'000)};

  buy_at(world, at("2026-11-01 03:59:59.999", "UTC"));
  buy_at(world, at("2026-11-01 04:00:00", "UTC"));
  buy_at(world, at("2026-11-01 05:00:00", "UTC"));

  EXPECT_EQ(earned_in(world, Window::calendar_day, "2026-10-31"), 1);
  EXPECT_EQ(earned_in(world, Window::calendar_day, "2026-11-01"), 2);
}

TEST(BusinessDay, PointsOfADayThatTheZoneSkippedEndWithTheDayBefore) {
  const Instant first = at("2011-12-30 10:00:00", "UTC");
  EXPECT_TRUE(usable_at("Pacific/Apia", "2011-12-30", first - Duration{1}));
  EXPECT_FALSE(usable_at("Pacific/Apia", "2011-12-30", first));
}

TEST(BusinessDay, AWeekBeginsOnMondayAndAMonthOnItsFirstWhateverTheClockDoes) {
  World world = world_in("Pacific/Apia");
  Limit week = daily_limit("week", 1'000);
  week.window = Window::calendar_week;
  Limit month = daily_limit("month", 1'000);
  month.window = Window::calendar_month;
  world.policy.limits = {month, week};

  // Thursday the 29th, Saturday the 31st, Sunday the 1st, Monday the 2nd.
  buy_at(world, at("2011-12-30 09:00:00", "UTC"), {10'00});
  buy_at(world, at("2011-12-30 10:00:00", "UTC"), {20'00});
  buy_at(world, at("2011-12-31 10:00:00", "UTC"), {40'00});
  buy_at(world, at("2012-01-01 10:00:00", "UTC"), {80'00});

  EXPECT_EQ(earned_in(world, Window::calendar_week, "2011-12-26"), 1 + 2 + 4);
  EXPECT_EQ(earned_in(world, Window::calendar_week, "2012-01-02"), 8);
  EXPECT_EQ(earned_in(world, Window::calendar_month, "2011-12-01"), 1 + 2);
  EXPECT_EQ(earned_in(world, Window::calendar_month, "2012-01-01"), 4 + 8);
}

TEST(BusinessDay, AWeekMayBeginInOneYearAndEndInTheNext) {
  World world = world_in("America/New_York");
  Limit week = daily_limit("week", 1'000);
  week.window = Window::calendar_week;
  world.policy.limits = {week};

  // Monday 28 December 2026 begins the week that 3 January ends.
  buy_at(world, at("2026-12-27 23:59:59.999", "America/New_York"), {10'00});
  buy_at(world, at("2026-12-28 00:00:00", "America/New_York"), {20'00});
  buy_at(world, at("2027-01-03 23:59:59.999", "America/New_York"), {40'00});
  buy_at(world, at("2027-01-04 00:00:00", "America/New_York"), {80'00});

  EXPECT_EQ(earned_in(world, Window::calendar_week, "2026-12-21"), 1);
  EXPECT_EQ(earned_in(world, Window::calendar_week, "2026-12-28"), 2 + 4);
  EXPECT_EQ(earned_in(world, Window::calendar_week, "2027-01-04"), 8);
}

TEST(BusinessDay, ASlidingWindowIsAsLongAsItIsWhileClocksChange) {
  World world = world_in("Europe/Berlin");
  Limit orders{.id = LimitId::intern("orders"),
               .measure = Measure::orders,
               .window = Window::sliding,
               .seconds = 600,
               .effect = LimitEffect::decline,
               .bound = 2};
  world.policy.limits = {orders};

  // Two seconds apart, though an hour by the clock: 01:59:59 and 03:00:01.
  buy_at(world, at("2026-03-29 00:59:59", "UTC"));
  buy_at(world, at("2026-03-29 01:00:01", "UTC"));
  world.now = at("2026-03-29 01:00:02", "UTC");
  world.done<Declined>(world.checkout({.id = "third", .amount = {10'00}}));
  // An hour apart, though the same by the clock: 02:30 and 02:30.
  for (const char* utc : {"2026-10-25 00:30:00", "2026-10-25 00:30:01", "2026-10-25 01:30:00"}) {
    buy_at(world, at(utc, "UTC"));
  }
}

struct Earned {
  const char* paid_on;
  ExpiryRule rule;
  const char* until;
};

class EarnedOn : public ::testing::TestWithParam<Earned> {};

TEST_P(EarnedOn, PointsLiveToTheEndOfTheirMonthOrYear) {
  // The last instant of the day in New York is of the next day nearly everywhere else.
  World world = world_in("America/New_York");
  world.program.expiry = GetParam().rule;

  buy_at(world, at(std::string(GetParam().paid_on) + " 23:59:59.999", "America/New_York"));

  EXPECT_EQ(lots(world.member), Texts({std::string("MALL 1 until ") + GetParam().until}));
}

constexpr ExpiryRule months(int ahead) {
  return {.kind = ExpiryRule::Kind::end_of_month_after, .ahead = ahead};
}
constexpr ExpiryRule years(int ahead, int cutoff = 0) {
  return {.kind = ExpiryRule::Kind::end_of_year_after, .ahead = ahead, .cutoff_month_day = cutoff};
}

INSTANTIATE_TEST_SUITE_P(Days, EarnedOn,
                         ::testing::Values(
                             // A month on from the 31st is the shorter month's end, and not March.
                             Earned{"2027-01-31", months(1), "2027-02-28"},
                             Earned{"2028-01-31", months(1), "2028-02-29"},
                             Earned{"2028-02-29", months(0), "2028-02-29"},
                             Earned{"2028-02-29", months(12), "2029-02-28"},
                             Earned{"2028-02-29", months(48), "2032-02-29"},
                             Earned{"2026-08-31", months(6), "2027-02-28"},
                             Earned{"2026-12-31", months(0), "2026-12-31"},
                             Earned{"2026-12-31", months(2), "2027-02-28"},
                             Earned{"2026-12-31", years(0), "2026-12-31"},
                             Earned{"2026-12-31", years(2), "2028-12-31"},
                             Earned{"2027-01-01", years(2), "2029-12-31"},
                             Earned{"2026-10-31", years(1, 1101), "2027-12-31"},
                             Earned{"2026-11-01", years(1, 1101), "2028-12-31"},
                             Earned{"2026-12-31", years(2, 1231), "2029-12-31"},
                             // A cut-off day that most years lack: from the day after in those.
                             Earned{"2027-02-28", years(0, 229), "2027-12-31"},
                             Earned{"2027-03-01", years(0, 229), "2028-12-31"},
                             Earned{"2028-02-29", years(0, 229), "2029-12-31"}));

/// Sets the machine's own zone for as long as it lives.
class MachineZone {
 public:
  explicit MachineZone(const char* name) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", name, 1);
    tzset();
  }
  MachineZone(const MachineZone&) = delete;
  MachineZone& operator=(const MachineZone&) = delete;
  ~MachineZone() {
    before_ ? setenv("TZ", before_->c_str(), 1) : unsetenv("TZ");
    tzset();
  }

 private:
  std::optional<std::string> before_;
};

TEST(BusinessDay, IsTheProgramsWhereverTheMachineStands) {
  std::vector<Member> members;
  for (const char* machine : {"UTC", "Asia/Shanghai", "Pacific/Kiritimati", "Pacific/Pago_Pago"}) {
    const MachineZone zone(machine);
    World world = world_in("America/New_York");
    world.policy.limits = {daily_limit("cap", 3)};
    buy_at(world, at("2026-12-31 23:59:59.999", "America/New_York"), {2'000'00});
    buy_at(world, at("2027-01-01 00:00:00", "America/New_York"), {20'00});
    world.now = at("2027-12-31 23:59:59.999", "America/New_York");
    world.done<Held>(world.hold("h", {1}));
    world.now = at("2028-01-01 00:00:00", "America/New_York");
    world.pass_time();
    EXPECT_EQ(lots(world.member), Texts({"MALL 1 until 2027-12-31", "MALL 2 until 2028-12-31"}))
        << machine;
    members.push_back(world.member);
  }

  for (const Member& member : members) EXPECT_EQ(member, members.front());
}

}  // namespace
}  // namespace wutong::testing
