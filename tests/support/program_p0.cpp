#include "tests/support/program_p0.h"

#include <absl/time/civil_time.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "actors/domain/calendar.h"

namespace wutong::testing {

using namespace domain;

namespace {

Party party(const std::string& id, std::int64_t price) {
  return {.id = PartyId::intern(id), .price = {price}, .breakage = PartyId::intern(id)};
}

Venue venue(const std::string& id, const std::string& format, const std::string& of,
            EarningRate rate) {
  return {.id = VenueId::intern(id),
          .format = FormatId::intern(format),
          .party = PartyId::intern(of),
          .rate = rate,
          .refunds_orders_of = {VenueId::intern(id)}};
}

}  // namespace

Program program_p0() {
  Program program{.version = 1, .currency = "CNY", .zone = zone("Asia/Shanghai")};
  program.offset = {
      .threshold = {50'00}, .share = {1'500}, .step_points = {100}, .step_value = {300}};
  program.expiry = {.kind = ExpiryRule::Kind::end_of_year_after, .ahead = 1};
  for (const Party& one : {party("MALL", 3'000), party("HOTEL", 2'800), party("BRAND", 3'000)}) {
    program.parties.emplace(one.id, one);
  }
  for (const Venue& one : {venue("M1", "mall", "MALL", {{1}, {10'00}}),
                           venue("H1", "hotel", "HOTEL", {{1}, {5'00}})}) {
    program.venues.emplace(one.id, one);
  }
  Promotion steps = multiplier("S", 15'000);
  steps.venues = {VenueId::intern("M1")};
  steps.steps = {{{588'00}, {15'000}}, {{888'00}, {20'000}}};
  add(program, steps);
  return program;
}

Promotion multiplier(const std::string& id, std::int64_t basis_points) {
  return {.id = PromotionId::intern(id),
          .steps = {{{0}, {basis_points}}},
          .funding = {{PartyId::intern("MALL"), {basis_points_of_one}}}};
}

Promotion fixed_bonus(const std::string& id, std::int64_t points, const std::string& party) {
  return {.id = PromotionId::intern(id),
          .fixed = {points},
          .funding = {{PartyId::intern(party), {basis_points_of_one}}}};
}

void add(Program& program, Promotion promotion) {
  auto& all = program.promotions;
  const auto place = std::ranges::lower_bound(all, promotion.id, {}, &Promotion::id);
  all.insert(place, std::move(promotion));
}

Limit daily_limit(const std::string& id, std::int64_t bound, LimitEffect effect, LimitMode mode) {
  return {.id = LimitId::intern(id), .effect = effect, .mode = mode, .bound = bound};
}

Instant at(const std::string& civil, const std::string& zone_name) {
  absl::Time time;
  std::string error;
  const bool parsed = absl::ParseTime("%Y-%m-%d %H:%M:%E*S", civil, zone(zone_name), &time, &error);
  EXPECT_TRUE(parsed) << civil << ": " << error;
  return {absl::ToUnixMillis(time)};
}

Day day(const std::string& civil) {
  absl::CivilDay parsed;
  EXPECT_TRUE(absl::ParseCivilTime(civil, &parsed)) << civil;
  return day_of(parsed.year(), parsed.month(), parsed.day());
}

absl::TimeZone zone(const std::string& name) {
  absl::TimeZone loaded;
  EXPECT_TRUE(absl::LoadTimeZone(name, &loaded)) << name;
  return loaded;
}

}  // namespace wutong::testing
