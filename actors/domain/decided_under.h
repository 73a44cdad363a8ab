#pragma once

#include "actors/domain/event.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"

namespace wutong::domain {

/// Of an event that is decided at `now` under these documents; its position comes with the log.
[[nodiscard]] inline EventHeader decided_under(const Program& program, const RiskPolicy& policy,
                                               Instant now) {
  return {.received_at = now, .program_version = program.version, .policy_version = policy.version};
}

}  // namespace wutong::domain
