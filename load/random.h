#pragma once

#include <absl/numeric/int128.h>

#include <cstdint>

namespace wutong::load {

/// Chance from a seed (splitmix64): the same numbers on every machine, which the standard library's
/// distributions do not promise. A value; copy it to fork the stream.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
  }

  /// From 0 to `bound` − 1. REQUIRES: `bound` > 0.
  std::uint64_t below(std::uint64_t bound) {
    return absl::Uint128High64(absl::uint128(next()) * bound);
  }

  /// From `low` to `high`, both included. REQUIRES: `low` <= `high`.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }

  /// From 0 to 1, without 1.
  double unit() { return static_cast<double>(next() >> 11U) * 0x1p-53; }

  bool chance(double probability) { return unit() < probability; }

 private:
  std::uint64_t state_;
};

/// Another seed for each `stream` of one seed.
[[nodiscard]] inline std::uint64_t seed_of(std::uint64_t seed, std::uint64_t stream) {
  Random mixer(seed ^ (stream * 0xd1342543de82ef95U));
  return mixer.next();
}

}  // namespace wutong::load
