#include "persistence/audit_points.h"

#include <algorithm>
#include <cstdlib>

namespace wutong::persistence {
namespace {

using domain::Reason;

constexpr std::int64_t count_max = 1'000'000'000'000'000;

bool comes_in(Reason reason) {
  return reason == Reason::earn || reason == Reason::give_back || reason == Reason::grant;
}

std::int64_t& sum_for(Reason reason, AuditPoints& points) {
  switch (reason) {
    case Reason::earn:
    case Reason::grant:
      return points.issued;
    case Reason::use:
      return points.used;
    case Reason::give_back:
      return points.given_back;
    case Reason::claw_back:
    case Reason::revoke:
      return points.clawed_back;
    case Reason::repay_debt:
      return points.repaid;
    case Reason::expire:
      break;
  }
  return points.expired;
}

}  // namespace

bool is_bounded(std::int64_t count) { return count >= -count_max && count <= count_max; }

bool is_bounded(const domain::Effects& effects) {
  const auto points_bounded = [](const auto& change) { return is_bounded(change.points.count); };
  return std::ranges::all_of(effects.movements, points_bounded) &&
         std::ranges::all_of(effects.debts, points_bounded) &&
         std::ranges::all_of(effects.expired_counts, points_bounded) &&
         std::ranges::all_of(effects.holds, points_bounded) &&
         std::ranges::all_of(effects.pending, points_bounded) &&
         std::ranges::all_of(effects.counters,
                             [](const auto& move) { return is_bounded(move.delta); }) &&
         std::ranges::all_of(effects.sliding,
                             [](const auto& move) { return is_bounded(move.delta); });
}

bool add(std::int64_t& sum, std::int64_t count) {
  return !__builtin_add_overflow(sum, count, &sum);
}

std::int64_t sum_of(const domain::Effects& effects, Reason reason) {
  std::int64_t sum = 0;
  for (const auto& movement : effects.movements) {
    if (movement.reason == reason) sum += std::abs(movement.points.count);
  }
  return sum;
}

Fault post(const domain::Effects& effects, AuditPoints& points,
           std::map<std::string, std::int64_t>& postings) {
  bool summed = true;
  for (const auto& movement : effects.movements) {
    if (comes_in(movement.reason) != (movement.points.count > 0)) {
      return "a movement goes the wrong way";
    }
    std::int64_t owed = 0;
    summed = summed && add(sum_for(movement.reason, points), std::abs(movement.points.count)) &&
             !__builtin_mul_overflow(movement.points.count, movement.price.thousandths, &owed) &&
             add(postings[std::string(movement.counterparty.text())], owed);
  }
  for (const auto& change : effects.holds) {
    summed = summed && add(points.held, change.points.count);
  }
  std::int64_t repaid = 0;
  for (const auto& change : effects.debts) {
    summed = summed && add(points.debts, change.points.count);
    if (change.points.count < 0) repaid -= change.points.count;
  }
  if (repaid != sum_of(effects, Reason::repay_debt)) {
    return "debts fall by other points than were taken to repay them";
  }
  if (!summed) return "sums overflow";
  return std::nullopt;
}

}  // namespace wutong::persistence
