#pragma once

#include <string>

#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"

/// Program P0 of the golden cases, and what tests write documents and times with.
namespace wutong::testing {

/// CNY, Asia/Shanghai. Venue M1 (party MALL, 3,000 mf a point, 1 point per 10.00) with promotion S
/// (588.00 → 1.5×, 888.00 → 2×), venue H1 (party HOTEL, 2,800 mf, 1 point per 5.00); either refunds
/// its own orders only. Party BRAND (3,000 mf) funds what cases add. Points expire at the end of next
/// year; 100 points pay 3.00, up to 15 %, from 50.00.
[[nodiscard]] domain::Program program_p0();

/// A multiplier in one step from 0.00 on, funded by MALL, in a stacking group of its own.
[[nodiscard]] domain::Promotion multiplier(const std::string& id, std::int64_t basis_points);

/// A fixed bonus from 0.00 on, funded by `party`, in a stacking group of its own.
[[nodiscard]] domain::Promotion fixed_bonus(const std::string& id, std::int64_t points,
                                            const std::string& party);

/// Puts `promotion` where its id belongs.
void add(domain::Program& program, domain::Promotion promotion);

/// A daily limit on points earned.
[[nodiscard]] domain::Limit daily_limit(const std::string& id, std::int64_t bound,
                                        domain::LimitEffect effect = domain::LimitEffect::cap,
                                        domain::LimitMode mode = domain::LimitMode::live);

/// "2026-11-20 23:59:30" or "2026-11-20 23:59:30.250", in the zone of P0 unless another is named.
[[nodiscard]] domain::Instant at(const std::string& civil,
                                 const std::string& zone = "Asia/Shanghai");

/// "2026-11-20".
[[nodiscard]] domain::Day day(const std::string& civil);

[[nodiscard]] absl::TimeZone zone(const std::string& name);

}  // namespace wutong::testing
