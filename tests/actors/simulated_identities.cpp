#include <algorithm>

#include "actors/domain/identities.h"
#include "tests/actors/simulated_calls.h"
#include "tests/support/test_engine.h"

// Identities: what is asked of them and by them, and what may be told.

namespace wutong::testing {

SimulatedCalls::Question SimulatedCalls::draw_identity_question(domain::Instant now) {
  const auto identity = identity_key("i" + std::to_string(draw(identities)));
  const auto member = "m" + std::to_string(draw(members));
  const auto kind = draw(10);
  if (kind < 4) return {member, {}, domain::LinkIdentity{.identity = identity}};
  if (kind < 6) return {member, {}, domain::UnlinkIdentity{.identity = identity}};
  if (kind < 7) return {"", identity, domain::UnlinkIdentity{.identity = identity}};
  if (kind < 8) return {"", identity, draw_checkout(now)};
  return {"", identity, ReadMember{}};
}

void SimulatedCalls::check_lookup(const Asked& asked, domain::MemberKey member) {
  if (!asked.identity || torn_) return;
  ++said_["member by an identity"];
  const auto then = asked.members_then.find(member);
  const auto position = then == asked.members_then.end() ? domain::Position{} : then->second;
  if (!mirror_.held_since(member, *asked.identity, position)) {
    complain(asked, "a member that did not hold the identity");
  }
}

void SimulatedCalls::check_links(const Asked& asked, const MemberReply& reply) {
  const auto* link = std::get_if<domain::LinkIdentity>(&asked.request);
  const auto* unlink = std::get_if<domain::UnlinkIdentity>(&asked.request);
  const std::string changed = reply.changed_now ? "" : " already";
  if (link != nullptr) {
    ++said_["linked" + changed];
    if (!domain::has_identity(reply.member, link->identity)) complain(asked, "is not linked");
  } else if (unlink != nullptr) {
    ++said_["unlinked" + changed];
    if (domain::has_identity(reply.member, unlink->identity)) complain(asked, "is still linked");
  } else {
    ++said_[reply.changed_now ? "enrolled" : "member"];
  }
}

void SimulatedCalls::check_nobody_held(const Asked& asked) {
  ++said_["nobody by an identity"];
  // Whoever held it then and has never unlinked it since held it all the time.
  const auto now = mirror_.holders_of(*asked.identity);
  for (const auto& holder : asked.holders_then) {
    if (std::ranges::find(now, holder) != now.end()) {
      return complain(asked, "a member that holds the identity is not found");
    }
  }
}

void SimulatedCalls::check_another_held(const Asked& asked, domain::IdentityKey identity) {
  const bool held = std::ranges::any_of(mirror_.members(), [&](const auto& member) {
    const auto then = asked.members_then.find(member.first);
    const auto position = then == asked.members_then.end() ? domain::Position{} : then->second;
    return member.first != asked.member && mirror_.held_since(member.first, identity, position);
  });
  if (!held && !asked.identity) complain(asked, "no other member held the identity");
}

}  // namespace wutong::testing
