#include "actors/book_filter.h"

#include "actors/prefetch.h"

namespace wutong {
namespace {

constexpr std::uint64_t bits_per_order = 16;
constexpr std::uint64_t bits_per_word = 64;
/// Of the first part; the last's is nearly twice as large, so that they are not full at the same time.
constexpr std::size_t first_segment_words = 16;
/// The best number for so many bits, 16 ln 2; one in two thousand remains.
constexpr int probes = 11;

/// Orders of one shard share their lowest bits, which are the ones that choose the words.
std::uint64_t spread(std::uint64_t bits) {
  bits *= 0x9e3779b97f4a7c15ULL;
  return bits ^ bits >> 32;
}

/// Double hashing after Kirsch and Mitzenmacher: two hashes stand in for all probes.
struct Probes {
  explicit Probes(domain::RecordKey order)
      : first(spread(order.high)), step(spread(first + order.low) | 1) {}

  /// By bits of the first that the probes do not use, mixed with some that they do.
  [[nodiscard]] std::size_t part(std::size_t parts) const { return (first ^ step >> 32) % parts; }

  /// Visits the word and the bit in it of each probe until `visit` says that it is enough.
  template <typename Visit>
  bool every(std::size_t words, Visit visit) const {
    std::uint64_t at = first;
    for (int probe = 0; probe < probes; ++probe, at += step) {
      // The share of all bits that the hash is of all numbers (Lemire).
      const auto bit = (at >> 32) * (words * bits_per_word) >> 32;
      if (!visit(bit / bits_per_word, std::uint64_t{1} << (bit % bits_per_word))) return false;
    }
    return true;
  }

  std::uint64_t first;
  std::uint64_t step;
};

}  // namespace

void BookFilter::insert(domain::RecordKey order) {
  const Probes marks(order);
  const auto number = marks.part(parts_.size());
  auto& part = parts_[number];
  const auto is_full = [](const Segment& segment) {
    return segment.orders == segment.words.size() * bits_per_word / bits_per_order;
  };
  if (part.empty() || is_full(part.back())) {
    const auto words = part.empty() ? first_segment_words * (parts_.size() + number) / parts_.size()
                                    : part.back().words.size() * 2;
    part.push_back({.words = std::vector<std::uint64_t>(words)});
  }
  auto& segment = part.back();
  ++segment.orders;
  marks.every(segment.words.size(), [&](std::size_t word, std::uint64_t mask) {
    segment.words[word] |= mask;
    return true;
  });
}

bool BookFilter::may_contain(domain::RecordKey order) const {
  const Probes marks(order);
  for (const auto& segment : parts_[marks.part(parts_.size())]) {
    const bool all = marks.every(segment.words.size(), [&](std::size_t word, std::uint64_t mask) {
      return (segment.words[word] & mask) != 0;
    });
    if (all) return true;
  }
  return false;
}

void BookFilter::prefetch(domain::RecordKey order) const {
  const Probes marks(order);
  for (const auto& segment : parts_[marks.part(parts_.size())]) {
    // Half of the bits are set where it is full: with the second, three in four that it has not are told.
    int left = 2;
    marks.every(segment.words.size(), [&](std::size_t word, std::uint64_t) {
      wutong::prefetch(&segment.words[word]);
      return --left > 0;
    });
  }
}

std::uint64_t BookFilter::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& part : parts_) {
    for (const auto& segment : part) sum += segment.words.size() * sizeof(std::uint64_t);
  }
  return sum;
}

}  // namespace wutong
