#pragma once

#include <caf/typed_response_promise.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "actors/member_actor.h"
#include "actors/messages.h"

namespace wutong {

class Shard;

/// A shard's side of the sweep: of the members that the walk has met it brings those into memory who are
/// due and gives them the event that their next command would have brought, at its share of
/// `sweep_members_per_second`. It yields to tills: while the shard is busy it begins nothing, and whom
/// it brought goes out of memory again first. Nothing of it is durable: a walk that was not whole is
/// made good by the next.
///
/// Owned by its shard, and used in the shard's turns only.
class ShardSweep {
 public:
  explicit ShardSweep(Shard& shard) : shard_(shard) {}

  /// Answered when so few members wait here that the next page is welcome.
  caf::typed_response_promise<SweepTaken> take(const SweepPage& page);

  /// Begins with as many members as may be, and puts those that are done with out of memory.
  void tick(std::int64_t now_ns);

  /// Gives the event, if the member's state knows of any. REQUIRES: the member is loaded and
  /// `time_passes` is set; clears it.
  void let_time_pass(MemberActor& member);

  /// Begins with nobody more; the walk is not whole here.
  void leave();
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
  void answer_if_ready();
  void answer();

  Shard& shard_;
  /// Of the page that is not answered yet.
  caf::typed_response_promise<SweepTaken> answer_;
  bool answer_wanted_ = false;
  bool last_taken_ = false;
  /// Of the walk under way: nothing that it met here was left out.
  bool whole_ = false;
  std::int64_t walk_began_ns_ = 0;
  /// Found due and not begun with.
  std::deque<domain::MemberKey> waiting_;
  /// Begun with, and not decided.
  std::size_t deciding_ = 0;
  /// In memory for the sweep's sake.
  std::deque<domain::MemberKey> brought_;
  /// The earliest instant at which the next member may be begun with.
  std::int64_t next_at_ns_ = 0;
  std::int64_t next_burst_ns_ = 0;
  /// When the page came that is not answered yet.
  std::int64_t taken_ns_ = 0;
};

}  // namespace wutong
