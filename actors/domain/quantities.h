#pragma once

#include <compare>
#include <cstdint>

/// The quantities of the domain: one integer type a meaning, no implicit conversion, no floating
/// point. Arithmetic that may overflow goes through `checked.h`.
namespace wutong::domain {

/// Whole points. Balances, lots and awards are never negative; a difference may be.
struct Points {
  std::int64_t count = 0;

  friend constexpr auto operator<=>(Points, Points) = default;
  constexpr Points& operator+=(Points other) { return count += other.count, *this; }
  constexpr Points& operator-=(Points other) { return count -= other.count, *this; }
  friend constexpr Points operator+(Points a, Points b) { return {a.count + b.count}; }
  friend constexpr Points operator-(Points a, Points b) { return {a.count - b.count}; }
  friend constexpr Points operator-(Points a) { return {-a.count}; }
};

/// Money in minor units of the program's currency (fen, pence, cents).
struct Money {
  std::int64_t minor_units = 0;

  friend constexpr auto operator<=>(Money, Money) = default;
  constexpr Money& operator+=(Money other) { return minor_units += other.minor_units, *this; }
  constexpr Money& operator-=(Money other) { return minor_units -= other.minor_units, *this; }
  friend constexpr Money operator+(Money a, Money b) { return {a.minor_units + b.minor_units}; }
  friend constexpr Money operator-(Money a, Money b) { return {a.minor_units - b.minor_units}; }
};

/// Settlement money in 1/1000 of a minor unit: the unit of a point's price and of every posting.
struct MilliMoney {
  std::int64_t thousandths = 0;

  friend constexpr auto operator<=>(MilliMoney, MilliMoney) = default;
  constexpr MilliMoney& operator+=(MilliMoney other) {
    return thousandths += other.thousandths, *this;
  }
  friend constexpr MilliMoney operator+(MilliMoney a, MilliMoney b) {
    return {a.thousandths + b.thousandths};
  }
  friend constexpr MilliMoney operator-(MilliMoney a) { return {-a.thousandths}; }
};

/// A share or multiplier in basis points: 10,000 is one whole.
struct BasisPoints {
  std::int64_t count = 0;

  friend constexpr auto operator<=>(BasisPoints, BasisPoints) = default;
};
inline constexpr std::int64_t basis_points_of_one = 10'000;

/// A moment in milliseconds since the Unix epoch, UTC.
struct Instant {
  std::int64_t unix_ms = 0;

  friend constexpr auto operator<=>(Instant, Instant) = default;
};

/// A span of time in milliseconds.
struct Duration {
  std::int64_t ms = 0;

  friend constexpr auto operator<=>(Duration, Duration) = default;
};
constexpr Duration operator-(Instant a, Instant b) { return {a.unix_ms - b.unix_ms}; }
constexpr Instant operator+(Instant a, Duration d) { return {a.unix_ms + d.ms}; }
constexpr Instant operator-(Instant a, Duration d) { return {a.unix_ms - d.ms}; }

/// A civil day, counted from 1970-01-01. Which instants it covers is the calendar's matter.
struct Day {
  std::int32_t since_epoch = 0;

  friend constexpr auto operator<=>(Day, Day) = default;
};

/// Where an event stands in its shard's journal: the owner's epoch, then the number in it.
/// Positions of one shard are totally ordered; positions of two shards are not comparable.
struct Position {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;

  friend constexpr auto operator<=>(Position, Position) = default;
};

/// A member's 64-bit key: a keyed hash of the caller's id, by which shards and ledger keys know it.
struct MemberKey {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(MemberKey, MemberKey) = default;
};

/// A 96-bit keyed hash of (venue, order id), or of (venue, refund id) in a space of its own.
struct RecordKey {
  std::uint64_t high = 0;
  std::uint32_t low = 0;

  friend constexpr auto operator<=>(RecordKey, RecordKey) = default;
};

/// An identity's 128-bit keyed hash, of its kind and value: all that anybody but the edge knows of it.
struct IdentityKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend constexpr auto operator<=>(IdentityKey, IdentityKey) = default;
};

}  // namespace wutong::domain
