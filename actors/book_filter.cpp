#include "actors/book_filter.h"

namespace wutong {
namespace {

constexpr std::uint64_t first_segment_orders = 1024;
constexpr std::uint64_t bits_per_order = 16;
/// The best number for so many bits, 16 ln 2; one in two thousand remains.
constexpr int probes = 11;

/// Orders of one shard share their lowest bits, which are the ones that choose the words.
std::uint64_t spread(std::uint64_t bits) {
  bits *= 0x9e3779b97f4a7c15ULL;
  return bits ^ bits >> 32;
}

/// Double hashing after Kirsch and Mitzenmacher: two hashes stand in for all probes.
template <typename Visit>
bool every_probe(domain::RecordKey order, std::uint64_t bits, Visit visit) {
  std::uint64_t at = spread(order.high);
  const std::uint64_t step = spread(at + order.low);
  for (int probe = 0; probe < probes; ++probe, at += step | 1) {
    const auto bit = at & (bits - 1);
    if (!visit(bit / 64, std::uint64_t{1} << (bit % 64))) return false;
  }
  return true;
}

}  // namespace

void BookFilter::insert(domain::RecordKey order) {
  if (segments_.empty() || segments_.back().orders == segments_.back().orders_max) {
    const auto orders_max =
        segments_.empty() ? first_segment_orders : segments_.back().orders_max * 2;
    segments_.push_back({.words = std::vector<std::uint64_t>(orders_max * bits_per_order / 64),
                         .orders_max = orders_max});
  }
  auto& segment = segments_.back();
  ++segment.orders;
  every_probe(order, segment.words.size() * 64, [&](std::size_t word, std::uint64_t mask) {
    segment.words[word] |= mask;
    return true;
  });
}

bool BookFilter::may_contain(domain::RecordKey order) const {
  for (const auto& segment : segments_) {
    const bool all = every_probe(
        order, segment.words.size() * 64,
        [&](std::size_t word, std::uint64_t mask) { return (segment.words[word] & mask) != 0; });
    if (all) return true;
  }
  return false;
}

std::uint64_t BookFilter::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& segment : segments_) sum += segment.words.size() * sizeof(std::uint64_t);
  return sum;
}

}  // namespace wutong
