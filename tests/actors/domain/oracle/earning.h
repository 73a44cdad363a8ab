#pragma once

#include <cstdint>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/event.h"
#include "actors/domain/program.h"
#include "tests/actors/domain/oracle/purse.h"

/// What an order earns and what points can pay of it (D1 to D3), worked out in exact fractions.
namespace wutong::oracle {

struct Award {
  domain::AwardKind kind = domain::AwardKind::base;
  domain::PromotionId promotion;
  domain::PartyId party;
  std::int64_t points = 0;
  std::int64_t cut = 0;
  std::int64_t threshold = 0;
  bool lost_below_threshold = false;
};

struct Earned {
  std::int64_t eligible = 0;
  std::vector<Award> awards;
};

/// `day` is the business day of `paid_at`.
[[nodiscard]] Earned earned(const domain::Program& program, const domain::Checkout& checkout,
                            domain::Instant paid_at, std::int32_t day, std::int64_t offset_money);

[[nodiscard]] std::int64_t offset_base(const domain::Checkout& checkout);
[[nodiscard]] std::int64_t most_points(const domain::OffsetRule& rule, std::int64_t base);
/// Also of points that are no whole steps, floored: what the tenders must sum to needs an answer
/// before the steps are looked at (D13).
[[nodiscard]] std::int64_t offset_money(const domain::OffsetRule& rule, std::int64_t points);

/// Who settles how many of the points used (D10).
[[nodiscard]] std::vector<Purse::Accepting> accepting(const domain::Program& program,
                                                      const domain::Checkout& checkout);

/// floor(whole × part / of). REQUIRES: `of` > 0, nothing is negative.
[[nodiscard]] std::int64_t floored(std::int64_t whole, std::int64_t part, std::int64_t of);

}  // namespace wutong::oracle
