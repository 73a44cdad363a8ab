#include "actors/domain/identities.h"

#include <algorithm>

#include "actors/domain/decided_under.h"

namespace wutong::domain {

bool has_identity(const Member& member, IdentityKey identity) {
  return std::ranges::any_of(
      member.identities, [&](const LinkedIdentity& linked) { return linked.identity == identity; });
}

Decision link_identity(const Member& member, const Program& program, const RiskPolicy& policy,
                       const LinkIdentity& link, Instant now) {
  if (member.empty()) return Refused{Refusal::member_unknown, Field::member};
  if (has_identity(member, link.identity)) return Unchanged{};
  if (member.status != MemberStatus::active) {
    return Refused{Refusal::member_not_active, Field::member};
  }
  if (member.identities.size() >= identities_max) {
    return Refused{Refusal::too_many_identities, Field::identity};
  }
  return Accepted{IdentityLinked{
      .header = decided_under(program, policy, now), .kind = link.kind, .identity = link.identity}};
}

Decision unlink_identity(const Member& member, const Program& program, const RiskPolicy& policy,
                         const UnlinkIdentity& unlink, Instant now) {
  if (member.empty()) return Refused{Refusal::member_unknown, Field::member};
  if (!has_identity(member, unlink.identity)) return Unchanged{};
  return Accepted{IdentityUnlinked{.header = decided_under(program, policy, now),
                                   .kind = unlink.kind,
                                   .identity = unlink.identity}};
}

}  // namespace wutong::domain
