#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/rules.h"

/// What an order earns and what points may pay of it, computed anew from the rules' text (D1 to D3),
/// the plain way: every part as an exact fraction, then one running sum that is floored. It shares no
/// code with the gateway, so that a mistake in one shows against the other.
namespace wutong::load {

struct Tender {
  std::string kind;
  std::int64_t amount_minor = 0;
};

struct Line {
  std::uint32_t number = 0;
  std::int64_t amount_minor = 0;
  bool excluded = false;
  std::string sku;
  std::string category;
  std::string brand;
  std::string store;
};

struct Order {
  std::string venue;
  std::string store;
  std::int64_t occurred_at_unix_ms = 0;
  std::int64_t amount_minor = 0;
  std::int64_t excluded_minor = 0;
  std::int64_t excluded_from_offset_minor = 0;
  std::vector<Tender> tenders;
  std::vector<Line> lines;
  std::int64_t points_to_use = 0;
};

enum class AwardKind : std::uint8_t { base, multiplier, fixed };

struct Award {
  AwardKind kind = AwardKind::base;
  std::string promotion;
  std::string party;
  std::int64_t points = 0;
  /// What a limit took off.
  std::int64_t cut = 0;
  std::int64_t threshold_minor = 0;
  bool lost_below_threshold = false;

  friend bool operator==(const Award&, const Award&) = default;
};

struct Earning {
  std::int64_t offset_money_minor = 0;
  std::int64_t cash_due_minor = 0;
  std::int64_t eligible_minor = 0;
  /// None of 0 points.
  std::vector<Award> awards;

  [[nodiscard]] std::int64_t points() const;
};

/// Before any limit. REQUIRES: the program has the order's venue.
[[nodiscard]] Earning earning_of(const Rules& rules, const Order& order);

/// Takes points off the awards, from the last line backwards, until `allowed` are left.
void cut_to(std::vector<Award>& awards, std::int64_t allowed);

/// The most points that the order takes from a member who has `balance`.
[[nodiscard]] std::int64_t points_max(const Rules& rules, const Order& order, std::int64_t balance);

}  // namespace wutong::load
