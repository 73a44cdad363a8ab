#pragma once

#include <string>
#include <vector>

#include "gateway/documents/program_document.h"

namespace wutong::testing {

template <typename Value>
/// What is wrong, a line each; nothing if all is well.
std::vector<std::string> errors_of(const DocumentResult<Value>& result) {
  std::vector<std::string> errors;
  if (result) return errors;
  for (const auto& error : result.error()) errors.push_back(text_of(error));
  return errors;
}

/// A sound program in which a test can change one thing.
inline constexpr const char* good_program = R"({
  "version": 1,
  "currency": "CNY",
  "time_zone": "Asia/Shanghai",
  "bounds": {"late_after_seconds": 300},
  "offset": {"threshold_minor_units": 5000},
  "expiry": {"end_of_year": {"years": 1}},
  "parties": [{"id": "MALL", "price_thousandths": 3000}, {"id": "HOTEL", "price_thousandths": 2800}],
  "formats": [{"id": "mall", "rate": {"points": 1, "per_minor_units": 1000}}, {"id": "hotel"}],
  "venues": [
    {"id": "M1", "format": "mall", "party": "MALL", "stores": [{"id": "s1"}, {"id": "s2"}]},
    {"id": "H1", "format": "hotel", "party": "HOTEL", "rate": {"points": 1, "per_minor_units": 500}}
  ],
  "promotions": [
    {"id": "S", "multiplier": {"steps": [{"from_minor_units": 58800, "multiplier_basis_points": 15000}]},
     "funding": [{"party": "MALL", "share_basis_points": 10000}]}
  ]
})";

}  // namespace wutong::testing
