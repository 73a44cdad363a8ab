#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "actors/domain/quantities.h"

namespace wutong {

/// A set of orders that may say "perhaps" of one it does not have (about 1 in 2,000 a segment) but never
/// "no" of one it has: a Bloom filter of 16 bits an order that grows by segments, each twice the last. It has
/// many parts, which grow one after the other: so memory grows about as orders come, and no insertion has to
/// clear much of it. The keys are keyed hashes already, so their own bits serve as the hash functions.
/// Owned by one order book; not thread-safe.
class BookFilter {
 public:
  void insert(domain::RecordKey order);
  [[nodiscard]] bool may_contain(domain::RecordKey order) const;
  /// The order is about to be looked for: see `wutong::prefetch`.
  void prefetch(domain::RecordKey order) const;

  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Segment {
    std::vector<std::uint64_t> words;
    std::uint64_t orders = 0;
  };
  using Part = std::vector<Segment>;
  std::array<Part, 16> parts_;
};

}  // namespace wutong
