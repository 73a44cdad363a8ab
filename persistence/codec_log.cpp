#include <limits>
#include <optional>
#include <utility>
#include <variant>

#include "persistence/codec.h"
#include "persistence/codec_parts.h"
#include "persistence/record_press.h"

/// Batches, records and histories.
namespace wutong::persistence {
namespace {

using StoredLog = stored::LogEvent;

[[nodiscard]] FieldWriter write_position(FieldWriter to, domain::MemberKey member,
                                         domain::Position position) {
  to.fixed64<StoredLog::kMemberFieldNumber>(member.value);
  to.number<StoredLog::kEpochFieldNumber>(position.epoch);
  to.number<StoredLog::kSequenceFieldNumber>(position.sequence);
  return to;
}

[[nodiscard]] FieldWriter write_key(FieldWriter to, domain::RecordKey key) {
  to.fixed64<StoredLog::kKeyHighFieldNumber>(key.high);
  to.fixed32<StoredLog::kKeyLowFieldNumber>(key.low);
  return to;
}

/// What look-ups need of a record stands in front of it.
[[nodiscard]] FieldWriter write_filing(FieldWriter to, domain::Instant received_at,
                                       const domain::FiledUnder& filed) {
  to = write_key(to, filed.key);
  to.zigzag<StoredLog::kFiledBeforeFieldNumber>(
      wrapping_difference(received_at.unix_ms, filed.at.unix_ms));
  if (filed.beside) {
    to.fixed64<StoredLog::kOrderHighFieldNumber>(filed.beside->high);
    to.fixed32<StoredLog::kOrderLowFieldNumber>(filed.beside->low);
  }
  return to;
}

/// All fields in front of what happened.
constexpr std::size_t front_fields = StoredLog::kOrderLowFieldNumber;

/// A member's event as it stands in a batch.
struct EventInBatch {
  std::string_view whole;
  /// Of it, without what stands in front: a record, if it is one.
  std::string_view event;
};

/// Until `out` is written to again.
EventInBatch write_member_event(WireWriter& out, domain::MemberKey member,
                                const domain::Event& event, const domain::EventHeader& header,
                                const std::optional<domain::FiledUnder>& filed) {
  const auto written = write_event(out, event);
  const auto begin = out.size();
  const auto opened = out.open(usual_length_bytes);
  auto to = write_position(out.fields(front_fields + 1), member, header.position);
  if (filed) to = write_filing(to, header.received_at, *filed);
  to.length<StoredLog::kMemberEventFieldNumber>(written.size());
  out.end(to);
  out.close(opened, written.size());
  const auto front_end = out.size();
  written.put_in_order(out);
  return {.whole = out.piece(begin, out.size()), .event = out.piece(front_end, out.size())};
}

void pack_as(const domain::FiledUnder& filed, domain::Position position, bool declined,
             std::string_view bytes, PackedRecord& record) {
  record.key = filed.key;
  record.order = filed.beside.value_or(filed.key);
  record.position = position;
  record.filed_at = filed.at;
  record.declined = declined;
  record.bytes.assign(bytes);
}

struct LogEventAppender {
  std::string& batch;

  void operator()(const MemberEvent& event) {
    WireWriter out;
    batch.append(write_member_event(out, event.member, event.event, domain::header_of(event.event),
                                    domain::filed_under(event.event))
                     .whole);
  }
  void operator()(const OrderSettled& event) {
    append_order<StoredLog::kSettledFieldNumber>(event);
  }
  void operator()(const OrderFreed& event) { append_order<StoredLog::kFreedFieldNumber>(event); }
  void operator()(const IdentityClaimed& event) {
    append_claim<StoredLog::kIdentityClaimedFieldNumber>(event);
  }
  void operator()(const IdentityFreed& event) {
    append_claim<StoredLog::kIdentityFreedFieldNumber>(event);
  }

  void operator()(const Taken& event) {
    using Stored = stored::Taken;
    WireWriter out;
    const auto opened = out.open(1);
    auto to = out.fields(front_fields + 5, event.writer.size());
    to = write_position(to, {}, event.header.position);
    char* const taken = to.open<StoredLog::kTakenFieldNumber>();
    to.number<Stored::kReceivedAtFieldNumber>(event.header.received_at.unix_ms);
    to.bytes<Stored::kWriterFieldNumber>(event.writer);
    to.number<Stored::kProgramVersionFieldNumber>(event.header.program_version);
    to.number<Stored::kPolicyVersionFieldNumber>(event.header.policy_version);
    to.close(taken);
    out.end(to);
    append(out, opened);
  }

