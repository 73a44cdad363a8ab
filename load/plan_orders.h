#pragma once

#include <vector>

#include "load/plan.h"

namespace wutong::load {

/// The orders of a day, in the order of the simulated day. REQUIRES: as `plan_day`.
[[nodiscard]] std::vector<PlannedOrder> plan_orders(const Rules& rules, const PlanOptions& options);

}  // namespace wutong::load
