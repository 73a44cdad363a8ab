#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "actors/domain/event.h"
#include "persistence/audit.h"

/// What events do to points, as the audit sums it up. Inside `persistence/` only.
namespace wutong::persistence {

/// What is wrong, or nothing.
using Fault = std::optional<std::string>;

/// Within what the domain lets a member have, and far from where sums overflow.
[[nodiscard]] bool is_bounded(std::int64_t count);
[[nodiscard]] bool is_bounded(const domain::Effects& effects);

/// False, and no change, if it overflows.
[[nodiscard]] bool add(std::int64_t& sum, std::int64_t count);

/// Points moved for `reason`, without their sign. REQUIRES: the effects are bounded.
[[nodiscard]] std::int64_t sum_of(const domain::Effects& effects, domain::Reason reason);

/// Adds what the effects move to `points`, all but `in_lots`, and to what the parties owe.
/// REQUIRES: the effects are bounded.
[[nodiscard]] Fault post(const domain::Effects& effects, AuditPoints& points,
                         std::map<std::string, std::int64_t>& postings);

}  // namespace wutong::persistence
