#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/domain/quantities.h"

/// The port through which shards reach the ledger. Implemented in `persistence/` over Redis and, for
/// tests, in memory; both pass one contract suite. It carries bytes: what they mean is the codec's.
namespace wutong {

/// What stands at a shard's head: position of the last event, and which attempt wrote it.
struct Head {
  domain::Position position;
  /// `node/boot#attempt`; `none` before the first take-over.
  std::string writer;

  friend bool operator==(const Head&, const Head&) = default;
};

/// Up to `position` every member's snapshot and history is complete; `flush` counts the flushes.
struct Mark {
  domain::Position position;
  std::uint64_t flush = 0;

  friend bool operator==(const Mark&, const Mark&) = default;
};

/// Who says that it owns a shard, and for how long yet by the ledger's clock. Advice only.
struct Lease {
  std::string owner;
  std::int64_t remaining_ms = 0;
  /// Differs after every renewal, so that one who watches sees it, whatever the clock does.
  std::int64_t renewal = 0;
};

enum class LedgerFault : std::uint8_t {
  /// Cut, timed out, loading, out of memory, read-only, …: whether it happened is not known. Ask again.
  unknown = 1,
  /// The ledger refuses for good (no head, an id smaller than the log's): stop this shard, alarm.
  broken = 2,
};
struct LedgerError {
  LedgerFault fault = LedgerFault::unknown;
  /// For logs, never for callers.
  std::string detail;
};
template <typename T>
using LedgerResult = tl::expected<T, LedgerError>;
template <typename T>
using LedgerCallback = std::function<void(LedgerResult<T>)>;

struct AppendRequest {
  Head expected;
  Head next;
  /// Immutable and shared, since a lost reply makes the shard send the same bytes again.
  std::shared_ptr<const std::string> batch;
};
struct AppendReply {
  /// The head that stands now: `next` if appended (now or by an earlier send), else another.
  Head head;
  /// Counts server processes seen on this connection, from 1; a change means that Redis restarted or
  /// was replaced, so acknowledged entries may be gone.
  std::uint64_t server_generation = 0;
};

/// One entry of the log: `batch` holds the events up to `last`.
struct LogEntry {
  domain::Position last;
  std::string batch;
};

/// One write of a flush. All keys are of this shard.
struct SnapshotWrite {
  domain::MemberKey member;
  std::string snapshot;
};
struct HistoryAppend {
  domain::MemberKey member;
  /// UTC month of `occurred_at`, counted from 1970-01.
  std::int32_t month = 0;
  std::string records;
  /// When the whole key may go; 0 keeps it for ever (a ledger with `clock=caller`).
  std::int64_t expire_at_unix_ms = 0;
  /// The same owner has set the same before, so the ledger need do it again only if the key is gone.
  bool expiry_stands = false;
};
struct BookAppend {
  std::int32_t month = 0;
  std::uint32_t bucket = 0;
  std::string entries;
  /// As in `HistoryAppend`.
  std::int64_t expire_at_unix_ms = 0;
  bool expiry_stands = false;
};

struct IdentityWrite {
  domain::IdentityKey identity;
  /// Empty: nobody's, and nothing is kept of it.
  std::string claim;
};

struct FlushRequest {
  /// The take-over that the flush belongs to: epoch and writer of the shard's own head.
  std::uint64_t epoch = 0;
  std::string writer;
  /// The highest sequence that the flush tells of; the head must have reached it.
  std::uint64_t highest_sequence = 0;
  Mark expected;
  Mark next;
  std::vector<SnapshotWrite> snapshots;
  std::vector<HistoryAppend> history;
  std::vector<BookAppend> book;
  std::vector<IdentityWrite> identities;
};
enum class FlushOutcome : std::uint8_t {
  done = 1,    ///< written now, or by an earlier send of the same flush
  fenced = 2,  ///< another take-over wrote the head: drop everything
  ahead = 3,   ///< tells of events that the head has not reached: the ledger lost its tail
  other = 4,   ///< the mark is neither the expected nor the next one
};

/// How far a shard is swept: see `note_swept`.
struct SweptNote {
  std::int64_t from_unix_ms = 0;
  /// What is noted already stays.
  bool only_first = false;
};

/// Durable, ordered record of one shard's events, with its snapshots, history, order book, directory and
/// lease.
///
/// Every call returns at once; `done` is called exactly once, on the implementation's I/O thread (or,
/// in memory, before the call returns), and must not block: the caller turns it into a message. Calls
/// may come from any one thread at a time. A call past its deadline answers `unknown`; after a cut
/// the implementation reconnects by itself, and every later call is sent on the new connection, so a
/// repeated append can meet itself, never overtake itself.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Appends `batch` whole or not at all, exactly after `expected`, as the entry `next.position`.
  /// Answers the head that stands. REQUIRES: no other append of this shard is on its way.
  virtual void append(AppendRequest request, LedgerCallback<AppendReply> done) = 0;

  /// Writes all or nothing, as `FlushOutcome` says. REQUIRES: no other flush is on its way.
  virtual void flush(FlushRequest request, LedgerCallback<FlushOutcome> done) = 0;

