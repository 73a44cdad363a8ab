#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "actors/prefetch.h"

namespace wutong {

/// Finds what is kept under 64-bit keys that are hashes themselves, such as members' and orders': of which some
/// bits may be the same for all, as the lowest are in one shard. `Kept` is an owning pointer: false when empty.
///
/// Open addressing with linear probing, at most half full, and entries that move up when one before them leaves
/// (Knuth, The Art of Computer Programming 3, 6.4, algorithms L and R). So a look-up nearly always reads one
/// line of memory, and which one is known before it is read: unlike a look-up in `absl::flat_hash_map` it can be
/// asked for ahead of time. Not locked; a place is good until anything is added or erased.
template <typename Kept>
class HashIndex {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// The key is about to be looked for: see `wutong::prefetch`.
  void prefetch(std::uint64_t key) const {
    if (!slots_.empty()) wutong::prefetch(&slots_[home_of(key)]);
  }

  /// Of those kept under `key` the one that `is_wanted`; null if there is none.
  template <typename IsWanted>
  [[nodiscard]] Kept* find(std::uint64_t key, IsWanted is_wanted) {
    const auto at = place_of(key, is_wanted);
    return at == none ? nullptr : &slots_[at].kept;
  }
  template <typename IsWanted>
  [[nodiscard]] const Kept* find(std::uint64_t key, IsWanted is_wanted) const {
    const auto at = place_of(key, is_wanted);
    return at == none ? nullptr : &slots_[at].kept;
  }
  /// Where one key keeps one at most.
  [[nodiscard]] Kept* find(std::uint64_t key) { return find(key, any); }
  [[nodiscard]] const Kept* find(std::uint64_t key) const { return find(key, any); }

  /// Beside whatever is kept under the key already. REQUIRES: `kept` is not empty.
  Kept& add(std::uint64_t key, Kept kept) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    ++size_;
    return put(key, std::move(kept));
  }

  /// Of those kept under `key` the first that `is_wanted` leaves, and is answered; an empty one if none is.
  template <typename IsWanted>
  Kept take(std::uint64_t key, IsWanted is_wanted) {
    auto hole = place_of(key, is_wanted);
    if (hole == none) return Kept();
    Kept taken = std::move(slots_[hole].kept);
    slots_[hole].kept = Kept();
    --size_;
    const auto mask = slots_.size() - 1;
    for (auto at = (hole + 1) & mask; slots_[at].kept; at = (at + 1) & mask) {
      // It may move up into the hole unless its home lies behind that.
      if (((at - home_of(slots_[at].key)) & mask) < ((at - hole) & mask)) continue;
      slots_[hole] = std::move(slots_[at]);
      slots_[at].kept = Kept();
      hole = at;
    }
    return taken;
  }
  Kept take(std::uint64_t key) { return take(key, any); }

  void clear() {
    // Whatever goes with them may look in here.
    std::vector<Slot> slots;
    slots.swap(slots_);
    size_ = 0;
  }

  /// Visits all, in no order that means anything: `visit(key, kept)`.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& slot : slots_) {
      if (slot.kept) visit(slot.key, slot.kept);
    }
  }

 private:
  struct Slot {
    std::uint64_t key = 0;
    Kept kept{};
  };
  static constexpr std::size_t none = SIZE_MAX;
  static constexpr std::size_t slots_min = 64;
  static constexpr auto any = [](const Kept&) { return true; };

  /// The highest bits of the product depend on all bits of the key (Knuth, 6.4: Fibonacci hashing).
  [[nodiscard]] std::size_t home_of(std::uint64_t key) const {
    return static_cast<std::size_t>((key * 0x9e37'79b9'7f4a'7c15ULL) >> shift_);
  }

  template <typename IsWanted>
  [[nodiscard]] std::size_t place_of(std::uint64_t key, IsWanted is_wanted) const {
    if (slots_.empty()) return none;
    const auto mask = slots_.size() - 1;
    for (auto at = home_of(key); slots_[at].kept; at = (at + 1) & mask) {
      if (slots_[at].key == key && is_wanted(slots_[at].kept)) return at;
    }
    return none;
  }

  Kept& put(std::uint64_t key, Kept kept) {
    const auto mask = slots_.size() - 1;
    auto at = home_of(key);
    while (slots_[at].kept) at = (at + 1) & mask;
    slots_[at].key = key;
    slots_[at].kept = std::move(kept);
    return slots_[at].kept;
  }

  void grow() {
    std::vector<Slot> before(slots_.empty() ? slots_min : 2 * slots_.size());
    // Nothing fails from here on.
    before.swap(slots_);
    shift_ = 64;
    for (auto size = slots_.size(); size > 1; size /= 2) --shift_;
    for (auto& slot : before) {
      if (slot.kept) put(slot.key, std::move(slot.kept));
    }
  }

  /// As many as a power of two.
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  int shift_ = 64;
};

}  // namespace wutong
