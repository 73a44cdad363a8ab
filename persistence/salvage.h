#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/ledger.h"

/// The file in which a shard puts aside acknowledged batches that the ledger lost: the ledger and the
/// shard, then each batch behind its two heads and its size, then a checksum of all that.
namespace wutong::persistence {

struct SalvagedBatch {
  Head expected;
  Head next;
  std::string batch;
};

struct Salvage {
  std::string ledger_id;
  std::uint32_t shard = 0;
  /// At least one; each was appended right after the one before.
  std::vector<SalvagedBatch> batches;
};

[[nodiscard]] std::string salvage_text(std::string_view ledger_id, std::uint32_t shard,
                                       const std::vector<AppendRequest>& lost);

/// Of a whole file and nothing else; an error says what is wrong. What the batches mean is not looked
/// at. Blocks on the disk.
[[nodiscard]] tl::expected<Salvage, std::string> read_salvage(const std::filesystem::path& file);

}  // namespace wutong::persistence
