#include "load/outcomes.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

namespace wutong::load {

const char* name_of(Traffic traffic) {
  constexpr std::array<const char*, traffic_count> names = {
      "whole_refund",  "refund_by_amount", "refund_by_lines", "exact_duplicate",
      "other_content", "other_member",     "late_upload",     "paid_with_points"};
  return names[static_cast<std::size_t>(traffic)];
}

double Outcomes::share(Traffic kind) const {
  if (requests == 0) return 0;
  return static_cast<double>(traffic[static_cast<std::size_t>(kind)]) /
         static_cast<double>(requests);
}

std::string Outcomes::too_rare() const {
  std::string rare;
  for (std::size_t i = 0; i < traffic_count; ++i) {
    const auto kind = static_cast<Traffic>(i);
    if (share(kind) > 0.01) continue;
    absl::StrAppend(&rare, rare.empty() ? "" : ", ", name_of(kind), " ",
                    absl::StrFormat("%.2f %%", share(kind) * 100));
  }
  return rare;
}

}  // namespace wutong::load
