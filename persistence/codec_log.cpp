#include <google/protobuf/io/coded_stream.h>

#include <limits>
#include <utility>
#include <variant>

#include "persistence/codec.h"
#include "persistence/codec_parts.h"

/// Batches, records and histories.
namespace wutong::persistence {
namespace {

void fill_position(stored::LogEvent& to, domain::Position position) {
  to.set_epoch(position.epoch);
  to.set_sequence(position.sequence);
}

void fill_key(stored::LogEvent& to, domain::RecordKey key) {
  to.set_key_high(key.high);
  to.set_key_low(key.low);
}

/// Of an event that is a record: what look-ups need stands beside it.
void fill_filing(stored::LogEvent& to, domain::Instant received_at,
                 const domain::FiledUnder& filed) {
  fill_key(to, filed.key);
  to.set_filed_before(wrapping_difference(received_at.unix_ms, filed.at.unix_ms));
  if (filed.beside) {
    to.set_order_high(filed.beside->high);
    to.set_order_low(filed.beside->low);
  }
}

struct LogEventFiller {
  stored::LogEvent& to;

  void operator()(const MemberEvent& event) {
    const auto& header = domain::header_of(event.event);
    fill_position(to, header.position);
    to.set_member(event.member.value);
    if (const auto filed = domain::filed_under(event.event)) {
      fill_filing(to, header.received_at, *filed);
    }
    std::visit([&](const auto& happened) { fill(*to.mutable_member_event(), happened); },
               event.event);
  }
  void operator()(const OrderSettled& event) { fill_order(*to.mutable_settled(), event); }
  void operator()(const OrderFreed& event) { fill_order(*to.mutable_freed(), event); }
  void operator()(const Taken& event) {
    fill_position(to, event.header.position);
    auto& taken = *to.mutable_taken();
    taken.set_received_at(event.header.received_at.unix_ms);
    taken.set_program_version(event.header.program_version);
    taken.set_policy_version(event.header.policy_version);
    taken.set_writer(event.writer);
  }

  void operator()(const IdentityClaimed& event) {
    fill_claim(*to.mutable_identity_claimed(), event);
  }
  void operator()(const IdentityFreed& event) { fill_claim(*to.mutable_identity_freed(), event); }

  template <typename ClaimEvent>
  void fill_claim(stored::IdentityClaim& claim, const ClaimEvent& event) {
    fill_position(to, event.header.position);
    to.set_member(event.member.value);
    claim.set_received_at(event.header.received_at.unix_ms);
    claim.set_program_version(event.header.program_version);
    claim.set_policy_version(event.header.policy_version);
    claim.set_identity_high(event.identity.high);
    claim.set_identity_low(event.identity.low);
  }

  template <typename OrderEvent>
  void fill_order(stored::OrderMonth& order, const OrderEvent& event) {
    fill_position(to, event.header.position);
    fill_key(to, event.order);
    to.set_member(event.member.value);
    order.set_received_at(event.header.received_at.unix_ms);
    order.set_program_version(event.header.program_version);
    order.set_policy_version(event.header.policy_version);
    order.set_month(event.month);
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

void append_delimited(std::string& out, const google::protobuf::MessageLite& message) {
  using google::protobuf::io::CodedOutputStream;
  const auto length = message.ByteSizeLong();
  const auto before = out.size();
  // Larger is a bug far away: the edge bounds what an event can hold.
  const auto prefix = CodedOutputStream::VarintSize64(length);
  out.resize(before + prefix + length);
  auto* to = reinterpret_cast<std::uint8_t*>(out.data() + before);
  to = CodedOutputStream::WriteVarint64ToArray(length, to);
  message.SerializeWithCachedSizesToArray(to);
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
  thread_local stored::LogEvent message;
  message.Clear();
  std::visit(LogEventFiller{message}, event);
  append_delimited(batch, message);
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
  thread_local stored::MemberEvent message;
  message.Clear();
  std::visit([](const auto& happened) { fill(message, happened); }, record);
  const auto filed = domain::filed_under(record);
  PackedRecord packed{
      .key = filed.key,
      .order = filed.beside.value_or(filed.key),
      .position = std::visit([](const auto& happened) { return happened.header.position; }, record),
      .filed_at = filed.at,
      .declined = std::holds_alternative<domain::Declined>(record),
  };
  message.SerializeToString(&packed.bytes);
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

void fill(stored::HistoryRecord& to, const PackedRecord& record) {
  to.set_key_high(record.key.high);
  to.set_key_low(record.key.low);
  to.set_epoch(record.position.epoch);
  to.set_sequence(record.position.sequence);
  to.set_filed_at(record.filed_at.unix_ms);
  to.set_record(record.bytes);
  to.set_declined(record.declined);
  if (record.order != record.key) {
    to.set_order_high(record.order.high);
    to.set_order_low(record.order.low);
  }
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
  thread_local stored::HistoryRecord message;
  message.Clear();
  fill(message, record);
  append_delimited(history, message);
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
