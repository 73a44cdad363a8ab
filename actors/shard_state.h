#pragma once

#include <absl/container/inlined_vector.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "actors/call.h"
#include "actors/codec.h"
#include "actors/domain/decide.h"
#include "actors/lease_watch.h"
#include "actors/ledger.h"
#include "actors/messages.h"
#include "actors/order_claim.h"

/// What a shard keeps of things under way. Plain values, the shard's own.
namespace wutong {

class MemberActor;
struct WaitingCall;

/// A reply that waits for a commit, then for the confirmation of a claim or for the lease. What is replied
/// stays in the call, for it is large.
struct PendingReply {
  std::shared_ptr<Call> call;
  domain::Position needs;
  std::optional<ClaimKey> claim;
  bool read_only = false;
};

/// A checkout that is decided beside others, step by step: the room for one, used again and again.
struct Deciding {
  MemberActor* member = nullptr;
  /// The first of the member's queue; without a call once it is given up.
  WaitingCall* waiting = nullptr;
  domain::Instant now;
  std::optional<domain::Decision> decision;
  /// What happens is a record too.
  bool is_filed = false;
  PackedRecord record;

  /// What happens; null if nothing does.
  [[nodiscard]] domain::Event* accepted() {
    auto* accepted = decision ? std::get_if<domain::Accepted>(&*decision) : nullptr;
    return accepted == nullptr ? nullptr : &accepted->event;
  }
};

/// A checkout whose claim is not confirmed.
struct Unsettled {
  domain::RecordKey order;
  domain::MemberKey member;
  std::int32_t month = 0;
  domain::Position position;
  std::int64_t asked_at_ns = 0;
  absl::InlinedVector<PendingReply, 1> replies;
  bool lost = false;
};

/// A call that does not name its member, until the directory or the order book does.
struct RoutedCall {
  std::shared_ptr<Call> call;
  /// Without meaning where the call has an identity.
  domain::RecordKey order;
  std::int64_t asked_at_ns = 0;
};

/// An identity that a member has unlinked, of which the directory is told once that is durable.
struct UnlinkedIdentity {
  domain::Position position;
  domain::IdentityKey identity;
  domain::MemberKey member;
};

/// The order book's answers to one life of a shard.
struct RepliesOut {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;
  std::vector<BookReply> replies;
};

/// Committed events that a flush may not cover yet.
struct TailPiece {
  domain::Position last;
  std::uint64_t bytes = 0;
  std::int64_t at_ns = 0;
};

/// From wanting a shard to owning it, and keeping it.
struct Ownership {
  /// Given up, not lost to another: taken again by its own lease, to finish even while stopping.
  bool wants_back = false;
  std::uint64_t highest_epoch_tried = 0;
  std::uint64_t attempts = 0;
  AppendRequest taking;
  LeaseWatch watch;
  /// When the take-over under way last came forward.
  std::int64_t progress_at_ns = 0;
  std::int64_t poll_at_ns = 0;
  std::int64_t lease_until_ns = 0;
  std::int64_t renew_at_ns = 0;
  bool lease_asked = false;
  std::uint64_t server_generation = 0;
  std::uint64_t reads_generation = 0;
  bool server_changed = false;
  bool reading_head = false;
};

/// The log's tail, read after a take-over.
struct TailRead {
  domain::Position to;
  /// What was read last, and how much of it is restored.
  std::vector<LogEntry> page;
  std::size_t page_done = 0;
};

/// The one append that may be unanswered.
struct AppendUnderWay {
  std::int64_t first_sent_ns = 0;
  std::int64_t again_at_ns = 0;
  bool awaited = false;
};

/// When the ledger is asked how large the log is.
struct LogWatch {
  std::int64_t ask_at_ns = 0;
  /// Committed since it was asked.
  std::uint64_t bytes_since = 0;
};

}  // namespace wutong
