#pragma once

#include <tl/expected.hpp>

#include "actors/domain/decide.h"

/// Points set aside for a payment under way (D9). Capturing a hold is a matter of the checkout.
namespace wutong::domain {

/// Of one member at a time: what every event of the member looks through must be bounded.
inline constexpr int open_holds_max = 64;

/// What `hold` does, or why it cannot be done. For a hold that is not known yet.
[[nodiscard]] tl::expected<Held, Refused> hold_points(const Member& member, const Program& program,
                                                      const RiskPolicy& policy, const Hold& hold,
                                                      Instant now);

/// The same for a release that is not known yet.
[[nodiscard]] tl::expected<Released, Refused> release_hold(const Member& member,
                                                           const Program& program,
                                                           const RiskPolicy& policy,
                                                           const Release& release, Instant now);

}  // namespace wutong::domain
