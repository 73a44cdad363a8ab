#pragma once

#include <cstdint>
#include <limits>
#include <optional>

/// Exact integer arithmetic for products of amounts, rates and shares.
namespace wutong::domain {

/// A 128-bit integer whose overflow sticks: a whole formula is computed first and asked once at the
/// end whether it stayed exact. An overflowed value must not be used but to say so.
class Wide {
 public:
  constexpr Wide() = default;
  // Not explicit: amounts and constants enter a formula as they are, without loss.
  constexpr Wide(std::int64_t value) : value_(value) {}

  [[nodiscard]] constexpr bool exact() const { return exact_; }

  /// The value if it stayed exact and fits.
  [[nodiscard]] constexpr std::optional<std::int64_t> narrow() const {
    constexpr Int128 most = std::numeric_limits<std::int64_t>::max();
    constexpr Int128 least = std::numeric_limits<std::int64_t>::min();
    if (!exact_ || value_ > most || value_ < least) return std::nullopt;
    return static_cast<std::int64_t>(value_);
  }

  friend constexpr Wide operator+(Wide a, Wide b) {
    Wide sum;
    sum.exact_ = !__builtin_add_overflow(a.value_, b.value_, &sum.value_) && a.exact_ && b.exact_;
    return sum;
  }
  friend constexpr Wide operator-(Wide a, Wide b) {
    Wide difference;
    difference.exact_ =
        !__builtin_sub_overflow(a.value_, b.value_, &difference.value_) && a.exact_ && b.exact_;
    return difference;
  }
  friend constexpr Wide operator*(Wide a, Wide b) {
    Wide product;
    product.exact_ =
        !__builtin_mul_overflow(a.value_, b.value_, &product.value_) && a.exact_ && b.exact_;
    return product;
  }
  constexpr Wide& operator+=(Wide other) { return *this = *this + other; }

  /// Rounded down, also below zero. REQUIRES: `b` is positive.
  friend constexpr Wide floor_divided(Wide a, Wide b) {
    Wide quotient;
    quotient.exact_ = a.exact_ && b.exact_ && b.value_ > 0;
    if (!quotient.exact_) return quotient;
    quotient.value_ = a.value_ / b.value_;
    if (a.value_ % b.value_ < 0) quotient.value_ -= 1;
    return quotient;
  }

  friend constexpr bool operator==(Wide a, Wide b) { return a.value_ == b.value_; }
  friend constexpr bool operator<(Wide a, Wide b) { return a.value_ < b.value_; }
  friend constexpr bool operator>(Wide a, Wide b) { return a.value_ > b.value_; }

 private:
  __extension__ using Int128 = __int128;

  Int128 value_ = 0;
  bool exact_ = true;
};

/// floor(`whole` × `part` / `of`); nothing if it does not fit. REQUIRES: `of` is positive.
[[nodiscard]] constexpr std::optional<std::int64_t> floor_share(std::int64_t whole,
                                                                std::int64_t part,
                                                                std::int64_t of) {
  return floor_divided(Wide(whole) * part, of).narrow();
}

/// Hands out the whole units of a growing exact sum: each part gets the floor of the sum so far less
/// what the parts before got, so parts add up to the floored whole. Every part is a numerator over
/// the one denominator.
class CumulativeFloor {
 public:
  explicit constexpr CumulativeFloor(Wide denominator) : denominator_(denominator) {}

  /// Nothing if the sum does not stay exact or the part does not fit.
  [[nodiscard]] constexpr std::optional<std::int64_t> next(Wide numerator) {
    sum_ += numerator;
    const Wide whole = floor_divided(sum_, denominator_);
    const auto part = (whole - given_).narrow();
    given_ = whole;
    return part;
  }

 private:
  Wide denominator_;
  Wide sum_;
  Wide given_;
};

}  // namespace wutong::domain
