#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace wutong::load {

/// What a run is expected to come to, from text like "awarded=882061,refunds=3838"; or what is wrong
/// with the text.
[[nodiscard]] tl::expected<std::map<std::string, std::int64_t>, std::string> expectations_of(
    const std::string& text);

/// One sentence for each figure that is not as expected, or that there is none of.
[[nodiscard]] std::vector<std::string> unmet(
    const std::map<std::string, std::int64_t>& expectations,
    const std::map<std::string, std::int64_t>& figures);

}  // namespace wutong::load
