#pragma once

#include "actors/domain/draft.h"
#include "actors/domain/lots.h"
#include "actors/domain/program.h"

/// Taking back what was given (D6).
namespace wutong::domain {

/// What is taken back of an award line, or of a grant.
struct TakeBack {
  /// Claw-back or revocation, the line, and its party.
  Draft::Cause cause;
  /// The lot that the points went into.
  LotTerms lot;
  Points points;
  /// The order or the grant.
  RecordKey order;
  Instant order_occurred_at;
};

/// From the line's own lot; then by counting what of that lot has expired; then from other lots. Owes
/// the rest if `rest` says so. Returns the rest.
Points take_back(Draft& draft, const TakeBack& asked, Shortfall rest);

}  // namespace wutong::domain
