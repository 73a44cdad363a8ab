#include <algorithm>
#include <tuple>

#include "persistence/audit_replay.h"

/// The order book's events, and what only the whole ledger can tell.
namespace wutong::persistence {
namespace {

/// The earlier one: by shard, then position.
void keep_first(std::optional<AuditBreak>& first, std::optional<AuditBreak> other) {
  if (!other) return;
  const auto place = [](const AuditBreak& of) { return std::tie(of.shard, of.position); };
  if (!first || place(*other) < place(*first)) first = std::move(other);
}

}  // namespace

Fault AuditReplay::take(std::uint32_t shard, const OrderSettled& event) {
  if (shard_of(event.order.high) != shard) return "an order of another shard";
  auto& claim = claims_[{event.order.high, event.order.low}];
  const bool held = claim.position.epoch != 0 && !claim.freed;
  if (held && claim.member == event.member) return "an order is settled twice";
  if (held) return "an order is settled for a second member";
  claim = {.member = event.member, .position = event.header.position, .month = event.month};
  return std::nullopt;
}

Fault AuditReplay::take(std::uint32_t shard, const OrderFreed& event) {
  if (shard_of(event.order.high) != shard) return "an order of another shard";
  const auto claim = claims_.find({event.order.high, event.order.low});
  if (claim == claims_.end() || claim->second.freed || claim->second.member != event.member) {
    return "an order is freed that was not the member's";
  }
  claim->second.freed = true;
  claim->second.position = event.header.position;
  return std::nullopt;
}

Fault AuditReplay::take(std::uint32_t /*shard*/, const Taken& event) {
  ++report_.takeovers;
  if (event.header.position.sequence != 1) return "a take-over that opens no epoch";
  return std::nullopt;
}

std::optional<AuditBreak> AuditReplay::finish() {
  std::optional<AuditBreak> first;
  std::uint64_t claimed = 0;
  for (const auto& [key, replayed] : members_) {
    const auto reversed = std::ranges::count_if(
        replayed.orders, [](const auto& order) { return order.second.reversed; });
    claimed += replayed.orders.size() - static_cast<std::uint64_t>(reversed);
    keep_first(first, check_orders({key}, replayed));
    keep_first(first, check_snapshot({key}, replayed));
  }
  if (first) return first;
  const auto held =
      std::ranges::count_if(claims_, [](const auto& claim) { return !claim.second.freed; });
  report_.claims_without_checkout = static_cast<std::uint64_t>(held) + report_.in_flight - claimed;
  return check_sums();
}

std::optional<AuditBreak> AuditReplay::check_orders(domain::MemberKey key,
                                                    const Replayed& replayed) {
  std::optional<AuditBreak> first;
  const auto shard = shard_of(key.value);
  for (const auto& [id, order] : replayed.orders) {
    if (order.reversed) continue;
    const auto broken = [&](std::string what) {
      keep_first(first, AuditBreak{shard, order.position, key, std::move(what)});
    };
    const auto claim = claims_.find(id);
    const bool held = claim != claims_.end() && !claim->second.freed;
    const bool held_by_it = held && claim->second.member == key;
    if (held_by_it && claim->second.month == order.month) continue;
    // The mark never passes a checkout whose claim is not confirmed, and it was read before any head:
    // a claim that is missing behind it is missing for good.
    if (order.position > report_.shards[shard].mark.position) {
      ++report_.in_flight;
    } else {
      broken(held_by_it ? "its order is settled in another month"
             : held     ? "its order is settled for another member"
                        : "its order is not settled");
    }
  }
  return first;
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
