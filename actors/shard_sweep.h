#pragma once

#include <caf/typed_response_promise.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "actors/member_actor.h"
#include "actors/messages.h"

namespace wutong {

class Shard;

/// A shard's side of the sweep: of the members that the walk has met it brings those into memory who are
/// due and gives them the event that their next command would have brought, at its share of
/// `sweep_members_per_second`. It yields to tills: while the shard is busy it begins nothing, and whom
/// it brought goes out of memory again first. Durable is only since when whoever became due may wait for
/// it; a walk that was not whole is made good by the next.
///
/// Owned by its shard, and used in the shard's turns only.
class ShardSweep {
 public:
  explicit ShardSweep(Shard& shard) : shard_(shard) {}

  /// Answered when so few members wait here that the next page is welcome.
  caf::typed_response_promise<SweepTaken> take(const SweepPage& page);

  /// Asks the ledger, until it has told, how far the shard is swept. REQUIRES: the shard is owned here.
  void ask_how_far(std::int64_t now_ns);
  /// Begins with as many members as may be, and puts those that are done with out of memory.
  void tick(std::int64_t now_ns);

  /// Gives the event, if the member's state knows of any. REQUIRES: the member is loaded and
  /// `time_passes` is set; clears it.
  void let_time_pass(MemberActor& member);

  /// Begins with nobody more; the walk is not whole here.
  void leave();
  void on_noted(const SweptNoted& noted);
  /// The shard ends a life, and with it whatever was begun.
  void drop();

 private:
  void look_at(const SweepPage& page);
  /// False if there is no room for the member now.
  [[nodiscard]] bool begin(domain::MemberKey key);
  void begin_some(std::int64_t now_ns);
  /// From one member to the next.
  [[nodiscard]] std::int64_t period_ns() const;
  /// The shards' bursts lie apart from one another: what one holds up, the next does not.
  [[nodiscard]] std::int64_t next_burst_after(std::int64_t now_ns) const;
  void passivate_some();
  /// The shard has better things to do than a sweep.
  [[nodiscard]] bool is_busy() const;
  [[nodiscard]] std::size_t resident_max() const;
  /// Durably, how far the shard is swept.
  void note(SweptNote swept);
  void answer_if_ready();
  /// Nobody has an event at or before `position` that no flush covers.
  [[nodiscard]] bool snapshots_tell_until(domain::Position position) const;
  /// With more members still to begin with, the next page waits.
  [[nodiscard]] std::size_t waiting_welcome() const;
  void answer();

  Shard& shard_;
  /// Of the page that is not answered yet.
  caf::typed_response_promise<SweepTaken> answer_;
  bool answer_wanted_ = false;
  SweepPart part_ = SweepPart::first;
  /// Of the first part: what the snapshots must tell of before a page is read. Of the last: what must
  /// be committed, now that all has been decided.
  std::optional<domain::Position> waits_for_;
  /// Of the walk under way: nothing that it met here was left out.
  bool whole_ = false;
  domain::Instant walk_began_;
  /// When the ledger is asked how far the shard is swept, until it tells.
  std::int64_t note_at_ns_ = 0;
  bool noted_ = false;
  /// Found due and not begun with.
  std::deque<domain::MemberKey> waiting_;
  /// Begun with, and not decided.
  std::size_t deciding_ = 0;
  /// In memory for the sweep's sake.
  std::deque<domain::MemberKey> brought_;
  /// The earliest instant at which the next member may be begun with.
  std::int64_t next_at_ns_ = 0;
  std::int64_t next_burst_ns_ = 0;
  /// When the page that is not answered yet has been kept for too long.
  std::int64_t leave_at_ns_ = 0;
};

}  // namespace wutong
