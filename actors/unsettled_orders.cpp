#include "actors/unsettled_orders.h"

#include <utility>

namespace wutong {
namespace {

/// So many slots may be empty whatever there is; beyond that, as many as are taken.
constexpr std::size_t gaps_short = 1'024;

}  // namespace

Unsettled& UnsettledOrders::add(const ClaimKey& claim, Unsettled unsettled) {
  static_cast<void>(take(claim));
  if (slots_.size() > 2 * places_.size() + gaps_short) close_gaps();
  places_.emplace(claim, first_place_ + slots_.size());
  return *slots_.emplace_back(std::move(unsettled));
}

Unsettled* UnsettledOrders::find(const ClaimKey& claim) {
  const auto found = places_.find(claim);
  return found == places_.end() ? nullptr : &*slots_[found->second - first_place_];
}

void UnsettledOrders::clear() {
  first_place_ += slots_.size();
  slots_.clear();
  places_.clear();
}

void UnsettledOrders::close_gaps() {
  std::deque<std::optional<Unsettled>> closed;
  first_place_ += slots_.size();
  for (auto& slot : slots_) {
    if (!slot) continue;
    places_[claim_of(slot->order, slot->member)] = first_place_ + closed.size();
    closed.push_back(std::move(slot));
  }
  slots_ = std::move(closed);
}

}  // namespace wutong
