#pragma once

#include <optional>
#include <tuple>
#include <utility>

#include "persistence/audit.h"

namespace wutong::persistence {

/// Leaves in `first` the earlier of the two: by shard, then position.
inline void keep_first(std::optional<AuditBreak>& first, std::optional<AuditBreak> other) {
  if (!other) return;
  const auto place = [](const AuditBreak& of) { return std::tie(of.shard, of.position); };
  if (!first || place(*other) < place(*first)) first = std::move(other);
}

}  // namespace wutong::persistence
