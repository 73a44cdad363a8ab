#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "actors/domain/draft.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"

/// The limits on one member (4.4).
namespace wutong::domain {

/// Where and when something is asked for.
struct Occasion {
  const Member* member = nullptr;
  /// Null for one that the program does not have any more.
  const Venue* venue = nullptr;
  const Origin* origin = nullptr;
  /// Of the order, or of the refund itself.
  Day business_day;
  Instant now;
  bool late = false;
};

/// What an order would add to the counters, or that it is a refund.
struct Demand {
  Points earned;
  Points used;
  Money amount;
  bool is_refund = false;

  /// Nothing for a measure that does not concern it.
  [[nodiscard]] std::optional<std::int64_t> of(Measure measure) const;
};

/// The bound that the limit sets to what the occasion is part of.
[[nodiscard]] std::int64_t bound_on(const Limit& limit, const Occasion& occasion);

/// What each limit that is not off, and that the demand concerns, sees; in the order of the policy. All
/// of them look before any counter moves, so their order changes nothing.
[[nodiscard]] std::vector<RiskCheck> checks_of(const RiskPolicy& policy, const Occasion& occasion,
                                               const Demand& demand);

/// Whether a live limit says no to the whole.
[[nodiscard]] bool declines(const std::vector<RiskCheck>& checks);

/// The most points that the checks let through: `asked`, or less if a live cap says so.
[[nodiscard]] Points allowed_by(const std::vector<RiskCheck>& checks, Points asked);

/// Cuts the lines from the last backwards until they sum to `allowed`.
void cut(std::vector<AwardLine>& awards, Points allowed);

/// Moves every counter that the policy has by what is done: `done.earned` after any cut.
void count(Draft& draft, const RiskPolicy& policy, const Occasion& occasion,
           const std::vector<RiskCheck>& checks, const Demand& done);

}  // namespace wutong::domain
