#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/ledger.h"

/// What a shard leaves with the machine it runs on, outside the ledger. Implemented in `persistence/`.
namespace wutong {

class Safekeeping {
 public:
  virtual ~Safekeeping() = default;

  /// The head that was last acknowledged to this node, at most about a second late. Must not block.
  virtual void witness(std::uint32_t shard, const Head& head) = 0;

  /// The head that this node witnessed before it was started, or nothing. A ledger that stands behind
  /// it lost acknowledged events that nobody alive has seen.
  [[nodiscard]] virtual std::optional<Head> witnessed(std::uint32_t shard) const = 0;

  /// Keeps acknowledged batches that the ledger lost and that could not be sent again, for `audit`
  /// and an operator; false if that failed. May block: it is called when the shard has nothing else
  /// left to do.
  virtual bool salvage(std::uint32_t shard, const std::vector<AppendRequest>& lost) = 0;
};

}  // namespace wutong
