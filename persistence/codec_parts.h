#pragma once

#include <google/protobuf/message_lite.h>

#include <optional>
#include <string>
#include <string_view>

#include "actors/codec.h"
#include "persistence/codec_names.h"
#include "proto/wire_writer.h"
#include "wutong/stored/v1/effects.pb.h"
#include "wutong/stored/v1/event.pb.h"

/// The parts that the codec is made of. Inside `persistence/` only. What is read is parsed into messages
/// that are kept per thread, so that their memory is used again.
namespace wutong::persistence {

namespace stored = wutong::stored::v1;

/// As the field `effects` of an event. Names are numbered in the order of `Effects` in the domain, debts
/// before counters: so it was first done, and what is stored must come out again with the same bytes.
void write(WireWriter& out, const domain::Effects& effects, const domain::Balances& after,
           domain::Instant received_at, NameWriter& names);
void read(const stored::Effects& from, domain::Instant received_at, Reader& reader,
          domain::Effects& effects, domain::Balances& after);

template <int Field>
void write_tier(WireWriter& out, const domain::TierSpan& span, NameWriter& names) {
  using Stored = stored::TierSpan;
  WireWriter::Numbers to = out.open_numbers<Field, Stored::kTierFieldNumber>();
  to.number<Stored::kSourceFieldNumber>(span.source);
  to.number<Stored::kFromFieldNumber>(span.from.since_epoch);
  to.number<Stored::kUntilFieldNumber>(span.until.since_epoch);
  to.number<Stored::kTierFieldNumber>(names.number(span.tier));
  out.close(to);
}
[[nodiscard]] domain::TierSpan read(const stored::TierSpan& from, Reader& reader);

/// As stored: the usual one, the day, takes no space.
[[nodiscard]] inline std::uint32_t stored_window(domain::Window window) {
  return static_cast<std::uint32_t>(window) - 1;
}
[[nodiscard]] inline domain::Window read_window(std::uint32_t window, Reader& reader) {
  return reader.enumerator(window + 1, domain::Window::calendar_day, domain::Window::calendar_week);
}
[[nodiscard]] inline domain::Measure read_measure(std::uint32_t measure, Reader& reader) {
  return reader.enumerator(measure, domain::Measure::points_earned, domain::Measure::refunds);
}
[[nodiscard]] inline domain::IdentityKind read_kind(std::uint32_t kind, Reader& reader) {
  return reader.enumerator(kind, domain::IdentityKind::phone, domain::IdentityKind::open_id);
}
[[nodiscard]] inline std::int32_t read_seconds(std::uint32_t seconds, Reader& reader) {
  if (seconds <= domain::sliding_seconds_max) return static_cast<std::int32_t>(seconds);
  reader.fail("a window that is too long");
  return 0;
}

/// A `stored::MemberEvent` in a `WireWriter` that was empty: everything of an event but position, keys and
/// `filed_at`, which stand beside it. Its last piece was written first, since the names, which stand in
/// front, are known only once all of them have been used.
struct WrittenEvent {
  /// Where the pieces end: the body; its tag and length behind the effects; names and header.
  std::size_t body_end;
  std::size_t effects_end;
  std::size_t front_end;

  [[nodiscard]] std::size_t size() const { return front_end; }
  /// Puts the pieces behind what was written since, in their order.
  void put_in_order(WireWriter& out) const {
    out.repeat(effects_end, front_end);
    out.repeat(body_end, effects_end);
    out.repeat(0, body_end);
  }
};
/// REQUIRES: `out` is empty.
[[nodiscard]] WrittenEvent write_event(WireWriter& out, const domain::Event& event);
[[nodiscard]] WrittenEvent write_event(WireWriter& out, const domain::Record& record);

/// What stands beside the stored event.
struct Filing {
  domain::Position position;
  domain::RecordKey key;
  domain::RecordKey order;
  /// For an event that is no record it has no meaning.
  domain::Instant filed_at;
};
[[nodiscard]] CodecResult<domain::Event> event_of(const stored::MemberEvent& from,
                                                  const Filing& filing);

/// Takes the next length-delimited piece off `rest`; nothing if its length is cut or reaches
/// beyond.
[[nodiscard]] std::optional<std::string_view> take_delimited(std::string_view& rest);

[[nodiscard]] bool parse(google::protobuf::MessageLite& message, std::string_view bytes);

/// The fields of a `stored::HistoryRecord`.
void write(WireWriter& out, const PackedRecord& record);
/// Of an ordinary event, and of a record: above 127 and below 16,384 bytes.
inline constexpr std::size_t usual_length_bytes = 2;
[[nodiscard]] CodecResult<PackedRecord> packed_of(const stored::HistoryRecord& from);

[[nodiscard]] tl::unexpected<CodecError> codec_error(std::string_view detail);

}  // namespace wutong::persistence
