#pragma once

#include <optional>

#include "actors/domain/command.h"
#include "actors/domain/decide.h"

/// Whether a request repeats a known one (D14).
namespace wutong::oracle {

/// The first field in which `asked` differs from `known`, in the order of D14; nothing if in none. Of
/// different kinds of command `none`.
[[nodiscard]] std::optional<domain::Field> differs(const domain::Command& known,
                                                   const domain::Command& asked);

}  // namespace wutong::oracle
