#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "actors/order_claim.h"
#include "actors/shard_state.h"

namespace wutong {

/// The checkouts of one shard whose claims are not confirmed, by their claims and in the order of their
/// events. Most leave in about the order in which they came. Owned by the shard.
class UnsettledOrders {
 public:
  /// Behind all others; one with the same claim leaves. The reference is good until anything is added or
  /// leaves, as are those below.
  Unsettled& add(const ClaimKey& claim, Unsettled unsettled);
  /// Null if there is none.
  [[nodiscard]] Unsettled* find(const ClaimKey& claim);
  [[nodiscard]] bool contains(const ClaimKey& claim) const { return places_.contains(claim); }
  /// Nothing if there is none.
  std::optional<Unsettled> take(const ClaimKey& claim) {
    return take_if(claim, [](const Unsettled&) { return true; });
  }
  /// The same unless it is lost.
  std::optional<Unsettled> take_settled(const ClaimKey& claim) {
    return take_if(claim, [](const Unsettled& unsettled) { return !unsettled.lost; });
  }
  void clear();

  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  /// Of the first of them. REQUIRES: not empty.
  [[nodiscard]] domain::Position first_position() const { return slots_.front()->position; }

  template <typename Visit>
  void for_each(Visit visit) {
    for (auto& slot : slots_) {
      if (slot) visit(*slot);
    }
  }

  /// Visits at most `count` places, where the last such walk stopped, or from the first on if that went
  /// to the end: those at the front must not keep the others from their turn.
  template <typename Visit>
  void walk_on(std::size_t count, Visit visit) {
    if (walked_to_ < first_place_) walked_to_ = first_place_;
    for (; count > 0 && walked_to_ < first_place_ + slots_.size(); --count, ++walked_to_) {
      if (auto& slot = slots_[walked_to_ - first_place_]) visit(*slot);
    }
    if (walked_to_ == first_place_ + slots_.size()) walked_to_ = 0;
  }

 private:
  template <typename Wanted>
  std::optional<Unsettled> take_if(const ClaimKey& claim, Wanted wanted) {
    const auto found = places_.find(claim);
    if (found == places_.end()) return std::nullopt;
    auto& slot = slots_[found->second - first_place_];
    if (!wanted(*slot)) return std::nullopt;
    std::optional<Unsettled> taken(std::move(slot));
    slot.reset();
    places_.erase(found);
    drop_empty_front();
    return taken;
  }
  void drop_empty_front() {
    while (!slots_.empty() && !slots_.front()) {
      slots_.pop_front();
      ++first_place_;
    }
  }
  void close_gaps();

  /// One that has left leaves its slot empty, until all before it have left too or there are too many.
  std::deque<std::optional<Unsettled>> slots_;
  /// Where each stands: its slot's index and `first_place_`, which counts the slots that are gone.
  absl::flat_hash_map<ClaimKey, std::uint64_t> places_;
  std::uint64_t first_place_ = 0;
  std::uint64_t walked_to_ = 0;
};

}  // namespace wutong