  virtual void read_head(LedgerCallback<AppendReply> done) = 0;
  virtual void read_mark(LedgerCallback<Mark> done) = 0;

  /// Entries with `last` > `after`, oldest first, at most `entries_max`; fewer (or none) only at the
  /// log's end.
  virtual void read_log(domain::Position after, std::uint32_t entries_max,
                        LedgerCallback<std::vector<LogEntry>> done) = 0;

  /// The snapshot, or nothing for a member that has none.
  virtual void read_snapshot(domain::MemberKey member,
                             LedgerCallback<std::optional<std::string>> done) = 0;
  /// One string a month asked for, in that order; empty where nothing is stored.
  virtual void read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                            LedgerCallback<std::vector<std::string>> done) = 0;
  /// The months that a flush ever appended order-book entries to (kept beside the buckets by the
  /// flush itself), ascending; one whose buckets have expired may still be named.
  virtual void read_book_months(LedgerCallback<std::vector<std::int32_t>> done) = 0;
  /// The buckets `first` to `first + count - 1` of a month, in order; empty where nothing is stored.
  virtual void read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                         LedgerCallback<std::vector<std::string>> done) = 0;

  /// What the directory stores of the identity, or nothing.
  virtual void read_identity(domain::IdentityKey identity,
                             LedgerCallback<std::optional<std::string>> done) = 0;

  /// Notes that whoever of the shard was due before `swept.from_unix_ms` has had the event, and answers
  /// what is noted now. Not part of what the log tells: lost, it is noted again by the next walk.
  virtual void note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) = 0;

  /// Takes or renews the lease for `ttl_ms` if it is free, run out, or `owner`'s; answers who holds it.
  virtual void renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) = 0;
  /// Nobody holds it: an empty owner.
  virtual void read_lease(LedgerCallback<Lease> done) = 0;
  /// Gives the lease up if it is `owner`'s.
  virtual void release_lease(std::string owner, LedgerCallback<Lease> done) = 0;

  /// A page of the members that have a snapshot, in no order; a member may come twice. Start with
  /// cursor 0; the walk is over when `next_cursor` is 0 again.
  struct ScanPage {
    std::uint64_t next_cursor = 0;
    std::vector<domain::MemberKey> members;
  };
  virtual void scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                              LedgerCallback<ScanPage> done) = 0;

  /// Bytes and entries of the log, for `log_bytes_max` and the metrics.
  struct LogSize {
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
  };
  virtual void read_log_size(LedgerCallback<LogSize> done) = 0;

  /// Counts the server processes that have answered flushes and reads of members, marks, buckets and
  /// identities so far; any thread. An answer that finds it changed may come from a ledger that has
  /// lost what was flushed, even if it lost nothing of the log.
  [[nodiscard]] virtual std::uint64_t reads_generation() const = 0;
};

enum class LedgerClock : std::uint8_t {
  gateway = 1,
  caller = 2,  ///< `received_at` comes with the request: replays and tests only
};

/// What `create` fixed for ever.
struct LedgerInfo {
  std::string id;
  /// A power of two.
  std::uint32_t shards = 16;
  /// 16 bytes: the key of member keys and record keys. 32 bytes: of the identities' HMAC.
  std::string hash_key;
  std::string identity_key;
  LedgerClock clock = LedgerClock::gateway;
  std::int32_t history_days = 35;
  /// Buckets of the order book per shard and month: about a hundred orders each is a good size.
  std::uint32_t book_buckets = 4096;
};

/// A page of a walk over the snapshots of all shards.
struct SnapshotPage {
  /// Opaque; 0 when the walk is over.
  std::uint64_t next_cursor = 0;
  /// Counts the server processes that have answered pages so far. A cursor means nothing to another one.
  std::uint64_t server_generation = 0;
  struct Beginning {
    domain::MemberKey member;
    /// The snapshot's first bytes; what they mean is the codec's.
    std::string bytes;
  };
  std::vector<Beginning> snapshots;
};

/// An opened ledger. Owned by `main`; outlives every shard.
class Ledger {
 public:
  virtual ~Ledger() = default;

  [[nodiscard]] virtual const LedgerInfo& info() const = 0;
  /// REQUIRES: shard < info().shards.
  [[nodiscard]] virtual Journal& journal(std::uint32_t shard) = 0;
  /// The ledger's clock (Redis TIME), in Unix ms, and whether it answers at all.
  virtual void read_clock(LedgerCallback<std::int64_t> done) = 0;

  /// A step of a walk over all snapshots, which looks at about `keys_hint` keys of the ledger, whatever
  /// they are; so a page may be empty. Gives the first `bytes` of each snapshot it meets, in no order; a
  /// member may come twice. Start with cursor 0. A walk to the end has met every snapshot that was there
  /// all the while. Holds up no append but for the time that the ledger itself works on it.
  virtual void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                              LedgerCallback<SnapshotPage> done) = 0;
};

}  // namespace wutong
