#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "proto/wire_format.h"

/// Protobuf's wire format, read straight into values: for messages that come with every call, at a fraction of
/// what generated code takes to make a message of them. It knows only what such messages look like as a rule:
/// known fields, with tags of one byte, and texts of ASCII. Whatever else comes is *not plain*, and left to
/// the generated code, which then says whether it is a message at all. So what is read here is read as
/// generated code does, and nothing need be known here of groups, unknown fields or UTF-8.
namespace wutong {

namespace wire {

/// The tag of a field of the kind, as it stands in front of it.
template <int Field, Type Kind>
inline constexpr std::uint8_t tag = [] {
  static_assert(Field >= 1 && Field <= low_field_max, "the tag has more than one byte");
  return static_cast<std::uint8_t>(Field << 3 | static_cast<int>(Kind));
}();

[[nodiscard]] [[gnu::always_inline]] inline bool is_ascii(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t seen = 0;
  for (; left >= sizeof seen; at += sizeof seen, left -= sizeof seen) {
    std::uint64_t eight;
    std::memcpy(&eight, at, sizeof eight);
    seen |= eight;
  }
  for (; left > 0; ++at, --left) seen |= static_cast<unsigned char>(*at);
  return (seen & 0x8080'8080'8080'8080) == 0;
}

}  // namespace wire

/// Goes through the fields of one message:
///
///     while (from.more()) {
///       switch (from.tag()) {
///         case wire::tag<...>: from.text(to.name); break;
///         default: from.give_up();
///       }
///     }
///     return from.is_plain();
class FieldReader {
 public:
  /// `message` outlives the reader, and what is read of it.
  explicit FieldReader(std::string_view message)
      : at_(message.data()), end_(message.data() + message.size()) {}

  [[nodiscard]] bool more() const { return at_ != end_; }
  /// REQUIRES: `more()`.
  [[nodiscard]] std::uint8_t tag() { return static_cast<std::uint8_t>(*at_++); }

  /// An integer, an enumerator or a bool: as protobuf has it, what is too long for it loses its high bits.
  template <typename Value>
  [[gnu::always_inline]] void number(Value& value) {
    if constexpr (std::is_same_v<Value, bool>) {
      value = varint() != 0;
    } else {
      value = static_cast<Value>(varint());
    }
  }
  [[gnu::always_inline]] void text(std::string_view& value) {
    value = bytes();
    if (!wire::is_ascii(value)) give_up();
  }
  /// What a message within this one consists of.
  [[nodiscard]] [[gnu::always_inline]] std::string_view bytes() {
    const char* const begin = at_;
    const auto length = varint();
    if (at_ - begin > length_bytes_max || length > static_cast<std::size_t>(end_ - at_)) {
      give_up();
      return {};
    }
    const std::string_view bytes(at_, length);
    at_ += length;
    return bytes;
  }

  /// It is not plain. There is no more to be read.
  void give_up() {
    at_ = end_;
    plain_ = false;
  }
  [[nodiscard]] bool is_plain() const { return plain_; }

 private:
  /// Of a length, for 256 MiB. Generated code takes fewer than an integer may have, and checks the last.
  static constexpr std::ptrdiff_t length_bytes_max = 4;

  /// 0 if it gives up.
  [[gnu::always_inline]] std::uint64_t varint() {
    if (at_ != end_ && static_cast<signed char>(*at_) >= 0) [[likely]] {
      return static_cast<std::uint64_t>(*at_++);
    }
    return long_varint();
  }
  std::uint64_t long_varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    give_up();
    return 0;
  }

  const char* at_;
  const char* end_;
  bool plain_ = true;
};

}  // namespace wutong
