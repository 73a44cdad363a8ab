#pragma once

#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <vector>

#include "actors/domain/command.h"

namespace wutong::domain {

using LinesByNumber = absl::InlinedVector<const BasketLine*, 8>;

/// The lines of a basket by their numbers, so that the order in which a till lists them changes
/// nothing: no fingerprint and no rounding.
[[nodiscard]] inline LinesByNumber by_number(const std::vector<BasketLine>& lines) {
  LinesByNumber sorted;
  sorted.reserve(lines.size());
  for (const BasketLine& line : lines) sorted.push_back(&line);
  std::ranges::sort(sorted, {}, &BasketLine::number);
  return sorted;
}

}  // namespace wutong::domain
