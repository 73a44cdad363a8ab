#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "actors/domain/channel.h"
#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"

/// Limits against abuse: data of the risk team, compiled from a document of its own.
namespace wutong::domain {

/// What a counter counts. Spend and visits are the progress of tiers; no limit is on them.
enum class Measure : std::uint8_t {
  points_earned = 1,
  eligible_spend = 2,
  visits = 3,
  orders = 4,
  /// Goods value of orders.
  amount = 5,
  points_used = 6,
  refunds = 7,
};
/// Over what. A calendar window goes by the business day of what is counted and begins with its first
/// day, a week with Monday; a sliding one is (now - seconds, now] by the time of receipt.
enum class Window : std::uint8_t {
  calendar_day = 1,
  calendar_month = 2,
  calendar_week = 3,
  sliding = 4,
};
/// The longest sliding window: 30 days.
inline constexpr std::int32_t sliding_seconds_max = 2'592'000;

/// The stronger, the larger; 3 is kept for a review.
enum class LimitEffect : std::uint8_t { flag = 1, cap = 2, decline = 4 };
enum class LimitMode : std::uint8_t { live = 1, shadow = 2, off = 3 };

/// A bound for some of a limit's traffic: what is not set restricts nothing.
struct ScopedBound {
  /// A caller's id.
  std::string member;
  Channel channel = Channel::unspecified;
  StoreId store;
  VenueId venue;
  FormatId format;
  std::int64_t bound = 0;
};

/// One counter of a member (measure over window) with its bound and what happens beyond it: as much as
/// the bound is allowed, one more is not.
struct Limit {
  LimitId id;
  Measure measure = Measure::points_earned;
  Window window = Window::calendar_day;
  /// Of a sliding window: 1 to 2,592,000. Of a calendar window 0.
  std::int32_t seconds = 0;
  LimitEffect effect = LimitEffect::cap;
  LimitMode mode = LimitMode::live;
  /// Of the program's whole traffic.
  std::int64_t bound = 0;
  /// Most specific first; the first that holds takes the place of `bound`.
  std::vector<ScopedBound> scoped;
};

struct RiskPolicy {
  std::uint32_t version = 0;
  /// Ascending by id, in byte order, so that the document's order changes nothing.
  std::vector<Limit> limits;
};

}  // namespace wutong::domain
