#include "actors/domain/limits.h"

#include <algorithm>

namespace wutong::domain {

std::vector<RiskCheck> checks_of(const Member& member, const RiskPolicy& policy, Day day,
                                 Points asked) {
  std::vector<RiskCheck> checks;
  for (const Limit& limit : policy.limits) {
    if (limit.mode == LimitMode::off) continue;
    const std::int64_t before = earned_on(member, day);
    checks.push_back({.limit = limit.id,
                      .mode = limit.mode,
                      .effect = limit.effect,
                      .value_before = before,
                      .value_asked = asked.count,
                      .bound = limit.bound,
                      .exceeded = asked > Points{} && asked.count > limit.bound - before});
  }
  return checks;
}

Points allowed_by(const std::vector<RiskCheck>& checks, Points asked) {
  for (const RiskCheck& check : checks) {
    if (check.mode != LimitMode::live || check.effect != LimitEffect::cap) continue;
    const Points left{std::max<std::int64_t>(0, check.bound - check.value_before)};
    asked = std::min(asked, left);
  }
  return asked;
}

void cut(std::vector<AwardLine>& awards, Points allowed) {
  Points excess = -allowed;
  for (const AwardLine& line : awards) excess += line.points;
  for (auto line = awards.rbegin(); line != awards.rend() && excess > Points{}; ++line) {
    line->cut = std::min(line->points, excess);
    line->points -= line->cut;
    excess -= line->cut;
  }
}

std::int64_t earned_on(const Member& member, Day day) {
  for (const Counter& counter : member.counters) {
    const bool of_days =
        counter.measure == Measure::points_earned && counter.window == Window::calendar_day;
    if (of_days && counter.day == day) return counter.value;
  }
  return 0;
}

}  // namespace wutong::domain
