#pragma once

#include <cstdint>

namespace wutong::domain {

/// Numbered as on the wire and in stored forms; never renumbered.
enum class IdentityKind : std::uint8_t { phone = 1, card = 2, open_id = 3 };

}  // namespace wutong::domain
