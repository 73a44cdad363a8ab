#include "actors/domain/symbol.h"

#include <absl/hash/hash.h>

#include <atomic>
#include <cstring>
#include <mutex>

#include "actors/domain/ensure.h"

namespace wutong::domain {

Symbol::Text Symbol::texts_[Symbol::names_max];

/// All names of the process. Readers take no lock: names never move, and what a reader may follow is
/// published whole by one atomic store. Writers, which are rare, take turns.
class Names {
 public:
  std::uint32_t find(std::string_view text) const {
    const Table* table = table_.load(std::memory_order_acquire);
    return table == nullptr ? 0 : place_of(*table, text).index;
  }

  std::uint32_t intern(std::string_view text) {
    if (const std::uint32_t known = find(text)) return known;
    const std::scoped_lock lock(writers_);
    if (const std::uint32_t known = find(text)) return known;
    ENSURE(size_ < Symbol::names_max, "too many names");
    const std::uint32_t index = size_++;
    store(index, text);
    make_room();
    place_of(*table_.load(std::memory_order_relaxed), text)
        .slot.store(index, std::memory_order_release);
    return index;
  }

 private:
  /// Open addressing, at most half full; 0 is an empty slot. A grown table replaces the old one,
  /// which stays for readers under way: all of them together are no larger than the newest.
  struct Table {
    std::size_t mask;
    std::atomic<std::uint32_t>* slots;
    const Table* older;
  };

  struct Place {
    std::atomic<std::uint32_t>& slot;
    /// As read once, and compared: a second look at an empty slot may find another's name in it.
    std::uint32_t index;
  };

  /// Where `wanted` stands, or where it would (index 0).
  static Place place_of(const Table& table, std::string_view wanted) {
    std::size_t at = absl::Hash<std::string_view>{}(wanted)&table.mask;
    for (;; at = (at + 1) & table.mask) {
      const std::uint32_t index = table.slots[at].load(std::memory_order_acquire);
      if (index == 0 || Symbol::text_of(index) == wanted) return {table.slots[at], index};
    }
  }

  static void store(std::uint32_t index, std::string_view text) {
    char* copy = new char[text.size()];
    std::memcpy(copy, text.data(), text.size());
    Symbol::texts_[index] = {.data = copy, .size = text.size()};
  }

  void make_room() {
    const Table* old = table_.load(std::memory_order_relaxed);
    if (old != nullptr && std::size_t{size_} * 2 <= old->mask + 1) return;
    const std::size_t slots = old == nullptr ? 1024 : (old->mask + 1) * 2;
    auto* grown = new Table{slots - 1, new std::atomic<std::uint32_t>[slots] {}, old};
    // The newest name is not in the old table yet; its slot is filled by the caller.
    for (std::uint32_t index = 1; index + 1 < size_; ++index) {
      place_of(*grown, Symbol::text_of(index)).slot.store(index, std::memory_order_relaxed);
    }
    table_.store(grown, std::memory_order_release);
  }

  std::atomic<const Table*> table_{nullptr};
  std::mutex writers_;
  std::uint32_t size_ = 1;
};

namespace {

constinit Names all_names;

}  // namespace

Symbol Symbol::intern(std::string_view text) {
  return text.empty() ? Symbol{} : Symbol{all_names.intern(text)};
}

std::optional<Symbol> Symbol::find(std::string_view text) {
  if (text.empty()) return Symbol{};
  const std::uint32_t index = all_names.find(text);
  if (index == 0) return std::nullopt;
  return Symbol{index};
}

}  // namespace wutong::domain
