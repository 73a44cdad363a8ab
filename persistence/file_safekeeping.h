#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <tl/expected.hpp>
#include <vector>

#include "actors/safekeeping.h"

namespace wutong::persistence {

/// The witness file and the salvage folder of one node.
///
/// The witness file has a line a shard, `shard epoch-sequence writer`, after a line with the ledger's
/// id; it is replaced as a whole, at most a second after a head changed and when this object goes. The
/// thread that writes it is the only one of ours that waits for this machine's disk.
/// Owned by `main`, outlives the engine. Thread-safe.
class FileSafekeeping final : public Safekeeping {
 public:
  /// Reads what an earlier start left; a file of another ledger is an error, so that a node is never
  /// pointed at the wrong Redis unnoticed.
  static tl::expected<std::unique_ptr<FileSafekeeping>, std::string> open(
      std::filesystem::path witness_file, std::filesystem::path salvage_folder,
      std::string ledger_id);
  ~FileSafekeeping() override;

  void witness(std::uint32_t shard, const Head& head) override;
  [[nodiscard]] std::optional<Head> witnessed(std::uint32_t shard) const override;
  bool salvage(std::uint32_t shard, const std::vector<AppendRequest>& lost) override;

  /// Shards whose batches were put into the salvage folder since the start.
  [[nodiscard]] std::uint64_t salvaged() const;
  /// Writes of the witness file that failed since the start.
  [[nodiscard]] std::uint64_t write_failures() const;

 private:
  FileSafekeeping(std::filesystem::path witness_file, std::filesystem::path salvage_folder,
                  std::string ledger_id, std::map<std::uint32_t, Head> before);
  void write_until_stopped(const std::stop_token& stop);
  void write(const std::map<std::uint32_t, Head>& heads);

  const std::filesystem::path witness_file_;
  const std::filesystem::path salvage_folder_;
  const std::string ledger_id_;
  const std::map<std::uint32_t, Head> before_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::uint32_t, Head> heads_;
  bool dirty_ = false;
  std::uint64_t salvaged_ = 0;
  std::uint64_t write_failures_ = 0;
  std::jthread writer_;
};

}  // namespace wutong::persistence
