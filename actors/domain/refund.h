#pragma once

#include <optional>

#include "actors/domain/decide.h"

namespace wutong::domain {

/// Why `refund` cannot be done; else `happened` is what it does, a decline included. For a refund that
/// is not known yet.
[[nodiscard]] std::optional<Refused> refund_order(const Member& member, const Program& program,
                                                  const RiskPolicy& policy, const Refund& refund,
                                                  Instant now, Event& happened);

}  // namespace wutong::domain
