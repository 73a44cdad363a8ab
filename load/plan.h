#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "load/rules.h"

/// A business day as it will be sent, made from a seed before anything is sent. All of it follows from
/// the options and the program; only the times and the points to pay with are settled when an order
/// goes out.
namespace wutong::load {

struct PlanOptions {
  std::uint64_t seed = 1;
  std::uint32_t day = 1;
  std::uint32_t orders = 200'000;
  std::uint32_t members = 50'000;
  /// Exponent of the Zipf law; with this one the busiest of 50,000 members has half a percent of the
  /// orders.
  double skew = 0.6;
};

enum class TenderMix : std::uint8_t { one, two, gift_card };

struct PlannedLine {
  std::int64_t amount_minor = 0;
  bool excluded = false;
  std::uint16_t category = 0;
  /// Index of a store of the venue; −1 is the order's own.
  std::int32_t store = -1;
};

struct PlannedOrder {
  std::uint32_t member = 0;
  std::uint32_t venue = 0;
  /// Index of a store of the venue; −1 where the venue itself sells.
  std::int32_t store = -1;
  std::uint32_t terminal = 0;
  /// Minute of the simulated day.
  std::uint16_t minute = 0;
  std::int64_t amount_minor = 0;
  std::int64_t excluded_minor = 0;
  std::int64_t excluded_from_offset_minor = 0;
  std::vector<PlannedLine> lines;
  TenderMix tenders = TenderMix::one;
  std::uint8_t channel = 1;
  /// The till was offline and sends it late.
  bool late = false;
  /// How long before it is sent the customer paid.
  std::int64_t age_ms = 0;
  bool pays_with_points = false;
  bool quotes_first = false;
};

enum class RefundKind : std::uint8_t { amount, lines, whole };

struct PlannedRefund {
  std::uint32_t order = 0;
  RefundKind kind = RefundKind::whole;
  /// Index of the venue that refunds.
  std::uint32_t venue = 0;
  std::int64_t amount_minor = 0;
  std::int64_t excluded_minor = 0;
  std::vector<std::uint32_t> lines;
  bool names_member = false;
};

enum class StepKind : std::uint8_t {
  checkout,
  duplicate,      ///< the same request again
  other_content,  ///< the same id, something else in it
  other_member,   ///< the same order for another member
  refund,
  refund_again,  ///< the same refund again
};

struct PlannedStep {
  StepKind kind = StepKind::checkout;
  std::uint32_t order = 0;
  /// Of refunds: which.
  std::uint32_t refund = 0;
  /// Of `other_member`: who.
  std::uint32_t member = 0;
  /// Of `other_content`: what differs.
  std::uint8_t variant = 0;
  /// Does not wait for the answer to the step before.
  bool eager = false;
  /// Minute of the simulated day in which it is sent. What comes after the last order shares its minute.
  std::uint16_t minute = 0;
};

struct Plan {
  PlanOptions options;
  std::vector<PlannedOrder> orders;
  std::vector<PlannedRefund> refunds;
  /// In the order in which they are sent; those of one order in the order that they need.
  std::vector<PlannedStep> steps;
};

/// REQUIRES: `orders` and `members` are positive, the program has a venue. The first order is a plain
/// one and its checkout is the first step.
[[nodiscard]] Plan plan_day(const Rules& rules, const PlanOptions& options);

}  // namespace wutong::load
