#pragma once

#include "actors/domain/draft.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"

namespace wutong::domain {

/// Counters of points of calendar windows go down by what a refund of the order takes (4.4): of points
/// earned by what it claws back, of points used by what it gives back, as far as they are still kept.
void count_down(Draft& draft, const Member& member, const CheckedOut& order,
                const RefundTotals& before, const RefundTotals& after);

}  // namespace wutong::domain
