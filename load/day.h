#pragma once

#include <string>

#include "load/flags.h"
#include "load/plan.h"

namespace wutong::load {

struct DayFlags {
  CommonFlags common;
  std::string program_file;
  PlanOptions plan;
  /// 0 is 50,000, or a quarter of the orders where that is less.
  std::uint32_t members = 0;
  std::string acked_file;
};

/// The day that the flags ask for.
[[nodiscard]] PlanOptions plan_options(const DayFlags& flags);

/// Sends a business day and checks its receipts. One of `ExitCode`.
int run_day(const DayFlags& flags);

}  // namespace wutong::load
