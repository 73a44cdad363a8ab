#pragma once

#include <cstdint>
#include <string>

#include "load/flags.h"

namespace wutong::load {

/// Enrolls members `member_prefix` and a number from 0 to `members` − 1, for runs that measure. Those who are
/// members already stay as they are. False if it was interrupted or some could not be enrolled; standard
/// error says why.
[[nodiscard]] bool enroll_members(const CallOptions& calls, std::size_t outstanding,
                                  const std::string& member_prefix, std::uint32_t members);

}  // namespace wutong::load
