#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "persistence/audit.h"
#include "persistence/salvage.h"

/// What salvage files have that the ledger lost: acknowledged events, by name.
namespace wutong::persistence {

struct SalvageFile {
  /// As the operator named it.
  std::string name;
  Salvage salvage;
};

/// An event that a file has and the ledger has not. Names no person.
struct LostEvent {
  std::string file;
  std::uint32_t shard = 0;
  domain::Position position;
  /// 0 where no member is concerned.
  domain::MemberKey member;
  /// The event, with the caller's ids: `checkout of order O1`.
  std::string what;
  /// What the member's lots lack without it.
  domain::Points points;
  /// Where the ledger has the same order or refund again, since a caller asked once more; epoch 0:
  /// nowhere.
  domain::Position again;
};

/// The ledger lost more than was kept: events up to `position` are in none of the files.
struct SalvageGap {
  std::uint32_t shard = 0;
  domain::Position position;
};

struct SalvageReport {
  /// The file that is none of this ledger, and why. What is told beside it is not whole then.
  std::optional<std::string> misfit;

  std::uint64_t batches = 0;
  std::uint64_t events = 0;
  /// By file and position; an event that several files have is told once.
  std::vector<LostEvent> lost;
  std::vector<SalvageGap> gaps;

  /// Of what was lost.
  std::uint64_t orders = 0;
  std::uint64_t refunds = 0;
  AuditPoints points;
};

/// Holds `files` against the logs as they stand. A file fits if its batches are events that follow
/// one another, and whatever of its take-over the ledger still has is the same, entry by entry: then
/// what comes behind is lost. Blocks as `audit` does, reads the logs from where the files begin, and
/// writes nothing. An error: the ledger did not answer.
[[nodiscard]] tl::expected<SalvageReport, LedgerError> compare_salvage(
    Ledger& ledger, const Codec& codec, const std::vector<SalvageFile>& files,
    const AuditOptions& options = {});

}  // namespace wutong::persistence
