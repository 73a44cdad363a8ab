#pragma once

#include <wutong/v1/points.pb.h>

#include <cstdint>
#include <string>

#include "load/random.h"
#include "load/rules.h"

namespace wutong::load {

[[nodiscard]] std::int64_t unix_ms_now();

/// Whom the checkouts are of.
enum class Buyers : std::uint8_t {
  /// Each as likely as another.
  by_chance,
  /// One after another, from the first on.
  in_turn,
};

/// Checkouts of 88.00 at the program's first venue, paid by card and now, for measuring.
class PlainCheckouts {
 public:
  /// REQUIRES: `rules` has a venue and lives longer.
  PlainCheckouts(const Rules& rules, std::string member_prefix, std::uint32_t members,
                 std::string order_prefix, std::uint64_t seed, Buyers buyers = Buyers::by_chance)
      : rules_(rules),
        member_prefix_(std::move(member_prefix)),
        members_(members),
        order_prefix_(std::move(order_prefix)),
        random_(seed),
        buyers_(buyers) {}

  /// Makes the next in place of what `request` was; one that was made here before is changed only where
  /// two differ.
  void make(v1::CheckoutRequest& request);
  [[nodiscard]] std::uint64_t made() const { return made_; }

  /// `member_prefix` and six digits, or more where they are needed.
  [[nodiscard]] static std::string member_id(const std::string& member_prefix,
                                             std::uint32_t number);

 private:
  const Rules& rules_;
  const std::string member_prefix_;
  const std::uint32_t members_;
  const std::string order_prefix_;
  Random random_;
  const Buyers buyers_;
  std::uint64_t made_ = 0;
};

}  // namespace wutong::load
