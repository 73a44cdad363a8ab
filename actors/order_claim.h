#pragma once

#include <cstdint>
#include <tuple>

#include "actors/domain/event.h"
#include "actors/domain/quantities.h"

/// How a member's shard names its claims of orders.
namespace wutong {

/// Two members of one shard may have checked out the same order, until its shard says who is reversed.
using ClaimKey = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;

[[nodiscard]] inline ClaimKey claim_of(domain::RecordKey order, domain::MemberKey member) {
  return {order.high, order.low, member.value};
}

/// The engine's own refund of an order that was another member's: a key that no caller can make.
[[nodiscard]] inline domain::RecordKey reversal_of(domain::RecordKey order) {
  return {.high = ~order.high, .low = ~order.low};
}
[[nodiscard]] inline bool is_reversal(const domain::Refunded& refund) {
  return refund.key == reversal_of(refund.content.order);
}

}  // namespace wutong
