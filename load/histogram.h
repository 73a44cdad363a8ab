#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace wutong::load {

/// Counts durations from 0 µs to an hour to three significant digits, as HdrHistogram lays them out: 2,048
/// buckets of 1 µs, and above them 1,024 buckets for each doubling, so that a bucket is never wider than
/// 1/1024 of its values. A quantile is the top of its bucket: never below the truth, and above it by less
/// than 0.1 %. What took longer than an hour counts as an hour.
///
/// Takes 184 KiB from the first value on, whatever was recorded. A value, for one thread; `merge` joins
/// those of several.
class Histogram {
 public:
  static constexpr std::uint64_t longest = 3'600'000'000;

  void record(std::uint64_t microseconds);
  void merge(const Histogram& other);
  void clear() { *this = Histogram(); }

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Exact, up to an hour.
  [[nodiscard]] std::uint64_t max() const { return max_; }
  /// The value that the part `share` (0 to 1) of what was recorded does not exceed; 0 if nothing was.
  [[nodiscard]] std::uint64_t quantile(double share) const;

 private:
  static constexpr std::size_t sub_bucket_bits = 11;
  static constexpr std::size_t sub_buckets = std::size_t{1} << sub_bucket_bits;
  static constexpr std::size_t per_doubling = sub_buckets / 2;
  /// An hour of microseconds has 32 bits.
  static constexpr std::size_t doublings = 32 - sub_bucket_bits;
  static constexpr std::size_t buckets = sub_buckets + doublings * per_doubling;

  static std::size_t bucket_of(std::uint64_t value);
  /// The largest value of the bucket.
  static std::uint64_t top_of(std::size_t bucket);

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace wutong::load
