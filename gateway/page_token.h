#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "actors/domain/quantities.h"

namespace wutong {

/// A position as callers carry it from page to page; opaque to them, and no secret.
[[nodiscard]] std::string page_token_of(domain::Position position);
/// Nothing for a text that `page_token_of` never gives.
[[nodiscard]] std::optional<domain::Position> position_of(std::string_view page_token);

}  // namespace wutong
