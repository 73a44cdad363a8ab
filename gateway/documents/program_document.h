#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/domain/program.h"
#include "gateway/documents/document_error.h"

namespace wutong {

/// The compiled value, or all that is wrong: a syntax error alone, else every field that is not known
/// or of the wrong kind, else everything that does not make sense. Never a half-compiled value.
template <typename Value>
using DocumentResult = tl::expected<std::shared_ptr<const Value>, std::vector<DocumentError>>;

/// Compiles the program of `proto/wutong/documents/v1/program.proto` from its JSON text. May be called
/// at any time from any thread; all that it leaves behind are interned names.
[[nodiscard]] DocumentResult<domain::Program> compile_program(std::string_view text);

/// The same of a file of at most 16 MiB; one that cannot be read is an error without a place.
[[nodiscard]] DocumentResult<domain::Program> load_program(const std::filesystem::path& file);

}  // namespace wutong
