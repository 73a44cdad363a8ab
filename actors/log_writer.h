#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/domain/quantities.h"
#include "actors/ledger.h"

namespace wutong {

/// What an answer to an append means for the owner.
enum class AppendVerdict : std::uint8_t {
  committed = 1,   ///< it stands; all up to `committed()` is durable
  send_again = 2,  ///< not stored: send `request()` again
  lost_tail = 3,  ///< the ledger forgot acknowledged batches; `request()` is now the oldest of them
  restored = 4,  ///< what was lost stands again, up to and with the batch under way: take over anew
  fenced = 5,    ///< another owner wrote: drop everything
  lost = 6,      ///< the ledger is further behind than the batches kept: salvage and halt
};

/// The writing side of a shard's log for one take-over: gathers events into batches, lets one append
/// be under way, and keeps the last batches so that a ledger that lost its tail can be mended.
/// Pure: it sends nothing itself. Owned by a shard.
class LogWriter {
 public:
  struct Options {
    std::uint32_t batch_bytes_max = 80'000;
    std::uint32_t links_max = 8;
    std::uint64_t links_bytes_max = 1 << 20;
  };

  /// `taken` is the append of the owner's own `Taken` entry, as it was committed. It is the first
  /// link: a ledger that lost even that can still be mended.
  LogWriter(AppendRequest taken, Options options);

  /// The position of the next event; each call is one event, to be added with `add`.
  [[nodiscard]] domain::Position advance();
  /// The batch that the event's bytes go to; valid until the next call of this object.
  [[nodiscard]] std::string& batch();
  /// The event of the last `advance` is complete.
  void added();

  /// The next append, if none is under way and anything was added. It is under way from now on.
  [[nodiscard]] std::optional<AppendRequest> start();
  /// The append under way, to be sent again as it is. REQUIRES: under_way().
  [[nodiscard]] AppendRequest request() const;
  [[nodiscard]] bool under_way() const { return under_way_; }

  /// Takes the answer to `request()`. REQUIRES: under_way().
  [[nodiscard]] AppendVerdict answered(const Head& stands);
  /// Takes a head that was read while nothing is under way: `committed`, `fenced`, `lost_tail` (an
  /// append is under way then) or `lost`.
  [[nodiscard]] AppendVerdict observed(const Head& stands);

  [[nodiscard]] domain::Position committed() const { return head_.position; }
  /// Of the last event that got a position.
  [[nodiscard]] domain::Position last() const { return last_; }
  [[nodiscard]] const Head& head() const { return head_; }
  /// Of all events that are not committed.
  [[nodiscard]] std::uint64_t bytes_waiting() const { return bytes_waiting_; }

  struct Committed {
    domain::Position last;
    std::uint32_t events = 0;
    std::uint64_t bytes = 0;
  };
  /// The batch that the last `committed` verdict was about.
  [[nodiscard]] const Committed& last_batch() const { return last_batch_; }
  /// The kept batches, oldest first, for salvage.
  [[nodiscard]] std::vector<AppendRequest> links() const;

 private:
  struct Batch {
    std::string bytes;
    domain::Position last;
    std::uint32_t events = 0;
  };
  void keep(AppendRequest request);
  [[nodiscard]] std::optional<std::size_t> link_after(const Head& head) const;

  Options options_;
  Head head_;
  domain::Position last_;
  std::deque<Batch> batches_;
  std::uint64_t bytes_waiting_ = 0;
  /// Size of the batch before the event of the last `advance`.
  std::size_t bytes_before_event_ = 0;
  bool under_way_ = false;
  AppendRequest current_;
  std::uint32_t current_events_ = 0;
  std::deque<AppendRequest> links_;
  std::uint64_t links_bytes_ = 0;
  /// Index of the link that is being sent again; links_.size() stands for `current_`.
  std::optional<std::size_t> mending_;
  bool mending_had_current_ = false;
  Committed last_batch_;
};

}  // namespace wutong
