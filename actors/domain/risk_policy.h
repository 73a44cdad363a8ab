#pragma once

#include <cstdint>
#include <vector>

#include "actors/domain/quantities.h"
#include "actors/domain/symbol.h"

/// Limits against abuse: data of the risk team, compiled from a document of its own.
namespace wutong::domain {

/// What a counter counts. Spend and visits are the progress of tiers; no limit is on them yet.
enum class Measure : std::uint8_t { points_earned = 1, eligible_spend = 2, visits = 3 };
/// Over what; by the business day of what is counted.
enum class Window : std::uint8_t { calendar_day = 1, calendar_month = 2 };
enum class LimitEffect : std::uint8_t { flag = 1, cap = 2 };
enum class LimitMode : std::uint8_t { live = 1, shadow = 2, off = 3 };

/// One counter of a member (measure over window) with its bound and what happens beyond it.
struct Limit {
  LimitId id;
  Measure measure = Measure::points_earned;
  Window window = Window::calendar_day;
  LimitEffect effect = LimitEffect::cap;
  LimitMode mode = LimitMode::live;
  std::int64_t bound = 0;
};

struct RiskPolicy {
  std::uint32_t version = 0;
  /// Ascending by id, in byte order, so that the document's order changes nothing.
  std::vector<Limit> limits;
};

}  // namespace wutong::domain
