#include <algorithm>

#include "actors/domain/checked.h"
#include "persistence/audit_breaks.h"
#include "persistence/audit_replay.h"

/// The order book's events, and what only the whole ledger can tell.
namespace wutong::persistence {
namespace {

constexpr std::int64_t ms_of_day = 86'400'000;
/// The clocks of two gateways and the ledger's may each differ by the hour that a program can allow.
constexpr std::int64_t clocks_differ_max_ms = 3 * 3'600'000;

}  // namespace

Fault AuditReplay::take(std::uint32_t shard, const OrderSettled& event) {
  if (shard_of(event.order.high) != shard) return "an order of another shard";
  const OrderId id{event.order.high, event.order.low};
  const auto [found, is_new] = claims_.try_emplace(id);
  auto& claim = found->second;
  if (!is_new && !claim.freed) {
    if (!may_forget(claim.received_at, event.header.received_at)) {
      return claim.member == event.member ? "an order is settled twice"
                                          : "an order is settled for a second member";
    }
    former_claims_[id].push_back(claim);
  }
  claim = {.member = event.member, .received_at = event.header.received_at, .month = event.month};
  return std::nullopt;
}

Fault AuditReplay::take(std::uint32_t shard, const OrderFreed& event) {
  if (shard_of(event.order.high) != shard) return "an order of another shard";
  const auto claim = claims_.find({event.order.high, event.order.low});
  if (claim == claims_.end() || claim->second.freed || claim->second.member != event.member) {
    return "an order is freed that was not the member's";
  }
  claim->second.freed = true;
  return std::nullopt;
}

Fault AuditReplay::take(std::uint32_t /*shard*/, const Taken& event) {
  ++report_.takeovers;
  if (event.header.position.sequence != 1) return "a take-over that opens no epoch";
  return std::nullopt;
}

std::optional<AuditBreak> AuditReplay::finish() {
  std::optional<AuditBreak> first;
  for (const auto& [key, replayed] : members_) {
    keep_first(first, check_orders({key}, replayed));
    keep_first(first, check_snapshot({key}, replayed));
  }
  keep_first(first, identities_.finish());
  if (first) return first;
  const auto unmet = [](const Claim& claim) { return !claim.freed && !claim.met; };
  for (const auto& [id, claim] : claims_) report_.claims_without_checkout += unmet(claim) ? 1 : 0;
  for (const auto& [id, claims] : former_claims_) {
    const auto count = std::ranges::count_if(claims, unmet);
    report_.claims_without_checkout += static_cast<std::uint64_t>(count);
  }
  return check_sums();
}

bool AuditReplay::may_forget(domain::Instant since, domain::Instant now) const {
  if (info_.clock == LedgerClock::caller) return false;
  const auto known_for = info_.history_days * ms_of_day - clocks_differ_max_ms;
  return domain::Wide(now.unix_ms) - since.unix_ms > domain::Wide(known_for);
}

AuditReplay::Order* AuditReplay::place_for(Replayed& replayed,
                                           const domain::CheckedOut& event) const {
  const OrderId id{event.key.high, event.key.low};
  const auto [place, is_new] = replayed.orders.try_emplace(id);
  if (!is_new) {
    if (!may_forget(place->second.received_at, event.header.received_at)) return nullptr;
    replayed.former_orders.emplace_back(id, std::move(place->second));
  }
  return &place->second;
}

bool AuditReplay::meet_claim(OrderId id, domain::MemberKey member, std::int32_t month) {
  const auto meet = [&](Claim& claim) {
    if (claim.freed || claim.met || claim.member != member || claim.month != month) return false;
    claim.met = true;
    return true;
  };
  const auto former = former_claims_.find(id);
  if (former != former_claims_.end() && std::ranges::any_of(former->second, meet)) return true;
  const auto claim = claims_.find(id);
  return claim != claims_.end() && meet(claim->second);
}

std::optional<AuditBreak> AuditReplay::check_orders(domain::MemberKey key,
                                                    const Replayed& replayed) {
  std::optional<AuditBreak> first;
  for (const auto& [id, order] : replayed.former_orders) {
    keep_first(first, check_order(key, id, order));
  }
  for (const auto& [id, order] : replayed.orders) keep_first(first, check_order(key, id, order));
  return first;
}

std::optional<AuditBreak> AuditReplay::check_order(domain::MemberKey key, OrderId id,
                                                   const Order& order) {
  if (order.reversed || meet_claim(id, key, order.month)) return std::nullopt;
  const auto shard = shard_of(key.value);
  // The mark never passes a checkout whose claim is not confirmed, and it was read before any head:
  // a claim that is missing behind it is missing for good.
  if (order.position > report_.shards[shard].mark.position) {
    ++report_.in_flight;
    return std::nullopt;
  }
  const auto claim = claims_.find(id);
  const bool held = claim != claims_.end() && !claim->second.freed;
  const bool by_another = held && claim->second.member != key;
  const bool otherwise = held && claim->second.month != order.month;
  return AuditBreak{shard, order.position, key,
                    by_another  ? "its order is settled for another member"
                    : otherwise ? "its order is settled in another month"
                                : "its order is not settled"};
}

std::optional<AuditBreak> AuditReplay::check_snapshot(domain::MemberKey key,
                                                      const Replayed& replayed) const {
  const auto shard = shard_of(key.value);
  const auto& standing = report_.shards[shard];
  if (!replayed.expected) {
    if (replayed.member.position > standing.mark.position) return std::nullopt;
    return AuditBreak{shard, replayed.member.position, key,
                      "the mark has passed an event that no snapshot covers"};
  }
  const auto& stored = replayed.expected->snapshot.member;
  if (!replayed.expected->met) {
    return AuditBreak{shard, stored.position, key, "a snapshot at a position of no event"};
  }
  const auto& next = replayed.first_after_snapshot;
  const bool stale = next.epoch != 0 && next <= standing.mark.position;
  if (stale) {
    return AuditBreak{shard, next, key, "the mark has passed an event that no snapshot covers"};
  }
  return std::nullopt;
}

std::optional<AuditBreak> AuditReplay::check_sums() const {
  std::int64_t postings = 0;
  for (const auto& [party, amount] : report_.postings) {
    if (__builtin_add_overflow(postings, amount, &postings)) {
      return AuditBreak{.what = "the postings overflow"};
    }
  }
  const auto& points = report_.points;
  const auto accounted = points.in_lots + points.used - points.given_back + points.expired +
                         points.clawed_back + points.repaid;
  if (points.issued != accounted) {
    return AuditBreak{.what = "points issued are not all accounted for"};
  }
  if (postings != report_.pool_owes) {
    return AuditBreak{.what = "the postings do not sum to what the pool owes"};
  }
  return std::nullopt;
}

}  // namespace wutong::persistence
