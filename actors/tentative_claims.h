#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "actors/domain/quantities.h"

namespace wutong {

/// Claims of orders that were granted, oldest first, so that those which nobody settles or frees are found.
/// Nearly all of them are, within milliseconds, and leave without another look at their order. Owned by one
/// order book; not thread-safe.
class TentativeClaims {
 public:
  using Serial = std::uint64_t;

  /// REQUIRES: `now_ns` is not less than that of the one before.
  [[nodiscard]] Serial add(domain::RecordKey order, std::int64_t now_ns) {
    claims_.push_back({.order = order, .granted_at_ns = now_ns});
    return first_ + claims_.size() - 1;
  }
  /// The claim has been settled, freed or granted anew. REQUIRES: neither that nor `take_until` has told so
  /// of it before.
  void end(Serial claim) { claims_[claim - first_].over = true; }
  /// The oldest that is not over, if it was granted at `until_ns` or before; then it is over.
  [[nodiscard]] std::optional<domain::RecordKey> take_until(std::int64_t until_ns) {
    while (!claims_.empty()) {
      const auto oldest = claims_.front();
      if (!oldest.over && oldest.granted_at_ns > until_ns) break;
      claims_.pop_front();
      ++first_;
      if (!oldest.over) return oldest.order;
    }
    return std::nullopt;
  }
  /// Those that are over, and that nobody has come across since, among them.
  [[nodiscard]] std::size_t size() const { return claims_.size(); }

 private:
  struct Claim {
    domain::RecordKey order;
    std::int64_t granted_at_ns = 0;
    bool over = false;
  };
  std::deque<Claim> claims_;
  /// Of the first of them.
  Serial first_ = 1;
};

}  // namespace wutong
