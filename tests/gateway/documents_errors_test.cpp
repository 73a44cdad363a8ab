#include <absl/strings/str_replace.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "gateway/documents/risk_document.h"
#include "tests/gateway/documents_fixture.h"

namespace wutong {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using testing::errors_of;
using testing::good_program;
using ::testing::IsEmpty;

struct BadDocument {
  std::string name;
  std::string good;
  std::string bad;
  std::vector<std::string> errors;

  friend std::ostream& operator<<(std::ostream& out, const BadDocument& row) {
    return out << row.name;
  }
};

class BadPrograms : public ::testing::TestWithParam<BadDocument> {};

TEST_P(BadPrograms, IsToldWithPlaceAndPath) {
  const auto& row = GetParam();
  ASSERT_NE(std::string(good_program).find(row.good), std::string::npos) << row.good;
  const auto text = absl::StrReplaceAll(good_program, {{row.good, row.bad}});

  const auto result = compile_program(text);

  EXPECT_THAT(errors_of(result), ElementsAreArray(row.errors));
}

const BadDocument bad_programs[] = {
    // Syntax.
    {"a_comma_too_many",
     R"("years": 1}},)",
     R"("years": 1,}},)",
     {R"(line 7, column 41: a field's name in double quotes is expected)"}},
    {"a_missing_comma",
     R"("version": 1,)",
     R"("version": 1)",
     {R"(line 3, column 3: ',' or '}' is expected after a field)"}},
    {"a_text_that_is_not_closed",
     R"("CNY")",
     R"("CNY)",
     {"line 3, column 15: a text that is not closed on its line"}},
    {"a_word_that_is_no_value",
     R"("version": 1)",
     R"("version": one)",
     {"line 2, column 14: a value is expected"}},
    {"a_bad_escape",
     R"("CNY")",
     R"("C\xY")",
     {"line 3, column 17: an escape that JSON does not have"}},
    {"bytes_that_are_not_utf_8",
     R"("CNY")",
     "\"C\xff\"",
     {"line 3, column 17: a byte that is not UTF-8"}},
    {"a_leading_zero",
     R"("version": 1)",
     R"("version": 01)",
     {"line 2, column 14: a number begins with a superfluous 0"}},
    {"something_after_the_end",
     "  ]\n}",
     "  ]\n}\n{}",
     {"line 19, column 1: nothing may follow the document"}},
    {"nested_without_end",
     R"("version": 1)",
     R"("version": )" + std::string(40, '['),
     {"line 2, column 46: nested too deep"}},
    // Fields.
    {"fields_that_are_not_known",
     R"("points": 1, "per_minor_units": 500)",
     R"("pints": 1, "perMinorUnits": 500, "per": 3)",
     {R"(line 12, column 64: venues[1].rate.pints: is not a known field)",
      R"(line 12, column 98: venues[1].rate.per: is not a known field)"}},
    {"a_field_given_twice",
     R"("version": 1,)",
     R"("version": 1, "version": 2,)",
     {"line 2, column 17: version: is given twice"}},
    {"a_field_given_in_both_spellings",
     R"("time_zone": "Asia/Shanghai")",
     R"("time_zone": "UTC", "timeZone": "UTC")",
     {"line 4, column 23: time_zone: is given twice"}},
    {"both_of_a_choice",
     R"({"years": 1}})",
     R"({"years": 1}, "end_of_month": {"months": 1}})",
     {"line 7, column 43: expiry.end_of_month: excludes another that is given"}},
    {"a_text_for_a_number",
     R"("version": 1)",
     R"("version": "one")",
     {"line 2, column 14: version: must be a number"}},
    {"a_fraction",
     R"("points": 1, "per_minor_units": 500)",
     R"("points": 1.5, "per_minor_units": 500)",
     {"line 12, column 74: venues[1].rate.points: must be a whole number, in digits"}},
    {"a_number_that_overflows",
     R"("version": 1)",
     R"("version": 4294967296)",
     {"line 2, column 14: version: must be 0 to 4294967295"}},
    {"null",
     R"("currency": "CNY")",
     R"("currency": null)",
     {"line 3, column 15: currency: must be a text in double quotes"}},
    {"an_object_for_a_list",
     R"("formats": [{"id": "mall", "rate": {"points": 1, "per_minor_units": 1000}}, {"id": "hotel"}])",
     R"("formats": {"id": "mall"})",
     {"line 9, column 14: formats: must be a list [...]"}},
    {"a_weekday_that_there_is_not",
     R"({"id": "S", )",
     R"({"id": "S", "weekdays": ["MONDAY", "Sunday"], )",
     {"line 15, column 40: promotions[0].weekdays[1]: must be MONDAY, TUESDAY, WEDNESDAY, "
      "THURSDAY, FRIDAY, SATURDAY or SUNDAY"}},
    // The whole.
    {"no_version",
     R"("version": 1,)",
     R"()",
     {"line 1, column 1: version: must be given, 1 or more"}},
    {"a_currency_in_small_letters",
     R"("CNY")",
     R"("cny")",
     {"line 3, column 3: currency: must be three capital letters of ISO 4217"}},
    {"a_zone_that_there_is_not",
     "Asia/Shanghai",
     "Asia/Shangri-La",
     {R"(line 4, column 3: time_zone: "Asia/Shangri-La" is not a time zone of IANA's list)"}},
    {"the_zone_of_this_machine",
     "Asia/Shanghai",
     "localtime",
     {R"(line 4, column 3: time_zone: "localtime" is not a time zone of IANA's list)"}},
    {"the_zone_of_this_machine_by_a_path",
     "Asia/Shanghai",
     "Asia/../localtime",
     {R"(line 4, column 3: time_zone: "Asia/../localtime" is not a time zone of IANA's list)"}},
    {"the_zone_of_a_file",
     "Asia/Shanghai",
     "file:/usr/share/zoneinfo/UTC",
     {R"(line 4, column 3: time_zone: "file:/usr/share/zoneinfo/UTC" is not a time zone of IANA's list)"}},
    {"control_characters",
     R"("version": 1,)",
     R"("version": 1, "\u001b[2J\n": 1, "\u0085": 2, "\u00a0": 3,)",
     {R"(line 2, column 17: \u001b[2J\u000a: is not a known field)",
      R"(line 2, column 35: \u0085: is not a known field)",
      "line 2, column 48: \xc2\xa0: is not a known field"}},
    {"bounds_out_of_range",
     R"({"late_after_seconds": 300})",
     R"({"late_after_seconds": 86401, "clock_skew_max_seconds": 3601, "backdating_max_days": 3661})",
     {"line 5, column 14: bounds.late_after_seconds: must be 0 to 86400",
      "line 5, column 43: bounds.clock_skew_max_seconds: must be 0 to 3600",
      "line 5, column 75: bounds.backdating_max_days: must be 0 to 31"}},
    {"offset_out_of_range",
     R"({"threshold_minor_units": 5000})",
     R"({"threshold_minor_units": -1, "share_basis_points": 10001, "step_points": 0, "step_minor_units": 0})",
     {"line 6, column 14: offset.threshold_minor_units: must be 0 to 1000000000000",
      "line 6, column 43: offset.share_basis_points: must be 0 to 10000",
      "line 6, column 72: offset.step_points: must be 1 to 1000000",
      "line 6, column 90: offset.step_minor_units: must be 1 to 1000000000"}},
    {"no_expiry",
     R"("expiry": {"end_of_year": {"years": 1}},)",
     "",
     {"line 1, column 1: expiry: must be given: end_of_month or end_of_year"}},
    {"an_expiry_out_of_range",
     R"({"years": 1})",
     R"({"years": 3, "cutoff": "02-30"}, "give_back_grace_days": 367)",
     {"line 7, column 30: expiry.end_of_year.years: must be 0 to 2",
      "line 7, column 42: expiry.end_of_year.cutoff: must be a day of the year, \"MM-DD\"",
      "line 7, column 62: expiry.give_back_grace_days: must be 0 to 366"}},
    {"an_expiry_without_its_months",
     R"("end_of_year": {"years": 1})",
     R"("end_of_month": {})",
     {"line 7, column 30: expiry.end_of_month.months: must be given"}},
    {"tenders_twice",
     R"("version": 1,)",
     R"("version": 1, "tenders_without_earning": ["card", "card", ""],)",
     {R"(line 2, column 53: tenders_without_earning[1]: "card" stands at tenders_without_earning[0] already)",
      "line 2, column 61: tenders_without_earning[2]: must be given"}},
    // Parties, formats, venues.
    {"no_parties_at_all",
     R"([{"id": "MALL", "price_thousandths": 3000}, {"id": "HOTEL", "price_thousandths": 2800}])",
     "[]",
     {"line 8, column 3: parties: needs at least 1",
      R"(line 11, column 36: venues[0].party: no party has the id "MALL" (venue "M1"))",
      R"(line 12, column 37: venues[1].party: no party has the id "HOTEL" (venue "H1"))",
      R"(line 16, column 19: promotions[0].funding[0].party: no party has the id "MALL" (promotion "S"))"}},
    {"a_party_twice",
     R"("id": "HOTEL", "price)",
     R"("id": "MALL", "price)",
     {R"(line 8, column 59: parties[1].id: "MALL" stands at parties[0].id already (party "MALL"))",
      R"(line 12, column 37: venues[1].party: no party has the id "HOTEL" (venue "H1"))"}},
    {"a_party_of_the_pools_name_and_beyond_any_price",
     R"("id": "HOTEL", "price_thousandths": 2800)",
     R"("id": "POOL", "price_thousandths": 9000001)",
     {R"(line 8, column 59: parties[1].id: is the pool's in every posting (party "POOL"))",
      R"(line 8, column 73: parties[1].price_thousandths: must be 0 to 9000000 (party "POOL"))",
      R"(line 12, column 37: venues[1].party: no party has the id "HOTEL" (venue "H1"))"}},
    {"a_party_without_price_and_with_a_strange_breakage",
     R"("id": "HOTEL", "price_thousandths": 2800)",
     R"("id": "HOTEL", "breakage": "GROUP")",
     {R"(line 8, column 58: parties[1].price_thousandths: must be given (party "HOTEL"))",
      R"(line 8, column 74: parties[1].breakage: no party has the id "GROUP" (party "HOTEL"))"}},
    {"an_id_that_is_too_long",
     R"({"id": "hotel"})",
     R"({"id": ")" + std::string(65, 'x') + R"("})",
     {"line 9, column 80: formats[1].id: must be at most 64 bytes (format \"" +
          std::string(65, 'x') + "\")",
      R"(line 12, column 18: venues[1].format: no format has the id "hotel" (venue "H1"))"}},
    {"an_id_with_a_control_character",
     R"("id": "S")",
     R"("id": "\u0085")",
     {"line 15, column 6: promotions[0].id: must have no control characters"}},
    {"a_venue_without_a_rate",
     R"(, "rate": {"points": 1, "per_minor_units": 500})",
     "",
     {R"(line 12, column 5: venues[1].rate: must be given: the format has none (venue "H1"))"}},
    {"a_rate_that_divides_by_nothing",
     R"("per_minor_units": 500)",
     R"("per_minor_units": 0)",
     {R"(line 12, column 77: venues[1].rate.per_minor_units: must be 1 to 1000000000 (venue "H1"))"}},
    {"a_venue_without_anything",
     R"("venues": [)",
     R"("venues": [{},)",
     {"line 10, column 14: venues[0].id: must be given",
      "line 10, column 14: venues[0].format: must be given",
      "line 10, column 14: venues[0].party: must be given"}},
    {"a_store_twice",
     R"({"id": "s2"})",
     R"({"id": "s1", "party": "X", "rate": {}})",
     {R"(line 11, column 79: venues[0].stores[1].id: "s1" stands at venues[0].stores[0].id already (venue "M1", store "s1"))",
      R"(line 11, column 91: venues[0].stores[1].party: no party has the id "X" (venue "M1", store "s1"))",
      R"(line 11, column 113: venues[0].stores[1].rate.points: must be given (venue "M1", store "s1"))",
      R"(line 11, column 113: venues[0].stores[1].rate.per_minor_units: must be given (venue "M1", store "s1"))"}},
    {"shares_that_do_not_add_up",
     R"("id": "H1", )",
     R"("id": "H1", "funding": [{"party": "MALL", "share_basis_points": 6000}, {"party": "HOTEL", "share_basis_points": 3000}], )",
     {R"(line 12, column 18: venues[1].funding: the shares sum to 9000 basis points, not to 10000 (venue "H1"))"}},
    {"refunds_of_itself_and_of_strangers",
     R"("id": "H1", )",
     R"("id": "H1", "refunds_orders_of": ["H1", "M2", "M1", "M1"], )",
     {R"(line 12, column 40: venues[1].refunds_orders_of[0]: is the venue itself, which always may (venue "H1"))",
      R"(line 12, column 46: venues[1].refunds_orders_of[1]: no venue has the id "M2" (venue "H1"))",
      R"(line 12, column 58: venues[1].refunds_orders_of[3]: "M1" stands at venues[1].refunds_orders_of[2] already (venue "H1"))"}},
    // Promotions.
    {"a_window_that_is_empty",
     R"({"id": "S", )",
     R"({"id": "S", "starts_at": "2026-11-20T00:00", "ends_at": "2026-11-20T00:00:00", )",
     {R"(line 15, column 50: promotions[0].ends_at: must be after starts_at (promotion "S"))"}},
    {"a_window_with_an_offset",
     R"({"id": "S", )",
     R"({"id": "S", "starts_at": "2026-11-20T00:00:00+08:00", )",
     {R"(line 15, column 17: promotions[0].starts_at: must be a date-time of the program's time zone, "YYYY-MM-DDTHH:MM" (promotion "S"))"}},
    {"a_day_that_there_is_not",
     R"({"id": "S", )",
     R"({"id": "S", "ends_at": "2026-02-29T00:00", )",
     {R"(line 15, column 17: promotions[0].ends_at: must be a date-time of the program's time zone, "YYYY-MM-DDTHH:MM" (promotion "S"))"}},
    {"a_scope_of_strangers",
     R"({"id": "S", )",
     R"({"id": "S", "venues": ["M9"], "formats": ["spa"], "stores": ["s9"], "weekdays": ["MONDAY", "MONDAY"], )",
     {R"(line 15, column 28: promotions[0].venues[0]: no venue has the id "M9" (promotion "S"))",
      R"(line 15, column 47: promotions[0].formats[0]: no format has the id "spa" (promotion "S"))",
      R"(line 15, column 66: promotions[0].stores[0]: no store has the id "s9" (promotion "S"))",
      R"(line 15, column 96: promotions[0].weekdays[1]: is given twice (promotion "S"))"}},
    {"no_reward_and_no_funding",
     R"("multiplier": {"steps": [{"from_minor_units": 58800, "multiplier_basis_points": 15000}]},
     "funding": [{"party": "MALL", "share_basis_points": 10000}])",
     R"("lost_below_threshold": true)",
     {R"(line 15, column 5: promotions[0]: must have a multiplier or a fixed_bonus (promotion "S"))",
      R"(line 15, column 5: promotions[0].funding: must be given (promotion "S"))"}},
    {"steps_that_do_not_ascend",
     R"("multiplier_basis_points": 15000})",
     R"("multiplier_basis_points": 15000}, {"from_minor_units": 58800, "multiplier_basis_points": 9999})",
     {R"(line 15, column 106: promotions[0].multiplier.steps[1].from_minor_units: must be above the step before (promotion "S"))",
      R"(line 15, column 133: promotions[0].multiplier.steps[1].multiplier_basis_points: must be 10000 to 1000000 (promotion "S"))"}},
    {"a_bonus_of_nothing",
     R"("multiplier": {"steps": [{"from_minor_units": 58800, "multiplier_basis_points": 15000}]})",
     R"("fixed_bonus": {"points": 0, "from_minor_units": 1000000000001})",
     {R"(line 15, column 33: promotions[0].fixed_bonus.points: must be 1 to 1000000000 (promotion "S"))",
      R"(line 15, column 46: promotions[0].fixed_bonus.from_minor_units: must be 0 to 1000000000000 (promotion "S"))"}},
    {"lines_of_strangers",
     R"("multiplier": {"steps")",
     R"("multiplier": {"lines": {"stores": ["s9"], "brands": [""]}, "steps")",
     {R"(line 15, column 53: promotions[0].multiplier.lines.stores[0]: no store has the id "s9" (promotion "S"))",
      R"(line 15, column 71: promotions[0].multiplier.lines.brands[0]: must be given (promotion "S"))"}},
};

INSTANTIATE_TEST_SUITE_P(Table, BadPrograms, ::testing::ValuesIn(bad_programs),
                         [](const auto& row) { return row.param.name; });

TEST(BadProgram, IsOneChangeAwayFromAGoodOne) {
  EXPECT_THAT(errors_of(compile_program(good_program)), IsEmpty());
}

TEST(BadRiskPolicy, IsToldWhole) {
  const auto policy = compile_risk_policy(
      R"({"limits": [
        {"id": "a", "measure": "POINTS_EARNED", "window": "CALENDAR_DAY", "effect": "CAP"},
        {"id": "a", "bound": -1}]})");

  EXPECT_THAT(
      errors_of(policy),
      ElementsAre(
          "line 1, column 1: version: must be given, 1 or more",
          R"(line 2, column 9: limits[0].bound: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].measure: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].window: must be given (limit "a"))",
          R"(line 3, column 9: limits[1].effect: must be given (limit "a"))",
          R"(line 3, column 10: limits[1].id: "a" stands at limits[0].id already (limit "a"))",
          R"(line 3, column 21: limits[1].bound: must be 0 to 1000000000000 (limit "a"))"));
}

}  // namespace
}  // namespace wutong
