#pragma once

#include <absl/container/inlined_vector.h>

#include <optional>

#include "actors/domain/command.h"
#include "actors/domain/program.h"

/// Paying with points (D3).
namespace wutong::domain {

/// What `points` pay; nothing if they are not in steps, or worth more than money can say.
[[nodiscard]] std::optional<Money> offset_money_of(const OffsetRule& rule, Points points);

/// The part of the order that points may pay for.
[[nodiscard]] inline Money offset_base_of(const Checkout& checkout) {
  return checkout.amount - checkout.excluded_from_offset;
}

/// The most points that an order with `base` takes, whatever the member has; 0 below the threshold.
[[nodiscard]] Points offset_maximum(const OffsetRule& rule, Money base);

/// The largest number of whole steps within `points`.
[[nodiscard]] Points in_whole_steps(const OffsetRule& rule, Points points);

/// Points that one party accepts as payment.
struct AcceptedPart {
  PartyId party;
  Points points;
};
using AcceptedParts = absl::InlinedVector<AcceptedPart, 2>;

/// Who accepts the points used: the parties of the lines' stores, by the lines' amounts, in the order
/// of their first lines; of an order without lines that of its store. The venue's party stands in for a
/// store without one.
/// REQUIRES: `checkout.lines` sum to a positive amount if there are any.
[[nodiscard]] AcceptedParts accepted_parts(const Venue& venue, const Checkout& checkout);

}  // namespace wutong::domain
