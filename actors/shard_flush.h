#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "actors/codec.h"
#include "actors/ledger.h"
#include "actors/member_actor.h"
#include "actors/messages.h"

namespace wutong {

class Shard;

/// A shard's writing behind: snapshots, records, the order book and the directory go to the ledger some time
/// after their events, in rounds, and with them the mark that says how far all of it is whole. A round is of
/// all that was dirty when it began; members with very many records do not wait for theirs.
///
/// Owned by its shard, and used in the shard's turns only.
class ShardFlush {
 public:
  explicit ShardFlush(Shard& shard) : shard_(shard) {}

  /// The member has an event at `position` that no flush covers.
  void touch(MemberActor& member, domain::Position position);
  /// Makes the next flush if one is due, and sends it once it may be sent.
  void pump();
  /// An answer has come, be it of an earlier life.
  void arrived() { --on_their_way_; }
  /// REQUIRES: it is of this life.
  void on_answer(const FlushAnswered& answered);

  /// The next round begins at `at_ns` at the latest.
  void begin_round_by(std::int64_t at_ns) { round_.next_at_ns = at_ns; }
  /// The shard's tail has so much more.
  void grown(std::uint64_t bytes) { round_.bytes_since += bytes; }
  /// The next round is wanted at once, to make room in memory.
  void want_room() { round_.room_wanted = true; }

  [[nodiscard]] bool is_under_way() const { return under_way_.request.has_value(); }
  /// Of any life.
  [[nodiscard]] bool is_on_its_way() const { return on_their_way_ > 0; }
  /// The answers to come are of an earlier life.
  void begin_life() { under_way_.awaited = false; }
  /// The shard ends a life, and with it whatever was begun.
  void drop();

 private:
  /// The one flush that may be unanswered, and what it covers.
  struct UnderWay {
    std::optional<FlushRequest> request;
    std::vector<std::pair<domain::MemberKey, domain::Position>> members;
    std::size_t book_entries = 0;
    std::size_t directory_changes = 0;
    /// It may be sent once this is committed.
    domain::Position needs;
    bool awaited = false;
    std::int64_t again_at_ns = 0;
  };
  struct Progress {
    /// Not flushed when the round began.
    std::size_t all = 0;
    /// Since then.
    std::size_t flushed = 0;
  };
  /// Flushes that together write all that was dirty at one time.
  struct Round {
    /// Members dirty up to here are flushed; nothing between two rounds.
    std::optional<domain::Position> up_to;
    std::int64_t next_at_ns = 0;
    std::int64_t began_ns = 0;
    /// What has come into the tail since then.
    std::uint64_t bytes_since = 0;
    /// Those that were dirty.
    Progress members;
    /// Of the order book, those that were durable.
    Progress changes;
    bool room_wanted = false;
  };

  /// From the first change on, half an interval to a whole one: the rounds of a gateway's shards begin one
  /// after the other, so that they do not fall upon the ledger together.
  [[nodiscard]] std::int64_t first_wait_ns() const;
  [[nodiscard]] bool is_round_due() const;
  /// A quarter of what the shard's tail may have. A round begins when that is full, if its time does not come
  /// first, and should be over when as much has come again; with half of the tail full it is in haste.
  [[nodiscard]] std::uint64_t room_of_round() const;
  /// Of the time that the round may take, or of the room, should that be less; up to 1.
  [[nodiscard]] double round_gone() const;
  /// No more is flushed than should be by now.
  [[nodiscard]] bool is_behind(const Progress& progress) const;
  /// How much more should be: at least as much as goes with a flush when the round is on time.
  [[nodiscard]] std::size_t due_now(const Progress& progress, std::size_t on_time,
                                    std::size_t at_most) const;
  /// The shard stops, or what is not flushed takes too much room.
  [[nodiscard]] bool must_hurry() const;
  void build();
  /// Each of these answers how many bytes it added.
  std::size_t add_crowded(FlushRequest& request, std::int64_t wall_ms);
  std::size_t add_member(MemberActor& member, FlushRequest& request, std::int64_t wall_ms);
  /// With `bytes` in the request already.
  void add_round(FlushRequest& request, std::size_t bytes, std::int64_t wall_ms);
  void add_book(FlushRequest& request, std::int64_t wall_ms);
  void add_directory(FlushRequest& request);
  /// Nothing of what was there when the round began is left.
  void end_round();
  void activate_tail_members();
  void send();
  void on_done();
  [[nodiscard]] std::int64_t expiry_of(domain::Instant filed_at, std::int64_t wall_ms) const;
  /// How far everything is whole once the flush at hand has succeeded.
  [[nodiscard]] domain::Position mark_after() const;
  /// All of the member's records, oldest first; good until this is called again.
  [[nodiscard]] std::span<const PackedRecord> unpacked(const MemberActor& member);

  Shard& shard_;
  UnderWay under_way_;
  /// Of all lives: one of the last may still be on its way.
  std::uint32_t on_their_way_ = 0;
  Round round_;
  /// Members with more records that no flush covers than should wait for their round.
  std::vector<domain::MemberKey> crowded_;
  /// By month and bucket: what this owner has set.
  absl::flat_hash_map<std::pair<std::int32_t, std::uint32_t>, std::int64_t> bucket_expiries_;
  /// Room for the records of one member that is flushed.
  std::vector<PackedRecord> unpacked_;
};

}  // namespace wutong
