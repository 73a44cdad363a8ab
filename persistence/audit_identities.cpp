#include "persistence/audit_identities.h"

#include <algorithm>
#include <utility>

#include "persistence/audit_breaks.h"

namespace wutong::persistence {

bool AuditIdentities::Claims::had(std::optional<domain::MemberKey> member) const {
  return at_mark == member || std::ranges::find(later, member) != later.end();
}

Fault AuditIdentities::take(std::uint32_t shard, const IdentityClaimed& event) {
  if (shard_of(event.identity.high) != shard) return "an identity of another shard";
  const auto found = claims_.find(event.identity);
  if (found != claims_.end() && found->second.standing() == event.member) {
    return "an identity is claimed twice for one member";
  }
  change(shard, event.header.position, event.identity, event.member);
  return std::nullopt;
}

Fault AuditIdentities::take(std::uint32_t shard, const IdentityFreed& event) {
  if (shard_of(event.identity.high) != shard) return "an identity of another shard";
  const auto found = claims_.find(event.identity);
  if (found == claims_.end() || found->second.standing() != event.member) {
    return "an identity is freed that was not the member's";
  }
  change(shard, event.header.position, event.identity, std::nullopt);
  return std::nullopt;
}

void AuditIdentities::change(std::uint32_t shard, domain::Position position,
                             domain::IdentityKey identity,
                             std::optional<domain::MemberKey> member) {
  auto& claims = claims_[identity];
  if (position <= report_.shards[shard].mark.position) {
    claims.at_mark = member;
    claims.position = position;
  } else {
    if (claims.later.empty() && !claims.at_mark) claims.position = position;
    claims.later.push_back(member);
  }
}

void AuditIdentities::take_later(const LogEvent& event) {
  if (const auto* claimed = std::get_if<IdentityClaimed>(&event)) {
    claims_[claimed->identity].later.emplace_back(claimed->member);
  } else if (const auto* freed = std::get_if<IdentityFreed>(&event)) {
    claims_[freed->identity].later.emplace_back(std::nullopt);
  }
}

void AuditIdentities::take(domain::MemberKey member, const domain::IdentityLinked& event) {
  ++report_.identities;
  holders_[event.identity].push_back(
      {.member = member, .position = event.header.position, .linked_at = event.header.received_at});
}

void AuditIdentities::take(domain::MemberKey member, const domain::IdentityUnlinked& event) {
  --report_.identities;
  std::erase_if(holders_[event.identity],
                [&](const Holder& holder) { return holder.member == member; });
}

std::vector<domain::IdentityKey> AuditIdentities::identities_of(std::uint32_t shard) const {
  std::vector<domain::IdentityKey> identities;
  for (const auto& [identity, claims] : claims_) {
    if (shard_of(identity.high) == shard) identities.push_back(identity);
  }
  std::ranges::sort(identities);
  return identities;
}

bool AuditIdentities::may_be_stored(domain::IdentityKey identity,
                                    std::optional<domain::MemberKey> member) const {
  const auto found = claims_.find(identity);
  return found != claims_.end() && found->second.had(member);
}

domain::Position AuditIdentities::position_of(domain::IdentityKey identity) const {
  return claims_.at(identity).position;
}

bool AuditIdentities::behind_the_mark(const Holder& holder) const {
  return holder.position <= report_.shards[shard_of(holder.member.value)].mark.position;
}

std::optional<AuditBreak> AuditIdentities::check(domain::IdentityKey identity,
                                                 const Holder& holder) {
  const auto claims = claims_.find(identity);
  if (claims != claims_.end() && claims->second.had(holder.member)) return std::nullopt;
  // Its claim was durable before it: one that is missing from a log that was read later is missing for
  // good. Of a younger link the claim may stand behind what was read.
  if (!behind_the_mark(holder)) {
    ++report_.in_flight;
    return std::nullopt;
  }
  const bool of_other = claims != claims_.end() && claims->second.standing();
  return AuditBreak{
      shard_of(holder.member.value), holder.position, holder.member,
      of_other ? "its identity is claimed for another member" : "its identity is not claimed"};
}

std::optional<AuditBreak> AuditIdentities::finish() {
  std::optional<AuditBreak> first;
  for (const auto& [identity, holders] : holders_) {
    for (const auto& holder : holders) keep_first(first, check(identity, holder));
    std::vector<Holder> at_once;
    std::ranges::copy_if(holders, std::back_inserter(at_once),
                         [&](const Holder& holder) { return behind_the_mark(holder); });
    if (at_once.size() < 2) continue;
    const auto last = *std::ranges::max_element(at_once, {}, [](const Holder& holder) {
      return std::pair(holder.linked_at, holder.member);
    });
    keep_first(first, AuditBreak{shard_of(last.member.value), last.position, last.member,
                                 "its identity is linked to another member too"});
  }
  for (const auto& [identity, claims] : claims_) {
    const auto standing = claims.standing();
    if (!standing) continue;
    const auto holders = holders_.find(identity);
    const bool held = holders != holders_.end() &&
                      std::ranges::any_of(holders->second, [&](const Holder& holder) {
                        return holder.member == *standing;
                      });
    if (!held) ++report_.claims_without_link;
  }
  return first;
}

}  // namespace wutong::persistence
