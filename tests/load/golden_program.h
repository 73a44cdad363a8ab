#pragma once

#include <cstdint>
#include <string>

#include "load/rules.h"

namespace wutong::load {

/// Program P0 of the golden cases.
inline Rules golden_program() {
  Rules rules{.currency = "CNY", .offset = {.threshold_minor = 5'000}};
  absl::LoadTimeZone("Asia/Shanghai", &rules.zone);
  rules.expiry.end_of_year_after = 1;
  rules.parties = {{"MALL", {3'000}}, {"HOTEL", {2'800}}, {"BRAND", {3'000}}};
  rules.venues = {
      {.id = "M1", .format = "mall", .party = "MALL", .rate = {1, 1'000}},
      {.id = "H1", .format = "hotel", .party = "HOTEL", .rate = {1, 500}},
  };
  rules.promotions = {{.id = "S",
                       .venues = {"M1"},
                       .steps = {{58'800, 15'000}, {88'800, 20'000}},
                       .funding = {{"MALL"}}}};
  return rules;
}

/// The golden cases' weekend 2×, and a fixed bonus of 60.
inline Promotion weekend(std::string group) {
  return {
      .id = "W", .stacking_group = std::move(group), .steps = {{0, 20'000}}, .funding = {{"MALL"}}};
}
inline Promotion bonus(std::string id, std::int64_t points, std::string group) {
  return {.id = std::move(id),
          .stacking_group = std::move(group),
          .fixed_points = points,
          .funding = {{"BRAND"}}};
}

inline std::int64_t at(const Rules& rules, const char* civil) {
  absl::CivilSecond second;
  absl::ParseLenientCivilTime(civil, &second);
  return absl::ToUnixMillis(absl::FromCivil(second, rules.zone));
}

}  // namespace wutong::load
