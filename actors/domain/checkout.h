#pragma once

#include <optional>

#include "actors/domain/decide.h"
#include "actors/domain/guards.h"

namespace wutong::domain {

/// Why `checkout` cannot be done; else `happened` is what it does, a decline included. For an order that
/// is not known yet. Quotes are computed by the very same, so they cannot differ from the checkout that
/// follows.
[[nodiscard]] std::optional<Refused> check_out(const Member& member, const Program& program,
                                               const RiskPolicy& policy, const Checkout& checkout,
                                               Instant now, Purpose purpose, Event& happened);

}  // namespace wutong::domain
