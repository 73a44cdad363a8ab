#pragma once

#include <google/protobuf/message_lite.h>

#include <optional>
#include <string>
#include <string_view>

#include "actors/codec.h"
#include "persistence/codec_names.h"
#include "wutong/stored/v1/effects.pb.h"
#include "wutong/stored/v1/event.pb.h"

/// The parts that the codec is made of. Inside `persistence/` only. The functions that fill a
/// message expect a cleared one: messages are kept per thread, so that their memory is used again.
namespace wutong::persistence {

namespace stored = wutong::stored::v1;

void fill(stored::Effects& to, const domain::Effects& effects, const domain::Balances& after,
          domain::Instant received_at, NameWriter& names);
void read(const stored::Effects& from, domain::Instant received_at, Reader& reader,
          domain::Effects& effects, domain::Balances& after);

void fill(stored::TierSpan& to, const domain::TierSpan& span, NameWriter& names);
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

/// Everything of an event but position, keys and `filed_at`, which stand beside it.
void fill(stored::MemberEvent& to, const domain::Enrolled& event);
void fill(stored::MemberEvent& to, const domain::CheckedOut& event);
void fill(stored::MemberEvent& to, const domain::Refunded& event);
void fill(stored::MemberEvent& to, const domain::TimePassed& event);
void fill(stored::MemberEvent& to, const domain::Held& event);
void fill(stored::MemberEvent& to, const domain::Released& event);
void fill(stored::MemberEvent& to, const domain::Granted& event);
void fill(stored::MemberEvent& to, const domain::GrantRevoked& event);
void fill(stored::MemberEvent& to, const domain::Reviewed& event);
void fill(stored::MemberEvent& to, const domain::TierGiven& event);
void fill(stored::MemberEvent& to, const domain::Declined& event);
void fill(stored::MemberEvent& to, const domain::IdentityLinked& event);
void fill(stored::MemberEvent& to, const domain::IdentityUnlinked& event);

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

/// Appends the length of `message` and then `message`.
void append_delimited(std::string& out, const google::protobuf::MessageLite& message);

/// Takes the next length-delimited piece off `rest`; nothing if its length is cut or reaches
/// beyond.
[[nodiscard]] std::optional<std::string_view> take_delimited(std::string_view& rest);

[[nodiscard]] bool parse(google::protobuf::MessageLite& message, std::string_view bytes);

void fill(stored::HistoryRecord& to, const PackedRecord& record);
[[nodiscard]] CodecResult<PackedRecord> packed_of(const stored::HistoryRecord& from);

[[nodiscard]] tl::unexpected<CodecError> codec_error(std::string_view detail);

}  // namespace wutong::persistence
