#pragma once

#include <absl/container/inlined_vector.h>

#include "actors/domain/checked.h"
#include "actors/domain/earning.h"

namespace wutong::domain {

/// A promotion that gives something for an order.
struct Winner {
  const Promotion* promotion = nullptr;
  AwardKind kind = AwardKind::multiplier;
  /// Points that it gives, a numerator over `rate.per` × 10,000, not rounded.
  Wide gives;
  /// The eligible spend from which it gives this.
  Money threshold;
};
using Winners = absl::InlinedVector<Winner, 8>;

/// The promotions that give something for `purchase`, the best of each stacking group, ascending by
/// id. REQUIRES: `rate.per` is positive.
[[nodiscard]] Winners winners_of(const Program& program, const Purchase& purchase,
                                 const EarningRate& rate, Money eligible);

}  // namespace wutong::domain
