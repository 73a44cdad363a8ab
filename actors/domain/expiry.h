#pragma once

#include "actors/domain/program.h"

namespace wutong::domain {

/// The last day on which points earned on `day` can be used (D8).
[[nodiscard]] Day expires_on(const ExpiryRule& rule, Day day);

}  // namespace wutong::domain
