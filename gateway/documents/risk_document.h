#pragma once

#include <filesystem>
#include <string_view>

#include "actors/domain/risk_policy.h"
#include "gateway/documents/program_document.h"

namespace wutong {

/// Compiles the policy of `proto/wutong/documents/v1/risk_policy.proto`, as `compile_program` does.
[[nodiscard]] DocumentResult<domain::RiskPolicy> compile_risk_policy(std::string_view text);

[[nodiscard]] DocumentResult<domain::RiskPolicy> load_risk_policy(
    const std::filesystem::path& file);

}  // namespace wutong
