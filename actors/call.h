#pragma once

#include <absl/functional/any_invocable.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/decide.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"

/// What the edge asks of the engine, and what comes back.
namespace wutong {

/// The member as it stands: identity, balances, lots, debts.
struct ReadMember {};

/// The receipt of an order, or of a refund, as it was given.
struct ReadReceipt {
  domain::RecordKey key;
  /// The order that it belongs to: the order itself, or the refund's original.
  domain::RecordKey order;
};

/// Records, newest first, from before `before` (the position that the last page ended with; epoch 0
/// starts at the newest).
struct ReadHistory {
  domain::Position before;
  std::uint32_t records_max = 50;
};

/// The points that expire next, but for those that are held, and the last day they can be used; 0 points
/// if none ever do.
struct Expiring {
  domain::Points points;
  domain::Day last_day;
};

/// What a receipt tells beyond its record, computed at each reply.
struct Standing {
  domain::Balances now;
  /// Still refundable of the order; of a refund's receipt: of its original. 0 where there is none.
  domain::Money refundable;
  Expiring expiring;
};

struct ReceiptReply {
  domain::Record record;
  bool replayed = false;
  Standing standing;
  /// The member's shard: with the record's position it says where the event stands.
  std::uint32_t shard = 0;
};
struct QuoteReply {
  domain::Quoted quoted;
};
struct MemberReply {
  domain::Member member;  ///< without records
  domain::Balances now;
  Expiring expiring;
  /// By this very call: enrolled, linked or unlinked.
  bool changed_now = false;
};
struct HistoryReply {
  std::vector<domain::Record> records;
  /// Where the next page starts; epoch 0 if this was the last.
  domain::Position next_before;
  std::uint32_t shard = 0;
};
struct RefusedReply {
  domain::Refused refused;
  /// Whether the same request may succeed later, unchanged.
  bool retryable = false;
};

/// A part of the gateway failed or is full; nothing is told of the outcome but what the name says.
enum class CallFailure : std::uint8_t {
  /// May or may not have been done: ask again with the same id.
  unavailable = 1,
  /// Not done; a named bound was reached.
  exhausted = 2,
  /// Not done: no such receipt.
  not_found = 3,
  /// The order turned out to be another member's after all; what was done has been reversed.
  reversed = 4,
};
struct FailedReply {
  CallFailure failure = CallFailure::unavailable;
  /// The bound or part concerned, a fixed text: safe to show.
  const char* what = "";
};

/// A receipt that the edge has written already: see `Call::write`.
struct WrittenReply {
  std::string bytes;
  /// What the edge counts it as, in the edge's own terms.
  std::uint8_t outcome = 0;
};

using Reply = std::variant<ReceiptReply, QuoteReply, MemberReply, HistoryReply, RefusedReply,
                           FailedReply, WrittenReply>;

using Request =
    std::variant<domain::Enroll, domain::Checkout, domain::Refund, domain::Hold, domain::Release,
                 domain::Grant, domain::RevokeGrant, domain::LinkIdentity, domain::UnlinkIdentity,
                 domain::Quote, ReadMember, ReadReceipt, ReadHistory>;

/// Milestones of a call on the monotonic clock, in nanoseconds, for the metrics; 0 if not passed.
struct CallTimes {
  std::int64_t submitted = 0;
  /// Taken out of the shard's queue, the member at hand.
  std::int64_t started = 0;
  std::int64_t decided = 0;
  std::int64_t committed = 0;
};

/// Calls whose replies can go out together.
class ReplyGroup {
 public:
  virtual ~ReplyGroup() = default;
  /// Some have been answered since the last time, and no more are at this moment. Called on a thread of
  /// the engine, or whichever drops a call; must not block.
  virtual void replies_given() = 0;
};

/// One request on its way. Made by the edge, owned by the engine from `submit` until `done` ran.
struct Call {
  Call() = default;
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  /// A call that is lost on its way (its shard has ended) is answered all the same.
  ~Call() {
    if (done) done(FailedReply{.failure = CallFailure::unavailable, .what = "engine"}, times);
    if (group) group->replies_given();
  }

  // What a call needs in the end stands first, and together: many are under way, and by then most of one has
  // left the processor's caches.
  /// Called exactly once, on a thread of the engine; must not block.
  absl::AnyInvocable<void(Reply&&, const CallTimes&)> done;
  /// None for a call that came alone. Told after `done` has run, once for all that were answered together.
  std::shared_ptr<ReplyGroup> group;
  CallTimes times;
  /// The engine's own: where the reply waits until what it tells of is durable. By itself, since calls
  /// wait long without one, and many of them.
  std::unique_ptr<Reply> reply;
  /// What waits instead if it has been written.
  WrittenReply written;

  /// On the monotonic clock, nanoseconds: answered `unavailable` when it passes.
  std::int64_t deadline = 0;
  /// If set, receipts of this very call are told as what this writes of them. It is long until what was
  /// decided is durable, and by then all that a receipt tells of has left the processor's caches; so it is
  /// written when it is decided, and only its bytes wait. Called on a thread of the engine, at most once.
  WrittenReply (*write)(const ReceiptReply& receipt) = nullptr;
  /// Called at most once, on a thread of the engine, when the member's queue has the call: calls for the
  /// same member that are submitted from then on take effect after it. Not called for one that is answered
  /// without having got there. Must not block.
  absl::AnyInvocable<void()> queued;
  /// Empty where only an identity is known, or only the order (a refund or a receipt without a member):
  /// the engine asks the directory, or the order book, whose it is.
  std::string member_id;
  /// By what the caller names the member, if not by the id: the call is run only if the member holds it
  /// then, and else answered as of an unknown member.
  std::optional<domain::IdentityKey> identity;
  domain::MemberKey member;
  Request request;
  /// The gateway's clock at arrival, or the caller's in a ledger with `clock=caller`.
  domain::Instant received_at;
};

}  // namespace wutong
