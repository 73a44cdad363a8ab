#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace wutong::load {

// Values below 2,048 have a bucket each. Above, the ten bits after the leading one pick the bucket among
// those of the value's doubling.
std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < sub_buckets) return static_cast<std::size_t>(value);
  const auto shift = static_cast<std::size_t>(std::bit_width(value)) - sub_bucket_bits;
  return shift * per_doubling + static_cast<std::size_t>(value >> shift);
}

std::uint64_t Histogram::top_of(std::size_t bucket) {
  if (bucket < sub_buckets) return bucket;
  const std::size_t shift = bucket / per_doubling - 1;
  const std::uint64_t low = std::uint64_t{bucket % per_doubling + per_doubling} << shift;
  return low + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::record(std::uint64_t microseconds) {
  const std::uint64_t value = std::min(microseconds, longest);
  if (counts_.empty()) counts_.resize(buckets);
  ++counts_[bucket_of(value)];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (counts_.empty()) counts_.resize(buckets);
  for (std::size_t i = 0; i < buckets; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double share) const {
  // 0.999 of 1,000 is 999, although the product of the two doubles may be a trifle more.
  const double exact = share * static_cast<double>(count_) * (1 - 1e-12);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(exact)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(top_of(i), max_);
  }
  return max_;
}

}  // namespace wutong::load
