#include "actors/domain/fingerprint.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "actors/domain/by_number.h"

namespace wutong::domain {
namespace {

/// Eats 64-bit words; text is its length, then its bytes in little-endian words.
class Hasher {
 public:
  void add(std::uint64_t word) {
    state_ = std::rotl((state_ ^ word) * 0x9e3779b97f4a7c15U, 29) * 0xbf58476d1ce4e5b9U;
  }

  void add(std::int64_t word) { add(static_cast<std::uint64_t>(word)); }

  void add(std::string_view text) {
    add(std::uint64_t{text.size()});
    for (std::size_t at = 0; at < text.size(); at += 8) add(word_at(text, at));
  }

  [[nodiscard]] std::uint64_t value() const {
    const std::uint64_t mixed = (state_ ^ (state_ >> 32)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 29);
  }

 private:
  static std::uint64_t word_at(std::string_view text, std::size_t at) {
    std::uint64_t word = 0;
    const std::size_t end = std::min(text.size(), at + 8);
    for (std::size_t i = end; i-- > at;) word = word << 8 | static_cast<unsigned char>(text[i]);
    return word;
  }

  std::uint64_t state_ = 0x5851f42d4c957f2dU;
};

std::uint64_t fingerprint_of(const Tender& tender) {
  Hasher hasher;
  hasher.add(tender.kind);
  hasher.add(tender.amount.minor_units);
  return hasher.value();
}

}  // namespace

std::uint64_t fingerprint_of(const std::vector<Tender>& tenders) {
  // A sum does not care for the order, and unlike an exclusive or it does not cancel twins out.
  std::uint64_t sum = 0;
  for (const Tender& tender : tenders) sum += fingerprint_of(tender);
  return sum;
}

std::uint64_t fingerprint_of(const std::vector<BasketLine>& lines) {
  if (lines.empty()) return 0;
  Hasher hasher;
  for (const BasketLine* line : by_number(lines)) {
    hasher.add(std::uint64_t{line->number});
    hasher.add(line->sku);
    hasher.add(line->category);
    hasher.add(line->brand);
    hasher.add(line->store.text());
    hasher.add(line->quantity_thousandths);
    hasher.add(line->amount.minor_units);
    hasher.add(std::uint64_t{line->excluded});
  }
  return hasher.value();
}

std::uint64_t fingerprint_of(const std::vector<std::uint32_t>& numbers) {
  if (numbers.empty()) return 0;
  std::vector<std::uint32_t> ascending = numbers;
  std::ranges::sort(ascending);
  Hasher hasher;
  for (const std::uint32_t number : ascending) hasher.add(std::uint64_t{number});
  return hasher.value();
}

}  // namespace wutong::domain
