#pragma once

#include <vector>

#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/domain/risk_policy.h"

/// Limits on the points that an order earns.
namespace wutong::domain {

/// What each limit that is not off sees when `asked` points come to the counter of `day`. All of them
/// look before any counter moves, so their order changes nothing.
[[nodiscard]] std::vector<RiskCheck> checks_of(const Member& member, const RiskPolicy& policy,
                                               Day day, Points asked);

/// The most points that the checks let through: `asked`, or less if a live cap says so.
[[nodiscard]] Points allowed_by(const std::vector<RiskCheck>& checks, Points asked);

/// Cuts the lines from the last backwards until they sum to `allowed`.
void cut(std::vector<AwardLine>& awards, Points allowed);

/// The member's counter of points earned on `day`.
[[nodiscard]] std::int64_t earned_on(const Member& member, Day day);

}  // namespace wutong::domain
