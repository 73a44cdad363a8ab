#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>

#include "actors/domain/event.h"
#include "actors/domain/member.h"

/// What makes a lot one, and the order in which lots are used.
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

/// The lot with `serial`, or null.
template <typename Lots>
[[nodiscard]] auto* find_lot(Lots& lots, std::uint32_t serial) {
  const auto found = std::ranges::find(lots, serial, &Lot::serial);
  return found == lots.end() ? nullptr : &*found;
}

}  // namespace wutong::domain
