#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/codec.h"

namespace wutong::persistence {

/// The stored forms of `proto/wutong/stored/v1`. Has no state; any thread. Bytes that it did not
/// write (cut, altered, of a later version) are an error, never a crash and never a half-read
/// value.
class StoredCodec final : public Codec {
 public:
  void append_event(std::string& batch, const LogEvent& event) const override;
  [[nodiscard]] bool append_member_event(std::string& batch, domain::MemberKey member,
                                         const domain::Event& event,
                                         PackedRecord& record) const override;
  [[nodiscard]] CodecResult<std::vector<LogEvent>> events_of(std::string_view batch) const override;

  [[nodiscard]] PackedRecord pack(const domain::Record& record) const override;
  [[nodiscard]] CodecResult<domain::Record> unpack(const PackedRecord& record) const override;

  [[nodiscard]] std::unique_ptr<RecordPress> make_press() const override;

  void append_record(std::string& history, const PackedRecord& record) const override;
  [[nodiscard]] CodecResult<std::vector<PackedRecord>> records_of(
      std::string_view history) const override;

  /// Leaves out `snapshot.member.records`: records travel packed.
  using Codec::snapshot_bytes;
  [[nodiscard]] std::string snapshot_bytes(const SnapshotView& snapshot) const override;
  [[nodiscard]] CodecResult<domain::NextDue> next_due_in(std::string_view beginning) const override;
  [[nodiscard]] CodecResult<Snapshot> snapshot_of(std::string_view bytes) const override;

  void append_book_entry(std::string& bucket, const BookEntry& entry) const override;
  [[nodiscard]] CodecResult<std::vector<BookEntry>> book_entries_of(
      std::string_view bucket) const override;

  [[nodiscard]] std::string claim_bytes(domain::MemberKey member) const override;
  [[nodiscard]] CodecResult<domain::MemberKey> claimant_of(std::string_view bytes) const override;
};

/// The first byte of a snapshot. The next expiry follows, as a day in four bytes; of a member with holds
/// the first lapse comes after it, in minutes since the epoch, rounded up, in four more.
inline constexpr char snapshot_version = 1;
inline constexpr char snapshot_version_with_holds = 2;

}  // namespace wutong::persistence
