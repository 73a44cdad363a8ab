#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/call.h"
#include "actors/domain/member.h"
#include "actors/domain/quantities.h"
#include "actors/ledger.h"

/// Every message that a shard takes. All are plain values; none holds a pointer into a shard.
///
/// A shard that drops its state (fenced, or given up after an unanswered append) starts a new *life*;
/// answers that belong to an earlier life are told by its number and ignored.
namespace wutong {

/// A call for a member of this shard, or one for whomever this shard's directory or order book finds by
/// an identity or an order.
struct SubmitCall {
  std::shared_ptr<Call> call;
  /// An order book or a directory has found the member; the caller did not name it.
  bool routed = false;
};

/// Calls that came together, in their order; none is routed.
struct SubmitCalls {
  std::vector<std::shared_ptr<Call>> calls;
};

// --- Between a member's shard and the order's shard -------------------------------------------------

enum class BookAsk : std::uint8_t {
  claim = 1,    ///< may this member's checkout take the order?
  free = 2,     ///< that checkout came to nothing
  settle = 3,   ///< it took effect: make the claim durable
  look_up = 4,  ///< whose is it? changes nothing
};

struct BookRequest {
  BookAsk ask = BookAsk::claim;
  domain::RecordKey order;
  domain::MemberKey member;
  /// UTC month of `occurred_at`.
  std::int32_t month = 0;
  /// Names the waiting call in the asking shard; the same number again is the same question.
  std::uint64_t ticket = 0;
};
struct BookRequests {
  std::uint32_t from = 0;
  std::uint64_t life = 0;
  std::vector<BookRequest> requests;
};

enum class BookSays : std::uint8_t {
  granted = 1,   ///< tentative, in memory
  known = 2,     ///< the same member's, in `month`
  of_other = 3,  ///< durably another member's, and it took effect
  busy = 4,      ///< another member's checkout has been deciding for too long: try again
  settled = 5,   ///< durable
  lost = 6,      ///< settling met another member's true claim: reverse
  unknown = 7,   ///< look-up: nobody's
  found = 8,     ///< look-up: `owner`'s, in `month`
};

struct BookReply {
  BookSays says = BookSays::granted;
  domain::RecordKey order;
  domain::MemberKey member;
  domain::MemberKey owner;
  std::int32_t month = 0;
  std::uint64_t ticket = 0;
};
struct BookReplies {
  std::uint64_t life = 0;
  std::vector<BookReply> replies;
};

/// The order's shard holds a durable claim of `member` and asks, out of turn, whether it took effect.
struct Inquiry {
  std::uint32_t from = 0;
  std::uint64_t life = 0;
  domain::RecordKey order;
  domain::MemberKey member;
  std::int32_t month = 0;
};
struct InquiryReply {
  std::uint64_t life = 0;
  domain::RecordKey order;
  domain::MemberKey member;
  bool took_effect = false;
};

// --- Between the sweep's walk and the shards ---------------------------------------------------------

enum class SweepPart : std::uint8_t {
  /// Opens the walk; answered when the snapshots tell of all that was before. Has no members.
  first = 1,
  page = 2,
  /// Answered when all that was found due has been decided, and is committed. Has no members.
  last = 3,
};

/// What a walk over the ledger's snapshots met of one shard's.
struct SweepPage {
  SweepPart part = SweepPart::page;
  /// When the walk began.
  domain::Instant walk_began;
  struct Entry {
    domain::MemberKey member;
    /// As its snapshot says; its state may know better.
    domain::NextDue next_due;
  };
  std::vector<Entry> entries;
  /// Some member's snapshot could not be read.
  bool missed_some = false;
};
/// The shard is ready for the next page.
struct SweepTaken {
  /// It is owned here. If no shard is, the walk ends.
  bool serves = false;
};
/// To the walk itself: time to go on, unless another walk has begun since.
struct SweepStep {
  std::uint64_t walk = 0;
};

// --- Between a member's shard and the identity's shard ----------------------------------------------

enum class DirectoryAsk : std::uint8_t {
  claim = 1,     ///< the identity for this member
  unlinked = 2,  ///< the member has it no more, durably: a hint, which may be lost
};

struct DirectoryRequest {
  DirectoryAsk ask = DirectoryAsk::claim;
  domain::IdentityKey identity;
  domain::MemberKey member;
  /// Names the waiting call in the asking shard; the same number again is the same question.
  std::uint64_t ticket = 0;
};
struct AskDirectory {
  std::uint32_t from = 0;
  std::uint64_t life = 0;
  DirectoryRequest request;
};

enum class DirectorySays : std::uint8_t {
  claimed = 1,   ///< durably, for this member
  of_other = 2,  ///< another member holds it
  busy = 3,      ///< whether another does is not known yet: try again
};
struct DirectoryReply {
  DirectorySays says = DirectorySays::claimed;
  domain::IdentityKey identity;
  domain::MemberKey member;
  std::uint64_t ticket = 0;
};
struct DirectorySaid {
  std::uint64_t life = 0;
  DirectoryReply reply;
};

/// The identity's shard has a durable claim of `member` and asks, out of turn, whether it holds the
/// identity.
struct HolderInquiry {
  std::uint32_t from = 0;
  std::uint64_t life = 0;
  domain::IdentityKey identity;
  domain::MemberKey member;
  /// Of the inquiry: an answer to an earlier one may tell of a time before the member claimed anew.
  std::uint64_t number = 0;
};
struct HolderReply {
  std::uint64_t life = 0;
  domain::IdentityKey identity;
  domain::MemberKey member;
  std::uint64_t number = 0;
  bool holds = false;
};

// --- Answers of the ledger ---------------------------------------------------------------------------

template <typename T>
struct Answered {
  std::uint64_t life = 0;
  LedgerResult<T> result;
};
using AppendAnswered = Answered<AppendReply>;
using FlushAnswered = Answered<FlushOutcome>;

struct HeadRead : Answered<AppendReply> {
  /// The lease is held until then if this head, read after it was granted, is still our own; 0 if the
  /// read proves nothing of the kind.
  std::int64_t lease_until_ns = 0;
};
struct MarkRead : Answered<Mark> {};
struct LogRead : Answered<std::vector<LogEntry>> {};
/// Whether the log still has the batch that a writer who lost the shard saw acknowledged last.
struct FormerRead : Answered<std::vector<LogEntry>> {
  domain::Position acknowledged;
  /// Its last batches, for salvage.
  std::vector<AppendRequest> links;
};
struct BookMonthsRead : Answered<std::vector<std::int32_t>> {};
struct LogSizeRead : Answered<Journal::LogSize> {};
struct SweptNoted : Answered<std::int64_t> {};
struct SnapshotRead : Answered<std::optional<std::string>> {
  domain::MemberKey member;
};
struct HistoryRead : Answered<std::vector<std::string>> {
  domain::MemberKey member;
  /// Read for the inquiry about this order; else for the member's first call.
  std::optional<domain::RecordKey> inquired;
};
/// A page of the sweep's walk; its life counts the walks.
struct SnapshotsWalked : Answered<SnapshotPage> {};
/// A look-up's bucket.
struct BucketRead : Answered<std::vector<std::string>> {
  domain::RecordKey order;
  std::int32_t month = 0;
};
struct ClaimRead : Answered<std::optional<std::string>> {
  domain::IdentityKey identity;
};
/// A page of the building of a month's filter.
struct FilterPageRead : Answered<std::vector<std::string>> {
  std::int32_t month = 0;
  std::uint32_t first = 0;
};
enum class LeaseCall : std::uint8_t {
  renew,
  look,
  /// A renewal by one that has seen the lease and the head stand still for the lease's time.
  outwaited,
};

struct LeaseAnswered : Answered<Lease> {
  /// Boot-time nanoseconds before the renewal was sent; 0 for a release and for a look.
  std::int64_t asked_at = 0;
  LeaseCall call = LeaseCall::renew;
};

// --- To oneself --------------------------------------------------------------------------------------

/// Work gathered by the messages before it is done now.
struct Turn {};
/// Time passes: about every 20 ms. The first comes from whoever started all shards.
struct Tick {};
/// Take no more calls, finish and flush; with `final` give up the lease and end. Between the two a
/// shard still answers other shards, which may need it in order to finish.
struct StopShard {
  bool final = false;
};

}  // namespace wutong
