#pragma once

#include <cstdint>

#include "actors/domain/command.h"

namespace wutong::oracle {

/// The command with one thing changed that `change` (0 to 11) names, or as it is: also things that make
/// no other content.
[[nodiscard]] domain::Command altered(domain::Command command, std::uint32_t change);

}  // namespace wutong::oracle
