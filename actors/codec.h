#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/record_press.h"

/// What the ledger's bytes mean: the stored forms of events, snapshots and records. The port of the
/// shards to the codec in `persistence/`. Stateless, thread-safe. Equal values give equal bytes.
namespace wutong {

/// The shard has a new owner from here on; opens every epoch.
struct Taken {
  domain::EventHeader header;
  std::string writer;

  friend bool operator==(const Taken&, const Taken&) = default;
};

/// An order is the member's from here on.
struct OrderSettled {
  domain::EventHeader header;
  domain::RecordKey order;
  domain::MemberKey member;
  std::int32_t month = 0;

  friend bool operator==(const OrderSettled&, const OrderSettled&) = default;
};

/// A settled order is nobody's again: its checkout never landed, and another member claims it.
struct OrderFreed {
  domain::EventHeader header;
  domain::RecordKey order;
  domain::MemberKey member;
  std::int32_t month = 0;

  friend bool operator==(const OrderFreed&, const OrderFreed&) = default;
};

/// An identity is the member's from here on, whosever it was before.
struct IdentityClaimed {
  domain::EventHeader header;
  domain::IdentityKey identity;
  domain::MemberKey member;

  friend bool operator==(const IdentityClaimed&, const IdentityClaimed&) = default;
};

/// A claimed identity is nobody's again: its member has unlinked it.
struct IdentityFreed {
  domain::EventHeader header;
  domain::IdentityKey identity;
  domain::MemberKey member;

  friend bool operator==(const IdentityFreed&, const IdentityFreed&) = default;
};

/// A member's event, as it stands in its shard's log.
struct MemberEvent {
  domain::MemberKey member;
  domain::Event event;

  friend bool operator==(const MemberEvent&, const MemberEvent&) = default;
};

using LogEvent =
    std::variant<MemberEvent, OrderSettled, OrderFreed, Taken, IdentityClaimed, IdentityFreed>;

/// A record as memory and history keep it: what look-ups need, and the stored bytes.
struct PackedRecord {
  domain::RecordKey key;
  /// The record that it belongs to, as a refund to its order or a release to its hold; its own key if it
  /// stands for itself.
  domain::RecordKey order;
  domain::Position position;
  /// `occurred_at` of that one; names the history's month.
  domain::Instant filed_at;
  /// Of a decline, which leaves its id free.
  bool declined = false;
  std::string bytes;

  friend bool operator==(const PackedRecord&, const PackedRecord&) = default;
};

/// A member between decisions: the state without records, and its recent records packed.
struct Snapshot {
  domain::Member member;
  std::vector<PackedRecord> records;
  /// At or after this `occurred_at`, `records` is the whole truth.
  domain::Instant receipts_complete_from;

  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

/// The same where it stands, so that nothing is copied to be written: for the length of a call.
struct SnapshotView {
  const domain::Member& member;
  std::span<const PackedRecord> records;
  domain::Instant receipts_complete_from;
};

/// One entry of an order-book bucket. The last one of an order counts; `freed` is a tombstone.
struct BookEntry {
  domain::RecordKey order;
  domain::MemberKey member;
  bool freed = false;

  friend bool operator==(const BookEntry&, const BookEntry&) = default;
};

/// Bytes that no version of the codec wrote, or that were cut.
struct CodecError {
  std::string detail;
};
template <typename T>
using CodecResult = tl::expected<T, CodecError>;

/// At least so many bytes of a snapshot's beginning tell when its member is due next.
inline constexpr std::uint32_t snapshot_beginning_bytes = 9;

class Codec {
 public:
  virtual ~Codec() = default;

  /// Appends the stored form of `event` to `batch`. A batch is events one after another.
  virtual void append_event(std::string& batch, const LogEvent& event) const = 0;
  /// Appends the stored form of a member's event to `batch`, as `append_event` does. True if the event is
  /// a record; then `record` is `pack` of it, without encoding it anew, in the room that it had before.
  [[nodiscard]] virtual bool append_member_event(std::string& batch, domain::MemberKey member,
                                                 const domain::Event& event,
                                                 PackedRecord& record) const = 0;
  [[nodiscard]] virtual CodecResult<std::vector<LogEvent>> events_of(
      std::string_view batch) const = 0;

  [[nodiscard]] virtual PackedRecord pack(const domain::Record& record) const = 0;
  [[nodiscard]] virtual CodecResult<domain::Record> unpack(const PackedRecord& record) const = 0;

  /// For records as they lie in memory.
  [[nodiscard]] virtual std::unique_ptr<RecordPress> make_press() const = 0;

  /// History is packed records one after another, as flushes append them.
  virtual void append_record(std::string& history, const PackedRecord& record) const = 0;
  [[nodiscard]] virtual CodecResult<std::vector<PackedRecord>> records_of(
      std::string_view history) const = 0;

  /// Begins with the codec's version and when the member is due next, so that a sweep need not decode
  /// the rest.
  [[nodiscard]] virtual std::string snapshot_bytes(const SnapshotView& snapshot) const = 0;
  [[nodiscard]] std::string snapshot_bytes(const Snapshot& snapshot) const {
    return snapshot_bytes(SnapshotView{.member = snapshot.member,
                                       .records = snapshot.records,
                                       .receipts_complete_from = snapshot.receipts_complete_from});
  }
  /// From the first `snapshot_beginning_bytes` of a snapshot, or all of it. Days are exact; a lapse is
  /// told up to a minute late.
  [[nodiscard]] virtual CodecResult<domain::NextDue> next_due_in(
      std::string_view beginning) const = 0;
  [[nodiscard]] virtual CodecResult<Snapshot> snapshot_of(std::string_view bytes) const = 0;

  /// 20 bytes an order: its key, then its member's. A tombstone is that again, and right behind it the
  /// key with the inverted member: any 64 bits can be a member's key, so the latter alone says nothing.
  virtual void append_book_entry(std::string& bucket, const BookEntry& entry) const = 0;
  [[nodiscard]] virtual CodecResult<std::vector<BookEntry>> book_entries_of(
      std::string_view bucket) const = 0;

  /// What the directory stores of a claimed identity: a version, and whose it is.
  [[nodiscard]] virtual std::string claim_bytes(domain::MemberKey member) const = 0;
  [[nodiscard]] virtual CodecResult<domain::MemberKey> claimant_of(
      std::string_view bytes) const = 0;
};

}  // namespace wutong
