#pragma once

#include <tl/expected.hpp>

#include "actors/domain/decide.h"

/// Points by no order, and taking them back (D11).
namespace wutong::domain {

/// What `grant` does, or why it cannot be done. For a grant that is not known yet.
[[nodiscard]] tl::expected<Granted, Refused> grant_points(const Member& member,
                                                          const Program& program,
                                                          const RiskPolicy& policy,
                                                          const Grant& grant, Instant now);

/// The same for a revocation that is not known yet.
[[nodiscard]] tl::expected<GrantRevoked, Refused> revoke_grant(const Member& member,
                                                               const Program& program,
                                                               const RiskPolicy& policy,
                                                               const RevokeGrant& revocation,
                                                               Instant now);

}  // namespace wutong::domain
