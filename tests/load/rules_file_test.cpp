#include "load/rules_file.h"

#include <gtest/gtest.h>

#include "tests/load/golden_program.h"

namespace wutong::load {
namespace {

constexpr const char* document = R"({
  "version": 3,
  "currency": "CNY",
  "time_zone": "Asia/Shanghai",
  "offset": {"threshold_minor_units": "5000"},
  "expiry": {"end_of_year": {"years": 1, "cutoff": "11-01"}, "give_back_grace_days": 30},
  "parties": [{"id": "MALL", "price_thousandths": "3000"}],
  "formats": [{"id": "mall", "rate": {"points": "1", "per_minor_units": "1000"}}],
  "venues": [{"id": "M1", "format": "mall", "party": "MALL",
              "stores": [{"id": "s", "rate": {"points": "2", "per_minor_units": "1000"}}]}],
  "promotions": [
    {"id": "Z", "fixed_bonus": {"points": "60"},
     "funding": [{"party": "MALL", "share_basis_points": "10000"}],
     "starts_at": "2026-11-20T00:00", "weekdays": ["SATURDAY", "SUNDAY"]},
    {"id": "S", "funding": [{"party": "MALL", "share_basis_points": "10000"}],
     "multiplier": {"steps": [
       {"from_minor_units": "58800", "multiplier_basis_points": "15000"}]}}]
})";

TEST(RulesFile, ReadsWhatTheModelNeeds) {
  const auto rules = rules_of_text(document);

  ASSERT_TRUE(rules) << rules.error();
  EXPECT_EQ(rules->offset.threshold_minor, 5'000);
  EXPECT_EQ(rules->offset.share_basis_points, 1'500);
  EXPECT_EQ(rules->expiry.cutoff_month_day, 1'101);
  EXPECT_EQ(rules->expiry.give_back_grace_days, 30);
  EXPECT_EQ(rules->venue("M1")->rate.per_minor, 1'000);
  EXPECT_EQ(rules->venue("M1")->store("s")->rate->points, 2);
  ASSERT_EQ(rules->promotions.size(), 2U);
  EXPECT_EQ(rules->promotions[0].id, "S");
  EXPECT_EQ(rules->promotions[0].steps[0].multiplier_basis_points, 15'000);
  EXPECT_EQ(rules->promotions[1].fixed_points, 60);
  EXPECT_EQ(rules->promotions[1].starts_at_unix_ms, at(*rules, "2026-11-20T00:00:00"));
  EXPECT_FALSE(rules->promotions[1].weekdays[4]);
  EXPECT_TRUE(rules->promotions[1].weekdays[5]);
}

TEST(RulesFile, TellsWhatItCannotRead) {
  EXPECT_FALSE(rules_of_text("{"));
  EXPECT_FALSE(rules_of_text(R"({"no_such_field": 1})"));
  EXPECT_FALSE(rules_of_text(R"({"time_zone": "Nowhere/Else"})"));
  EXPECT_FALSE(rules_of_file("/nonexistent/program.json"));
}

}  // namespace
}  // namespace wutong::load
