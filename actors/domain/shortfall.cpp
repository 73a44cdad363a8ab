#include "actors/domain/shortfall.h"

namespace wutong::domain {

Points take_back(Draft& draft, const TakeBack& asked, Shortfall rest) {
  Points left = asked.points;
  left -= draft.take_from(asked.cause, asked.lot, left);
  left -= draft.count_expired(asked.cause.line, asked.lot, left);
  left -= draft.take_from_all(asked.cause, left);
  if (rest == Shortfall::debt) {
    draft.owe({.order = asked.order,
               .order_occurred_at = asked.order_occurred_at,
               .line = asked.cause.line,
               .party = asked.cause.counterparty,
               .points = left});
  }
  return left;
}

}  // namespace wutong::domain
