#pragma once

#include <cstdint>
#include <optional>
#include <tuple>
#include <variant>

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

/// Where declines of an order are found again. It depends on when the order was paid, so that declines
/// of other content, which may lie in another month, do not hide each other.
[[nodiscard]] inline domain::RecordKey decline_of(domain::RecordKey order,
                                                  domain::Instant occurred_at) {
  auto mixed = static_cast<std::uint64_t>(occurred_at.unix_ms) * 0x9e3779b97f4a7c15ULL;
  mixed ^= mixed >> 32;
  return {.high = order.high ^ mixed, .low = ~order.low};
}

/// The id that is the member's from here on, and where it is filed. Nothing for an order, which is
/// claimed in another way, and for the decline of a refund, which is filed beside its order.
[[nodiscard]] inline std::optional<domain::FiledUnder> taken_id(const domain::Event& event) {
  if (std::holds_alternative<domain::CheckedOut>(event)) return std::nullopt;
  auto filed = domain::filed_under(event);
  if (const auto* declined = std::get_if<domain::Declined>(&event)) {
    if (std::holds_alternative<domain::RefundContent>(declined->content)) return std::nullopt;
    filed->key = decline_of(filed->key, filed->at);
  }
  const auto* refund = std::get_if<domain::Refunded>(&event);
  if (refund != nullptr && is_reversal(*refund)) return std::nullopt;
  return filed;
}

}  // namespace wutong
