#pragma once

#include "actors/domain/event.h"

/// What part of an order a sum of refunds is (D5).
namespace wutong::domain {

/// Of `whole`, the floored share that `refunded` is of `of`; nothing of nothing.
/// REQUIRES: `refunded` is at most `of`.
[[nodiscard]] std::int64_t share_of(std::int64_t whole, Money refunded, Money of);

/// What of `line` has been clawed back in total once earning goods worth `refunded` are refunded. The
/// line is one of the order's awards, or one with fewer points.
[[nodiscard]] Points clawed_back_of(const CheckedOut& order, const AwardLine& line, Money refunded);

}  // namespace wutong::domain
