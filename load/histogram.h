#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace wutong::load {

/// Counts durations in buckets whose width grows with the value, so that a quantile is off by at most
/// 1/64 of itself whatever its size. A value, for one thread; `merge` joins those of several.
class Histogram {
 public:
  void record(std::uint64_t microseconds);
  void merge(const Histogram& other);
  void clear() { *this = Histogram(); }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  /// The value that the part `share` (0 to 1) of what was recorded does not exceed; 0 if nothing was.
  [[nodiscard]] std::uint64_t quantile(double share) const;

 private:
  static constexpr std::size_t precision_bits = 6;
  static constexpr std::size_t per_octave = std::size_t{1} << precision_bits;
  static constexpr std::size_t octaves = 64 - precision_bits + 1;

  static std::size_t bucket_of(std::uint64_t value);
  /// The largest value of the bucket.
  static std::uint64_t top_of(std::size_t bucket);

  std::array<std::uint64_t, per_octave * octaves> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace wutong::load
