#pragma once

#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/event.h"

namespace wutong::domain {

/// What one refund takes back of an order.
struct RefundPart {
  Money amount;
  Money excluded;
  /// Ascending; only where basket lines or the whole are refunded.
  std::vector<std::uint32_t> lines;

  [[nodiscard]] Money earning() const { return amount - excluded; }
};

/// The part that `scope` names. Lines that the order does not have count nothing.
[[nodiscard]] RefundPart part_of(const CheckedOut& order, const RefundTotals& before,
                                 const RefundScope& scope);

}  // namespace wutong::domain