  template <int Field, typename OrderEvent>
  void append_order(const OrderEvent& event) {
    using Stored = stored::OrderMonth;
    WireWriter out;
    const auto opened = out.open(1);
    auto to = write_position(out.fields(front_fields), event.member, event.header.position);
    out.end(write_key(to, event.order));
    WireWriter::Numbers month = out.open_numbers<Field, Stored::kPolicyVersionFieldNumber>();
    month.number<Stored::kReceivedAtFieldNumber>(event.header.received_at.unix_ms);
    month.zigzag<Stored::kMonthFieldNumber>(event.month);
    month.number<Stored::kProgramVersionFieldNumber>(event.header.program_version);
    month.number<Stored::kPolicyVersionFieldNumber>(event.header.policy_version);
    out.close(month);
    append(out, opened);
  }

  template <int Field, typename ClaimEvent>
  void append_claim(const ClaimEvent& event) {
    using Stored = stored::IdentityClaim;
    WireWriter out;
    const auto opened = out.open(1);
    out.end(write_position(out.fields(front_fields), event.member, event.header.position));
    WireWriter::Numbers claim = out.open_numbers<Field, Stored::kIdentityLowFieldNumber>();
    claim.number<Stored::kReceivedAtFieldNumber>(event.header.received_at.unix_ms);
    claim.number<Stored::kProgramVersionFieldNumber>(event.header.program_version);
    claim.number<Stored::kPolicyVersionFieldNumber>(event.header.policy_version);
    claim.fixed64<Stored::kIdentityHighFieldNumber>(event.identity.high);
    claim.fixed64<Stored::kIdentityLowFieldNumber>(event.identity.low);
    out.close(claim);
    append(out, opened);
  }

  void append(WireWriter& out, WireWriter::Opened opened) {
    out.close(opened);
    batch.append(out.piece(0, out.size()));
  }
};

template <typename Message>
domain::EventHeader header_in(const Message& from, domain::Position position) {
  return {position, {from.received_at()}, from.program_version(), from.policy_version()};
}

template <typename OrderEvent>
OrderEvent order_event_of(const stored::LogEvent& from, const stored::OrderMonth& order) {
  return {header_in(order, {from.epoch(), from.sequence()}),
          {from.key_high(), from.key_low()},
          {from.member()},
          order.month()};
}

template <typename ClaimEvent>
ClaimEvent claim_event_of(const stored::LogEvent& from, const stored::IdentityClaim& claim) {
  return {header_in(claim, {from.epoch(), from.sequence()}),
          {claim.identity_high(), claim.identity_low()},
          {from.member()}};
}

CodecResult<LogEvent> member_event_of(const stored::LogEvent& from) {
  const Filing filing{
      .position = {from.epoch(), from.sequence()},
      .key = {from.key_high(), from.key_low()},
      .order = {from.order_high(), from.order_low()},
      .filed_at = {wrapping_difference(from.member_event().received_at(), from.filed_before())},
  };
  auto event = event_of(from.member_event(), filing);
  if (!event) return tl::unexpected(std::move(event).error());
  // In place: of a temporary GCC cannot tell that the parts it is moved from were ever set.
  return CodecResult<LogEvent>(tl::in_place, std::in_place_type<MemberEvent>,
                               domain::MemberKey{from.member()}, *std::move(event));
}

CodecResult<LogEvent> log_event_of(const stored::LogEvent& from) {
  Reader reader({});
  reader.known(from);
  if (from.has_settled()) reader.known(from.settled());
  if (from.has_freed()) reader.known(from.freed());
  if (from.has_taken()) reader.known(from.taken());
  if (from.has_identity_claimed()) reader.known(from.identity_claimed());
  if (from.has_identity_freed()) reader.known(from.identity_freed());
  if (reader.fault() != nullptr) return codec_error(reader.fault());
  const int kinds = from.has_member_event() + from.has_settled() + from.has_freed() +
                    from.has_taken() + from.has_identity_claimed() + from.has_identity_freed();
  if (kinds != 1) {
    return codec_error("not exactly one kind of log event");
  }
  if (from.has_settled()) return order_event_of<OrderSettled>(from, from.settled());
  if (from.has_freed()) return order_event_of<OrderFreed>(from, from.freed());
  if (from.has_identity_claimed()) {
    return claim_event_of<IdentityClaimed>(from, from.identity_claimed());
  }
  if (from.has_identity_freed()) {
    return claim_event_of<IdentityFreed>(from, from.identity_freed());
  }
  if (from.has_taken()) {
    return Taken{header_in(from.taken(), {from.epoch(), from.sequence()}), from.taken().writer()};
  }
  return member_event_of(from);
}

}  // namespace

tl::unexpected<CodecError> codec_error(std::string_view detail) {
  return tl::unexpected(CodecError{std::string(detail)});
}

std::optional<std::string_view> take_delimited(std::string_view& rest) {
  std::uint64_t length = 0;
  std::size_t used = 0;
  for (;; ++used) {
    // A length needs at most ten bytes; of the tenth one bit is left.
    if (used == rest.size() || used == 10) return std::nullopt;
    const auto byte = static_cast<unsigned char>(rest[used]);
    if (used == 9 && byte > 1) return std::nullopt;
    length |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * used);
    if (byte < 0x80) break;
  }
  rest.remove_prefix(used + 1);
  if (length > rest.size()) return std::nullopt;
  const auto piece = rest.substr(0, length);
  rest.remove_prefix(length);
  return piece;
}

