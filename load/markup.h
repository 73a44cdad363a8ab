#pragma once

#include <string>
#include <string_view>

namespace wutong::load {

/// Text as it stands in HTML and SVG, between tags and in quoted attributes. What no XML may hold becomes a
/// replacement character.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace wutong::load
