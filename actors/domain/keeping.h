#pragma once

#include "actors/domain/member.h"

/// How long a member's state keeps what it may still need. By the time of events alone, so that every
/// machine forgets at the same event.
namespace wutong::domain {

/// An order may be at most this old when it comes; a program's `backdating_max` must be within it.
inline constexpr int backdating_days_max = 31;

/// How long a claw-back may count what of a lot has expired, and how long the months' counters and past
/// tiers are kept that a refund may change. As orders can be refunded for as long as
/// the ledger keeps them, its `history_days` must be within this.
inline constexpr int expired_counts_kept_days = 1'100;

/// Drops counters of windows that no order can belong to any more and what has left its sliding window,
/// progress and past tiers that no refund can change, and lots that are empty and can neither be earned
/// into nor be counted.
void forget_what_is_past(Member& member);

}  // namespace wutong::domain
