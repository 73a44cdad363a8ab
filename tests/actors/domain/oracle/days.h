#pragma once

#include <absl/time/time.h>

#include <cstdint>

#include "actors/domain/program.h"
#include "actors/domain/quantities.h"
#include "actors/domain/risk_policy.h"

/// Civil days of the oracle, counted from 1970-01-01. Worked out from absl alone, not by the domain's
/// calendar.
namespace wutong::oracle {

[[nodiscard]] std::int32_t civil_day(domain::Instant instant, const absl::TimeZone& zone);

/// The last day on which points can be used that are earned on `day` (D8).
[[nodiscard]] std::int32_t last_day(const domain::ExpiryRule& rule, std::int32_t day);

/// Whether a calendar window that holds `day` holds `other` too. REQUIRES: `window` does not slide.
[[nodiscard]] bool in_one_window(domain::Window window, std::int32_t day, std::int32_t other);

/// Monday is 0.
[[nodiscard]] int weekday(std::int32_t day);

}  // namespace wutong::oracle
