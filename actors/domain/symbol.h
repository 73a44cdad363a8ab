#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace wutong::domain {

/// A name from a document or from the ledger (a venue, a party, a promotion), interned: four bytes
/// to copy, compare and hash. Names are immortal and process-wide, so a symbol outlives the program
/// version that it came from. Never interned from a request: what a caller sends is looked up with
/// `find`, so callers cannot grow the table.
///
/// Thread-safe. `text` and comparison take no lock.
class Symbol {
 public:
  /// The empty name.
  constexpr Symbol() = default;

  /// The symbol of `text`, made if it is new.
  static Symbol intern(std::string_view text);

  /// The symbol of `text` if anything interned it before.
  static std::optional<Symbol> find(std::string_view text);

  [[nodiscard]] std::string_view text() const { return text_of(index_); }
  [[nodiscard]] bool empty() const { return index_ == 0; }

  friend bool operator==(Symbol, Symbol) = default;
  /// By the bytes of the text, so that no order depends on what was interned first.
  friend std::strong_ordering operator<=>(Symbol a, Symbol b) { return a.text() <=> b.text(); }

  template <typename H>
  friend H AbslHashValue(H state, Symbol symbol) {
    return H::combine(std::move(state), symbol.index_);
  }

 private:
  friend class Names;
  struct Text {
    const char* data;
    std::size_t size;
  };
  static constexpr std::uint32_t names_max = 1U << 22;
  /// By index; the first is empty. Each is written once, by `intern`, and most never: what is not touched
  /// takes no memory.
  static Text texts_[names_max];

  static std::string_view text_of(std::uint32_t index) {
    return {texts_[index].data, texts_[index].size};
  }

  explicit constexpr Symbol(std::uint32_t index) : index_(index) {}

  std::uint32_t index_ = 0;
};

/// One kind of symbol each, so that a venue cannot stand where a party is meant.
template <typename Tag>
struct Name {
  Symbol symbol;

  static Name intern(std::string_view text) { return {Symbol::intern(text)}; }
  static std::optional<Name> find(std::string_view text) {
    const auto symbol = Symbol::find(text);
    if (!symbol) return std::nullopt;
    return Name{*symbol};
  }
  [[nodiscard]] std::string_view text() const { return symbol.text(); }
  [[nodiscard]] bool empty() const { return symbol.empty(); }

  friend bool operator==(Name, Name) = default;
  friend std::strong_ordering operator<=>(Name a, Name b) { return a.symbol <=> b.symbol; }

  template <typename H>
  friend H AbslHashValue(H state, Name name) {
    return H::combine(std::move(state), name.symbol);
  }
};

using FormatId = Name<struct FormatTag>;
using VenueId = Name<struct VenueTag>;
using StoreId = Name<struct StoreTag>;
using PartyId = Name<struct PartyTag>;
using PromotionId = Name<struct PromotionTag>;
using LimitId = Name<struct LimitTag>;
using TierId = Name<struct TierTag>;

}  // namespace wutong::domain
