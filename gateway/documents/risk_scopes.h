#pragma once

#include <string_view>
#include <vector>

#include "actors/domain/program.h"
#include "gateway/documents/document_error.h"

namespace wutong {

/// The scoped bounds of a policy that name a venue, store or format which the program does not have: they
/// compile, and no order ever meets them. They are no errors, since the two documents belong to different
/// people and change at different times. In the order of the text. REQUIRES: `policy_text` compiles.
[[nodiscard]] std::vector<DocumentError> scopes_without_traffic(std::string_view policy_text,
                                                                const domain::Program& program);

}  // namespace wutong
