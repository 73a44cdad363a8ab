#pragma once

#include <string>

#include "actors/domain/command.h"
#include "actors/domain/decide.h"
#include "tests/actors/domain/oracle/purse.h"

/// What is printed of a sequence that shows a difference.
namespace wutong::oracle {

[[nodiscard]] std::string text_of(const domain::Command& command);
[[nodiscard]] std::string text_of(const domain::Refused& refused);
[[nodiscard]] std::string text_of(const Terms& terms);
[[nodiscard]] std::string text_of(domain::Instant instant, const absl::TimeZone& zone);
[[nodiscard]] const char* name_of(domain::Reason reason);

}  // namespace wutong::oracle
