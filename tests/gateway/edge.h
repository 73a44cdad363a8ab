#pragma once

#include <memory>
#include <string>

#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"
#include "gateway/credentials.h"
#include "gateway/keys.h"
#include "gateway/translate_request.h"

/// What the tests of the edge stand on.
namespace wutong::test {

/// 2026-01-05 12:00 in Shanghai: when every request of the tests arrives.
inline constexpr domain::Instant noon{1'767'585'600'000};

/// P0 of the golden cases as version 7, with a store `shoes` in M1 and H1, which may refund each
/// other's orders.
[[nodiscard]] std::shared_ptr<const domain::Program> program_p0();
[[nodiscard]] std::shared_ptr<const domain::RiskPolicy> policy_without_limits();
/// Declines the sixth order in ten minutes, and the second refund of a day.
[[nodiscard]] std::shared_ptr<const domain::RiskPolicy> policy_that_declines();

[[nodiscard]] std::string hash_key();
[[nodiscard]] std::string identity_key();

/// May call everything for M1.
[[nodiscard]] Credential till_of_m1();

}  // namespace wutong::test
