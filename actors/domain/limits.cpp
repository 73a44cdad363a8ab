#include "actors/domain/limits.h"

#include <algorithm>

#include "actors/domain/windows.h"

namespace wutong::domain {
namespace {

bool holds_for(const ScopedBound& scope, const Occasion& occasion) {
  const Origin& origin = *occasion.origin;
  const auto allows = [](const auto& wanted, const auto& given) {
    return wanted.empty() || wanted == given;
  };
  const FormatId format = occasion.venue == nullptr ? FormatId{} : occasion.venue->format;
  return allows(scope.member, occasion.member->id) &&
         (scope.channel == Channel::unspecified || scope.channel == origin.channel) &&
         allows(scope.store, origin.store) && allows(scope.venue, origin.venue) &&
         allows(scope.format, format);
}

/// A shadow limit that would stop something has a counter of what it would have let through, so that it
/// names the orders that it would stop, and not all that come after too many.
bool has_own_counter(const Limit& limit) {
  return limit.mode == LimitMode::shadow && limit.effect != LimitEffect::flag;
}

std::int64_t counted_before(const Limit& limit, const Occasion& occasion, LimitId shadow) {
  if (limit.window == Window::sliding) {
    return counted_until(*occasion.member, limit.measure, limit.seconds, occasion.now, shadow);
  }
  return counted_on(*occasion.member, limit.measure, limit.window,
                    first_day_of(limit.window, occasion.business_day), shadow);
}

void move(Draft& draft, const Limit& limit, const Occasion& occasion, LimitId shadow,
          std::int64_t by) {
  if (by == 0) return;
  if (limit.window == Window::sliding) {
    draft.count(SlidingMove{
        .measure = limit.measure, .seconds = limit.seconds, .delta = by, .shadow = shadow});
  } else {
    draft.count(CounterMove{.measure = limit.measure,
                            .window = limit.window,
                            .day = first_day_of(limit.window, occasion.business_day),
                            .delta = by,
                            .shadow = shadow});
  }
}

std::int64_t left_of(const RiskCheck& check) {
  return std::max<std::int64_t>(0, check.bound - check.value_before);
}

/// What a shadow limit would have let through of what was done.
std::int64_t let_through(const RiskCheck& check, std::int64_t done) {
  switch (check.effect) {
    case LimitEffect::cap:
      return std::min(done, left_of(check));
    case LimitEffect::decline:
      return check.exceeded ? 0 : done;
    case LimitEffect::flag:
      return done;
  }
  return done;
}

bool same_counter(const Limit& a, const Limit& b) {
  return a.measure == b.measure && a.window == b.window && a.seconds == b.seconds;
}

}  // namespace

std::optional<std::int64_t> Demand::of(Measure measure) const {
  if (is_refund != (measure == Measure::refunds)) return std::nullopt;
  switch (measure) {
    case Measure::points_earned:
      return earned.count;
    case Measure::points_used:
      return used.count;
    case Measure::amount:
      return amount.minor_units;
    case Measure::orders:
    case Measure::refunds:
      return 1;
    case Measure::eligible_spend:
    case Measure::visits:
      return std::nullopt;
  }
  return std::nullopt;
}

std::int64_t bound_on(const Limit& limit, const Occasion& occasion) {
  const auto scoped = std::ranges::find_if(
      limit.scoped, [&](const ScopedBound& scope) { return holds_for(scope, occasion); });
  return scoped == limit.scoped.end() ? limit.bound : scoped->bound;
}

std::vector<RiskCheck> checks_of(const RiskPolicy& policy, const Occasion& occasion,
                                 const Demand& demand) {
  std::vector<RiskCheck> checks;
  checks.reserve(policy.limits.size());
  for (const Limit& limit : policy.limits) {
    const auto asked = demand.of(limit.measure);
    if (limit.mode == LimitMode::off || !asked) continue;
    RiskCheck check{.limit = limit.id,
                    .mode = limit.mode,
                    .effect = limit.effect,
                    .value_asked = *asked,
                    .bound = bound_on(limit, occasion)};
    // Nobody is punished for an outage: it is told, and no more.
    const bool spared = occasion.late && limit.window == Window::sliding;
    if (spared && check.effect == LimitEffect::decline) check.effect = LimitEffect::flag;
    check.value_before =
        counted_before(limit, occasion, has_own_counter(limit) ? limit.id : LimitId{});
    check.exceeded = *asked > 0 && *asked > check.bound - check.value_before;
    checks.push_back(std::move(check));
  }
  return checks;
}

bool declines(const std::vector<RiskCheck>& checks) {
  return std::ranges::any_of(checks, [](const RiskCheck& check) {
    return check.mode == LimitMode::live && check.effect == LimitEffect::decline && check.exceeded;
  });
}

Points allowed_by(const std::vector<RiskCheck>& checks, Points asked) {
  for (const RiskCheck& check : checks) {
    if (check.mode != LimitMode::live || check.effect != LimitEffect::cap) continue;
    asked = std::min(asked, {left_of(check)});
  }
  return asked;
}

void cut(std::vector<AwardLine>& awards, Points allowed) {
  Points excess = -allowed;
  for (const AwardLine& line : awards) excess += line.points;
  for (auto line = awards.rbegin(); line != awards.rend() && excess > Points{}; ++line) {
    const Points taken = std::min(line->points, excess);
    line->cut += taken;
    line->points -= taken;
    excess -= taken;
  }
}

void count(Draft& draft, const RiskPolicy& policy, const Occasion& occasion,
           const std::vector<RiskCheck>& checks, const Demand& done) {
  if (checks.empty()) return;
  draft.expect_moves(2 * checks.size());
  auto check = checks.begin();
  for (auto limit = policy.limits.begin(); limit != policy.limits.end(); ++limit) {
    if (check == checks.end()) return;
    if (check->limit != limit->id) continue;
    const std::int64_t by = done.of(limit->measure).value_or(0);
    // Limits of one counter move it once.
    const auto counts_too = [&](const Limit& other) {
      return other.mode != LimitMode::off && same_counter(other, *limit);
    };
    if (std::none_of(policy.limits.begin(), limit, counts_too)) {
      move(draft, *limit, occasion, {}, by);
    }
    if (has_own_counter(*limit)) move(draft, *limit, occasion, limit->id, let_through(*check, by));
    ++check;
  }
}

}  // namespace wutong::domain