bool parse(google::protobuf::MessageLite& message, std::string_view bytes) {
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return false;
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void StoredCodec::append_event(std::string& batch, const LogEvent& event) const {
  std::visit(LogEventAppender{batch}, event);
}

bool StoredCodec::append_member_event(std::string& batch, domain::MemberKey member,
                                      const domain::Event& event, PackedRecord& record) const {
  const auto& header = domain::header_of(event);
  const auto filed = domain::filed_under(event);
  WireWriter out;
  const auto written = write_member_event(out, member, event, header, filed);
  batch.append(written.whole);
  if (!filed) return false;
  pack_as(*filed, header.position, std::holds_alternative<domain::Declined>(event), written.event,
          record);
  return true;
}

CodecResult<std::vector<LogEvent>> StoredCodec::events_of(std::string_view batch) const {
  thread_local stored::LogEvent message;
  std::vector<LogEvent> events;
  auto rest = batch;
  while (!rest.empty()) {
    const auto piece = take_delimited(rest);
    if (!piece) return codec_error("a batch that ends inside an event");
    if (!parse(message, *piece)) return codec_error("an event that is no message");
    auto event = log_event_of(message);
    if (!event) return tl::unexpected(std::move(event).error());
    events.push_back(*std::move(event));
  }
  return events;
}

PackedRecord StoredCodec::pack(const domain::Record& record) const {
  WireWriter out;
  const auto written = write_event(out, record);
  written.put_in_order(out);
  PackedRecord packed;
  pack_as(domain::filed_under(record),
          std::visit([](const auto& happened) { return happened.header.position; }, record),
          std::holds_alternative<domain::Declined>(record), out.piece(written.size(), out.size()),
          packed);
  return packed;
}

CodecResult<domain::Record> StoredCodec::unpack(const PackedRecord& record) const {
  thread_local stored::MemberEvent message;
  if (!parse(message, record.bytes)) return codec_error("a record that is no message");
  auto event = event_of(message, {.position = record.position,
                                  .key = record.key,
                                  .order = record.order,
                                  .filed_at = record.filed_at});
  if (!event) return tl::unexpected(std::move(event).error());
  auto unpacked = domain::record_of(*std::move(event));
  if (!unpacked) return codec_error("an event that is no record");
  return *std::move(unpacked);
}

std::unique_ptr<RecordPress> StoredCodec::make_press() const {
  return std::make_unique<Lz4RecordPress>();
}

void write(WireWriter& out, const PackedRecord& record) {
  using Stored = stored::HistoryRecord;
  auto to = out.fields(9, record.bytes.size());
  to.fixed64<Stored::kKeyHighFieldNumber>(record.key.high);
  to.fixed32<Stored::kKeyLowFieldNumber>(record.key.low);
  to.number<Stored::kEpochFieldNumber>(record.position.epoch);
  to.number<Stored::kSequenceFieldNumber>(record.position.sequence);
  to.number<Stored::kFiledAtFieldNumber>(record.filed_at.unix_ms);
  to.bytes<Stored::kRecordFieldNumber>(record.bytes);
  if (record.order != record.key) {
    to.present_fixed64<Stored::kOrderHighFieldNumber>(record.order.high);
    to.fixed32<Stored::kOrderLowFieldNumber>(record.order.low);
  }
  to.number<Stored::kDeclinedFieldNumber>(record.declined);
  out.end(to);
}

CodecResult<PackedRecord> packed_of(const stored::HistoryRecord& from) {
  Reader reader({});
  reader.known(from);
  if (reader.fault() != nullptr) return codec_error(reader.fault());
  PackedRecord record;
  record.key = {from.key_high(), from.key_low()};
  record.order =
      from.has_order_high() ? domain::RecordKey{from.order_high(), from.order_low()} : record.key;
  record.position = {from.epoch(), from.sequence()};
  record.filed_at = {from.filed_at()};
  record.declined = from.declined();
  record.bytes = from.record();
  return record;
}

void StoredCodec::append_record(std::string& history, const PackedRecord& record) const {
  WireWriter out;
  const auto opened = out.open(usual_length_bytes);
  write(out, record);
  out.close(opened);
  history.append(out.piece(0, out.size()));
}

CodecResult<std::vector<PackedRecord>> StoredCodec::records_of(std::string_view history) const {
  thread_local stored::HistoryRecord message;
  std::vector<PackedRecord> records;
  auto rest = history;
  while (!rest.empty()) {
    const auto piece = take_delimited(rest);
    if (!piece) return codec_error("a history that ends inside a record");
    if (!parse(message, *piece)) return codec_error("a history's record that is no message");
    auto record = packed_of(message);
    if (!record) return tl::unexpected(std::move(record).error());
    records.push_back(*std::move(record));
  }
  return records;
}

}  // namespace wutong::persistence
