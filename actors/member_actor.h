#pragma once

#include <caf/abstract_actor.hpp>
#include <caf/actor.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "actors/call.h"
#include "actors/codec.h"
#include "actors/domain/member.h"
#include "actors/messages.h"
#include "actors/recent_records.h"

namespace wutong {

/// How far the order book has answered for a waiting call.
enum class BookState : std::uint8_t {
  not_asked = 0,
  asked = 1,
  granted = 2,
  known = 3,
  of_other = 4,
  busy = 5,
  unknown = 6,
};

/// How far the directory has answered for a call that links an identity.
enum class LinkState : std::uint8_t {
  not_asked = 0,
  asked = 1,
  claimed = 2,
  of_other = 3,
  busy = 4
};

/// A call in a member's queue.
struct WaitingCall {
  std::shared_ptr<Call> call;
  std::uint64_t ticket = 0;
  /// Of what it is about: its order, or the hold or grant that it ends.
  BookState book = BookState::not_asked;
  std::int32_t month = 0;
  /// Of its own id, or of a decline of the order.
  BookState id_book = BookState::not_asked;
  std::int32_t id_month = 0;
  LinkState link = LinkState::not_asked;
  std::int64_t asked_at = 0;
  /// The member's `drops` when the book was asked.
  std::uint32_t drops = 0;
  bool history_read = false;
  /// What the history gave for this call.
  std::vector<PackedRecord> recalled;
};

/// A question of the order book that waits for this member's records.
struct WaitingInquiry {
  std::uint32_t from = 0;
  std::uint64_t life = 0;
  domain::RecordKey order;
  std::int32_t month = 0;
};

/// What this owner has set for a month of the member's history.
struct HistoryExpiry {
  std::int32_t month = 0;
  std::int64_t expire_at_unix_ms = -1;

  friend bool operator==(const HistoryExpiry&, const HistoryExpiry&) = default;
};

/// What of a member no answered flush covers.
struct Unflushed {
  /// The first event.
  domain::Position first;
  /// The first event after the flush that is under way began, or epoch 0.
  domain::Position first_after;
  /// The last event that linked or unlinked an identity; epoch 0 if none did.
  domain::Position identities_changed;
};

/// What a member has under way; exists only while there is something.
struct MemberWork {
  // Lists: an empty one takes nothing from the heap, and most have one element for a moment.
  std::list<WaitingCall> calls;
  std::list<WaitingInquiry> inquiries;
  /// Of directories: whether the member holds an identity.
  std::vector<HolderInquiry> holder_inquiries;
  bool reading_snapshot = false;
  bool reading_history = false;
  bool runnable = false;
  /// The sweep has found it due: what time has brought about is decided before its calls.
  bool time_passes = false;
  /// A flush has covered records that could not leave memory while this was under way.
  bool has_old_records = false;
  /// Where the member stands among its shard's busy ones.
  std::size_t busy_at = 0;
};

/// A member of the group: balance, lots, counters and recent records, in memory.
///
/// A CAF actor that others address by its handle, but without a mailbox of its own: what it is sent it
/// hands to its shard, which alone runs it, in place and in order. So nothing in here is locked. Owned
/// by its shard; passivating it drops the shard's handle. It cannot be monitored or linked to (the
/// shard can): an attachable is told at once that there is nothing to watch.
class MemberActor : public caf::abstract_actor {
 public:
  MemberActor(caf::actor_config& config, caf::strong_actor_ptr shard, domain::MemberKey key);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;

  void attach(caf::attachable_ptr what) override;
  std::size_t detach(const caf::attachable::token& what) override;
  void add_link(caf::abstract_actor* other) override;
  void remove_link(caf::abstract_actor* other) override;
  bool add_backlink(caf::abstract_actor* other) override;
  bool remove_backlink(caf::abstract_actor* other) override;

  // The shard's own, touched in its turns only.
  const domain::MemberKey key;
  bool loaded = false;
  /// A flush is under way, of all that was there when it began. Not in `unflushed`, as what follows: each
  /// event looks at both.
  bool flushing = false;
  /// It has more unflushed records than should wait for their round, and is in `ShardFlush::crowded_`.
  bool crowded = false;
  /// Since it was looked at last for passivation.
  bool touched = false;
  /// How often records left memory: what memory knew before, it may not know now. May wrap, since it is
  /// compared within the wait of a call.
  std::uint32_t drops = 0;
  domain::Member state;
  /// Ascending by position; the last `records_kept` stay when a flush was answered.
  RecentRecords records;
  /// No record that `records` lacks has been filed at or after this instant.
  domain::Instant receipts_complete_from;
  /// None if flushes cover all.
  std::unique_ptr<Unflushed> unflushed;
  /// Set last.
  HistoryExpiry history_expiry;
  std::unique_ptr<MemberWork> work;

 private:
  caf::strong_actor_ptr shard_;
};

/// Holds one member actor; cheap to move, counts as one reference.
using MemberHandle = caf::intrusive_ptr<caf::actor_control_block>;

}  // namespace wutong
