#pragma once

#include <tuple>

#include "actors/domain/event.h"
#include "actors/domain/member.h"

/// What makes a lot one, and the orders in which lots are used and debts repaid.
namespace wutong::domain {

/// Points that agree in these are in one lot.
struct LotTerms {
  PartyId party;
  MilliMoney price;
  Day expires_on;
  Instant available_from;

  friend bool operator==(const LotTerms&, const LotTerms&) = default;
};

[[nodiscard]] inline LotTerms terms_of(const Lot& lot) {
  return {lot.party, lot.price, lot.expires_on, lot.available_from};
}
[[nodiscard]] inline LotTerms terms_of(const Movement& movement) {
  return {movement.party, movement.price, movement.expires_on, movement.available_from};
}

[[nodiscard]] inline bool burns_before(const Lot& a, const Lot& b) {
  return std::tie(a.expires_on, a.serial) < std::tie(b.expires_on, b.serial);
}

[[nodiscard]] inline bool has_expired(const Lot& lot, Day today) { return lot.expires_on < today; }

/// May be paid with: its day has not passed, and it is available by now.
[[nodiscard]] inline bool is_usable(const Lot& lot, Day today, Instant now) {
  return !has_expired(lot, today) && lot.available_from <= now;
}

/// Oldest order first, then its lines in their order. Works for debts and their changes.
template <typename A, typename B>
[[nodiscard]] bool repaid_before(const A& a, const B& b) {
  return std::tie(a.order_occurred_at, a.order, a.line) <
         std::tie(b.order_occurred_at, b.order, b.line);
}

}  // namespace wutong::domain
