#pragma once

#include <optional>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/event.h"
#include "actors/domain/program.h"

/// What an order earns (D1, D2), before any limit looks at it.
namespace wutong::domain {

/// An order as the earning rules see it.
struct Purchase {
  const Venue* venue = nullptr;
  const Checkout* checkout = nullptr;
  /// When the customer paid, at the latest now.
  Instant occurred_at;
  Day business_day;
  /// What points pay of it.
  Money offset_money;
};

/// Eligible = max(0, amount − excluded goods − offset money − tenders that earn nothing).
[[nodiscard]] Money eligible_of(const Program& program, const Purchase& purchase);

/// The award lines in their order: base, multipliers by id, fixed bonuses by id; one a funding party,
/// none of 0 points. Nothing if the points do not stay within what can be computed exactly.
[[nodiscard]] std::optional<std::vector<AwardLine>> awards_of(const Program& program,
                                                              const Purchase& purchase,
                                                              Money eligible);

}  // namespace wutong::domain
