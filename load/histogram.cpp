#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wutong::load {

// Values below 64 have a bucket each. Above, the six bits after the leading one pick the bucket in
// the value's octave.
std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < per_octave) return static_cast<std::size_t>(value);
  const auto shift = static_cast<std::size_t>(std::bit_width(value)) - precision_bits - 1;
  return (shift + 1) * per_octave + static_cast<std::size_t>((value >> shift) - per_octave);
}

std::uint64_t Histogram::top_of(std::size_t bucket) {
  if (bucket < per_octave) return bucket;
  const std::size_t shift = bucket / per_octave - 1;
  const std::uint64_t low = (bucket % per_octave + per_octave) << shift;
  return low + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::uint64_t microseconds) {
  ++buckets_[bucket_of(microseconds)];
  ++count_;
  max_ = std::max(max_, microseconds);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) return std::min(top_of(i), max_);
  }
  return max_;
}

}  // namespace wutong::load
