#pragma once

#include <wutong/v1/points.pb.h>

#include <cstdint>
#include <deque>
#include <string>

#include "load/plain_checkout.h"
#include "load/random.h"
#include "load/rules.h"

namespace wutong::load {

/// What a measured run sends: plain checkouts, and whole refunds of some that were answered before. Whatever
/// was refunded is not refunded again, so every request can succeed. Thread-compatible.
class Mix {
 public:
  struct Options {
    std::uint32_t members = 10'000;
    std::string member_prefix = "member-";
    std::string order_prefix;
    std::uint64_t seed = 1;
    /// Of all requests, 0 to 0.5; less as long as too few orders are known that may be refunded.
    double refunds = 0;
  };

  /// REQUIRES: `rules` has a venue and lives longer.
  Mix(const Rules& rules, Options options)
      : rules_(rules),
        options_(std::move(options)),
        checkouts_(rules, options_.member_prefix, options_.members, options_.order_prefix,
                   options_.seed),
        random_(seed_of(options_.seed, 1)) {}

  /// Makes the next in place of what `item` was. Its number is the order's, of a checkout and of its refund,
  /// so it is unique among those that are unanswered.
  void make(v1::BatchItem& item);
  /// An answer: what was bought may be given back from now on.
  void answered(const v1::BatchItemReply& reply);

 private:
  /// So many are enough to choose from, whatever the rate.
  static constexpr std::size_t refundable_max = 100'000;

  void make_refund(std::uint64_t order, v1::BatchItem& item);

  const Rules& rules_;
  const Options options_;
  PlainCheckouts checkouts_;
  Random random_;
  /// Numbers of orders, the oldest first.
  std::deque<std::uint64_t> refundable_;
};

}  // namespace wutong::load
