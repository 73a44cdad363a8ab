#pragma once

#include <tl/expected.hpp>

#include "actors/domain/decide.h"
#include "actors/domain/guards.h"

namespace wutong::domain {

/// What `checkout` does, or why it cannot be done. For an order that is not known yet. Quotes are
/// computed by the very same, so they cannot differ from the checkout that follows.
[[nodiscard]] tl::expected<CheckedOut, Refused> check_out(const Member& member,
                                                          const Program& program,
                                                          const RiskPolicy& policy,
                                                          const Checkout& checkout, Instant now,
                                                          Purpose purpose);

}  // namespace wutong::domain
