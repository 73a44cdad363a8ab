#pragma once

#include <filesystem>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/documents/document_error.h"

namespace wutong {

/// The text of a document of at most 16 MiB; a larger one was written by accident.
[[nodiscard]] tl::expected<std::string, std::vector<DocumentError>> read_document(
    const std::filesystem::path& file);

}  // namespace wutong
