#include "actors/directory.h"

#include <algorithm>

namespace wutong {

Directory::Entry& Directory::entry_of(domain::IdentityKey identity) {
  const auto [found, is_new] = entries_.try_emplace(identity);
  auto& entry = found->second;
  if (!is_new) return entry;
  if (const auto* known = answers_.find(identity)) {
    entry.looked_up = true;
    if (*known) entry.claim = Claim{.member = **known, .position = {}};
  }
  return entry;
}

void Directory::restore(domain::Position position, domain::IdentityKey identity,
                        std::optional<domain::MemberKey> member) {
  auto& entry = entries_[identity];
  entry.looked_up = true;
  entry.claim.reset();
  if (member) entry.claim = Claim{.member = *member, .position = position};
  add_unflushed(identity, entry, position);
  committed_ = std::max(committed_, position);
}

void Directory::add_unflushed(domain::IdentityKey identity, Entry& entry,
                              domain::Position position) {
  ++entry.unflushed;
  auto& change = unflushed_.emplace_back();
  change.position = position;
  change.identity = identity;
  if (entry.claim) change.member = entry.claim->member;
}

void Directory::give(domain::IdentityKey identity, Entry& entry, domain::MemberKey member) {
  entry.inquiring = false;
  const auto position = host_.append_claimed(identity, member);
  entry.claim = Claim{.member = member, .position = position};
  add_unflushed(identity, entry, position);
  committing_.emplace_back(position, identity);
}

void Directory::free(domain::IdentityKey identity, Entry& entry) {
  const auto position = host_.append_identity_freed(identity, entry.claim->member);
  entry.claim.reset();
  add_unflushed(identity, entry, position);
}

bool Directory::look_up(domain::IdentityKey identity, std::uint64_t ticket, std::int64_t now_ns) {
  now_ns_ = now_ns;
  auto found = entries_.find(identity);
  if (found == entries_.end()) {
    if (const auto* known = answers_.find(identity)) {
      host_.found(ticket, *known);
      return true;
    }
    found = entries_.try_emplace(identity).first;
  }
  auto& entry = found->second;
  if (entry.looked_up) {
    host_.found(ticket, entry.claim ? std::optional(entry.claim->member) : std::nullopt);
    return true;
  }
  if (std::ranges::find(entry.look_ups, ticket) == entry.look_ups.end()) {
    entry.look_ups.push_back(ticket);
  }
  read(identity, entry);
  settle(identity, entry);
  return false;
}

void Directory::read(domain::IdentityKey identity, Entry& entry) {
  if (entry.reading) return;
  entry.reading = true;
  entry.asked_at_ns = now_ns_;
  host_.read_claim(identity);
}

void Directory::claim_read(domain::IdentityKey identity, std::optional<domain::MemberKey> member) {
  const auto found = entries_.find(identity);
  if (found == entries_.end() || !found->second.reading) return;
  auto& entry = found->second;
  entry.reading = false;
  entry.looked_up = true;
  if (member) entry.claim = Claim{.member = *member, .position = {}};
  for (const auto ticket : std::exchange(entry.look_ups, {})) host_.found(ticket, member);
  run(identity, entry);
}

void Directory::read_failed(domain::IdentityKey identity) {
  const auto found = entries_.find(identity);
  if (found == entries_.end() || !found->second.reading) return;
  auto& entry = found->second;
  entry.reading = false;
  // Whoever still waits looks it up again; claims are read for by `tick`.
  entry.look_ups.clear();
  settle(identity, entry);
}

void Directory::ask(std::uint32_t shard, std::uint64_t life, const DirectoryRequest& request,
                    std::int64_t now_ns) {
  now_ns_ = now_ns;
  const auto identity = request.identity;
  auto& entry = entry_of(identity);
  if (!entry.looked_up) read(identity, entry);
  if (request.ask == DirectoryAsk::unlinked) {
    entry.unlinked = Unlinked{.member = request.member, .at_ns = now_ns};
    return run(identity, entry);
  }
  const Asked asked{.shard = shard, .life = life, .request = request, .since_ns = now_ns};
  std::erase_if(entry.claims, [&](const Asked& waiting) {
    return waiting.shard == shard && waiting.life < life;
  });
  const bool again = std::ranges::any_of(entry.claims, [&](const Asked& waiting) {
    return waiting.shard == shard && waiting.request.ticket == request.ticket &&
           waiting.request.member == request.member;
  });
  if (!again && entry.claims.size() >= claims_waiting_max) {
    answer(asked, DirectorySays::busy);
  } else if (!again) {
    entry.claims.push_back(asked);
  }
  run(identity, entry);
}

bool Directory::run_claim(domain::IdentityKey identity, Entry& entry, const Asked& asked) {
  const auto member = asked.request.member;
  if (!entry.claim) give(identity, entry, member);
  if (entry.claim->member != member || !is_durable(*entry.claim)) return false;
  // It is about to link: what it said when it was asked before is not true any more.
  entry.inquiring = false;
  entry.unlinked.reset();
  answer(asked, DirectorySays::claimed);
  return true;
}

void Directory::run(domain::IdentityKey identity, Entry& entry) {
  if (entry.looked_up) {
    std::erase_if(entry.claims,
                  [&](const Asked& asked) { return run_claim(identity, entry, asked); });
    const bool outdated =
        entry.unlinked && (!entry.claim || entry.claim->member != entry.unlinked->member);
    if (outdated) entry.unlinked.reset();
    const bool contested =
        entry.unlinked || std::ranges::any_of(entry.claims, [&](const Asked& asked) {
          return asked.request.member != entry.claim->member;
        });
    if (contested && is_durable(*entry.claim)) inquire(identity, entry);
  }
  settle(identity, entry);
}

void Directory::inquire(domain::IdentityKey identity, Entry& entry) {
  if (entry.inquiring) return;
  entry.inquiring = true;
  entry.inquiry = ++inquiries_;
  entry.asked_at_ns = now_ns_;
  host_.inquire(identity, entry.claim->member, entry.inquiry);
}

void Directory::inquiry_answered(domain::IdentityKey identity, domain::MemberKey member,
                                 std::uint64_t number, bool holds) {
  const auto found = entries_.find(identity);
  if (found == entries_.end()) return;
  auto& entry = found->second;
  const bool current =
      entry.inquiring && entry.inquiry == number && entry.claim && entry.claim->member == member;
  if (!current) return;
  entry.inquiring = false;
  const bool unlinked = std::exchange(entry.unlinked, {}).has_value();
  if (holds) {
    for (const auto& asked : std::exchange(entry.claims, {})) {
      answer(asked, DirectorySays::of_other);
    }
  } else if (!entry.claims.empty()) {
    give(identity, entry, entry.claims.front().request.member);
  } else if (unlinked) {
    free(identity, entry);
  }
  run(identity, entry);
}

void Directory::committed(domain::Position position) {
  committed_ = std::max(committed_, position);
  while (!committing_.empty() && committing_.front().first <= committed_) {
    const auto identity = committing_.front().second;
    committing_.pop_front();
    const auto found = entries_.find(identity);
    if (found != entries_.end()) run(identity, found->second);
  }
}

void Directory::tick(std::int64_t now_ns) {
  now_ns_ = now_ns;
  const std::vector<domain::IdentityKey> awaited(awaited_.begin(), awaited_.end());
  for (const auto identity : awaited) {
    auto& entry = entries_.at(identity);
    expire(entry);
    if (entry.awaited() && !entry.looked_up) read(identity, entry);
    if (entry.inquiring && now_ns - entry.asked_at_ns > ask_again_ns) {
      entry.asked_at_ns = now_ns;
      host_.inquire(identity, entry.claim->member, entry.inquiry);
    }
    if (!entry.awaited()) entry.inquiring = false;
    run(identity, entry);
  }
}

void Directory::expire(Entry& entry) {
  std::erase_if(entry.claims, [&](const Asked& asked) {
    if (now_ns_ - asked.since_ns <= inquiry_wait_ns_max) return false;
    // One that waits for the ledger is asked again by whoever still wants it.
    const bool of_other = entry.claim && entry.claim->member != asked.request.member;
    if (of_other) answer(asked, DirectorySays::busy);
    return true;
  });
  if (entry.unlinked && now_ns_ - entry.unlinked->at_ns > unlinked_wait_ns_max) {
    entry.unlinked.reset();
  }
}

void Directory::answer(const Asked& asked, DirectorySays says) {
  host_.reply(asked.shard, asked.life,
              {.says = says,
               .identity = asked.request.identity,
               .member = asked.request.member,
               .ticket = asked.request.ticket});
}

void Directory::settle(domain::IdentityKey identity, const Entry& entry) {
  if (entry.awaited()) {
    awaited_.insert(identity);
    return;
  }
  awaited_.erase(identity);
  if (entry.reading || entry.inquiring || entry.unflushed > 0) return;
  if (entry.looked_up) {
    answers_.put(identity, entry.claim ? std::optional(entry.claim->member) : std::nullopt);
  }
  entries_.erase(identity);
}

std::vector<Directory::Unflushed> Directory::to_flush(domain::Position last,
                                                      std::size_t changes_max) const {
  std::vector<Unflushed> out;
  for (const auto& change : unflushed_) {
    if (out.size() == changes_max || change.position > std::min(last, committed_)) break;
    out.push_back(change);
  }
  return out;
}

void Directory::flushed(std::size_t count) {
  for (; count > 0; --count) {
    const auto identity = unflushed_.front().identity;
    unflushed_.pop_front();
    const auto found = entries_.find(identity);
    if (found == entries_.end()) continue;
    --found->second.unflushed;
    settle(identity, found->second);
  }
}

std::optional<domain::Position> Directory::first_unflushed_after(std::size_t count) const {
  if (unflushed_.size() <= count) return std::nullopt;
  return unflushed_[count].position;
}

}  // namespace wutong
