#pragma once

#include <string>
#include <tl/expected.hpp>

#include "load/rules.h"

namespace wutong::load {

/// Reads the program's document (protobuf JSON, wutong.documents.v1.Program), or says what is wrong
/// with it. The gateway judges documents; here only what the model needs is looked at.
[[nodiscard]] tl::expected<Rules, std::string> rules_of_text(const std::string& json);
[[nodiscard]] tl::expected<Rules, std::string> rules_of_file(const std::string& path);

/// The same; a program without venues is wrong, since there is nowhere to buy.
[[nodiscard]] tl::expected<Rules, std::string> rules_with_venue(const std::string& path);

}  // namespace wutong::load
