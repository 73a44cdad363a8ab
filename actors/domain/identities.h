#pragma once

#include <cstddef>

#include "actors/domain/decide.h"
#include "actors/domain/member.h"

/// What a member is known by beside its id. That no two members have one identity, a member alone
/// cannot tell: whoever runs it has the identity claimed for it before it is linked.
namespace wutong::domain {

inline constexpr std::size_t identities_max = 16;

/// Whether `identity` is linked to the member now.
[[nodiscard]] bool has_identity(const Member& member, IdentityKey identity);

/// Looks at status and identities alone, so it may be asked before `due`.
[[nodiscard]] Decision link_identity(const Member& member, const Program& program,
                                     const RiskPolicy& policy, const LinkIdentity& link,
                                     Instant now);

/// Whatever the member's status: what a member is known by, it may always give up.
[[nodiscard]] Decision unlink_identity(const Member& member, const Program& program,
                                       const RiskPolicy& policy, const UnlinkIdentity& unlink,
                                       Instant now);

}  // namespace wutong::domain
