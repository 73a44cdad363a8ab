#pragma once

#include <tl/expected.hpp>

#include "actors/domain/decide.h"

namespace wutong::domain {

/// What `refund` does, or why it cannot be done. For a refund that is not known yet.
[[nodiscard]] tl::expected<Refunded, Refused> refund_order(const Member& member,
                                                           const Program& program,
                                                           const RiskPolicy& policy,
                                                           const Refund& refund, Instant now);

}  // namespace wutong::domain
