#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "proto/wire_format.h"

/// Protobuf's wire format, written straight from values: the bytes that generated code would write, for a
/// fraction of its work, since no message is filled and none is measured before it is written. Whoever
/// writes names fields by the generated constants and goes through them in the order of their numbers, as
/// generated code does; then the bytes are the same. Reading stays with the generated code, but for what
/// `wire_reader.h` says.
///
/// A field of implicit presence that is zero or empty takes no space. Those that are `optional` in the
/// schema have functions of their own, or are left out by whoever writes.
namespace wutong {

/// Writes fields one behind the other into room that a `WireWriter` has made. Kept by value, and all of it
/// inlined, so that its place is in a register: were it in memory, every byte written through a `char*`
/// could be that place, which would be loaded and stored for each.
class FieldWriter {
 public:
  /// A varint: any integer, enumerator or bool. As protobuf has it, a negative one takes ten bytes.
  template <int Field, typename Value>
  [[gnu::always_inline]] void number(Value value) {
    if (value == Value{}) return;
    at_ = wire::put_tag<Field, wire::Type::varint>(at_);
    at_ = wire::put_varint(at_, static_cast<std::uint64_t>(value));
  }

  /// A `sint32` or `sint64`.
  template <int Field>
  [[gnu::always_inline]] void zigzag(std::int64_t value) {
    if (value != 0) present_zigzag<Field>(value);
  }
  /// The same of an optional field that is there.
  template <int Field>
  [[gnu::always_inline]] void present_zigzag(std::int64_t value) {
    at_ = wire::put_tag<Field, wire::Type::varint>(at_);
    at_ = wire::put_varint(
        at_, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }

  template <int Field>
  [[gnu::always_inline]] void fixed64(std::uint64_t value) {
    if (value != 0) present_fixed64<Field>(value);
  }
  /// The same of an optional field that is there.
  template <int Field>
  [[gnu::always_inline]] void present_fixed64(std::uint64_t value) {
    at_ = wire::put_fixed(wire::put_tag<Field, wire::Type::fixed64>(at_), value);
  }
  template <int Field>
  [[gnu::always_inline]] void fixed32(std::uint32_t value) {
    if (value == 0) return;
    at_ = wire::put_fixed(wire::put_tag<Field, wire::Type::fixed32>(at_), value);
  }

  template <int Field>
  [[gnu::always_inline]] void bytes(std::string_view value) {
    if (value.empty()) return;
    length<Field>(value.size());
    at_ = wire::put_bytes(at_, value.data(), value.size());
  }
  /// The tag and the length of a message that somebody puts behind it.
  template <int Field>
  [[gnu::always_inline]] void length(std::size_t length) {
    at_ = wire::put_tag<Field, wire::Type::bytes>(at_);
    at_ = wire::put_varint(at_, length);
  }

  /// Opens the field `Field`, a message. What is answered goes to `close`, behind its last field.
  template <int Field>
  [[nodiscard]] [[gnu::always_inline]] char* open() {
    at_ = wire::put_tag<Field, wire::Type::bytes>(at_);
    return at_++;
  }
  [[gnu::always_inline]] void close(char* opened) {
    const auto length = static_cast<std::size_t>(at_ - opened - 1);
    if (length < wire::short_length_end) [[likely]] {
      *opened = static_cast<char>(length);
    } else {
      at_ = wire::put_length_at(opened, 1, length, at_);
    }
  }

 private:
  friend class WireWriter;
  explicit FieldWriter(char* at) : at_(at) {}

  char* at_;
};

/// Where messages are written before they are copied to where they belong: 4 KiB in itself, so that it may
/// stand on the stack, and more from the heap if there is more to write. One thread at a time.
class WireWriter {
 public:
  WireWriter() : begin_(inline_), at_(inline_), end_(inline_ + sizeof inline_) {}
  WireWriter(const WireWriter&) = delete;
  WireWriter& operator=(const WireWriter&) = delete;

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] std::string_view all() const { return {begin_, size()}; }
  /// What was written from the byte `begin` up to the byte `end`; until the next is written.
  [[nodiscard]] std::string_view piece(std::size_t begin, std::size_t end) const {
    return {begin_ + begin, end - begin};
  }

  /// For at most `count` fields, opened ones among them, with texts of `text_bytes` in total. Nothing else
  /// is written before `end` is told where they end.
  [[nodiscard]] FieldWriter fields(std::size_t count, std::size_t text_bytes = 0) {
    return FieldWriter(room(count * wire::field_bytes_max + text_bytes));
  }
  void end(FieldWriter fields) { at_ = fields.at_; }

  /// A message of numbers alone, of which there are too few for its length to need a second byte.
  class Numbers : public FieldWriter {
    friend class WireWriter;
    explicit Numbers(char* content) : FieldWriter(content), content_(content) {}
    char* content_;
  };
  /// Opens the field `Field`, such a message, whose fields go up to `Last`. Nothing else is written before
  /// it is closed.
  template <int Field, int Last>
  [[nodiscard]] [[gnu::always_inline]] Numbers open_numbers() {
    constexpr auto bytes_max = Last * wire::low_number_bytes_max;
    static_assert(Last <= wire::low_field_max && bytes_max < wire::short_length_end);
    return Numbers(
        wire::put_tag<Field, wire::Type::bytes>(room(wire::field_bytes_max + bytes_max)) + 1);
  }
  [[gnu::always_inline]] void close(Numbers message) {
    message.content_[-1] = static_cast<char>(message.at_ - message.content_);
    at_ = message.at_;
  }

  /// What was opened, with room for a length of so many bytes.
  struct Opened {
    std::size_t at;
    std::size_t length_bytes;
  };
  /// Opens a message behind its length alone. If that takes as many bytes as are left for it, the message
  /// need not be moved when it is closed.
  [[nodiscard]] Opened open(std::size_t length_bytes) {
    const Opened opened{.at = size(), .length_bytes = length_bytes};
    at_ = room(length_bytes) + length_bytes;
    return opened;
  }
  /// Opens the field `Field`, a message or packed numbers.
  template <int Field>
  [[nodiscard]] Opened open_field(std::size_t length_bytes = 1) {
    char* const at = wire::put_tag<Field, wire::Type::bytes>(room(wire::field_bytes_max));
    at_ = at + length_bytes;
    return {.at = static_cast<std::size_t>(at - begin_), .length_bytes = length_bytes};
  }
  /// Of what is open, the last opened. `following` bytes of it are still to be put behind it.
  void close(Opened opened, std::size_t following = 0) {
    const auto length = size() - opened.at - opened.length_bytes + following;
    char* const at = begin_ + opened.at;
    if (opened.length_bytes == 1 && length < wire::short_length_end) {
      *at = static_cast<char>(length);
    } else if (opened.length_bytes == 2 && length >= 0x80 && length < 0x4000) {
      at[0] = static_cast<char>(length | 0x80);
      at[1] = static_cast<char>(length >> 7);
    } else {
      char* const end = room(wire::field_bytes_max);
      at_ = wire::put_length_at(begin_ + opened.at, opened.length_bytes, length, end);
    }
  }

  /// The field `Field`, a message of the fields that `content` writes. Messages that usually have 128 bytes
  /// or more had better be given two for their length.
  template <int Field, typename Content>
  void message(Content content, std::size_t length_bytes = 1) {
    const auto opened = open_field<Field>(length_bytes);
    content();
    close(opened);
  }

  /// Empty again. Keeps the memory that it has got, unless that is a great deal.
  void clear() {
    if (end_ - begin_ > kept_bytes_max) {
      heap_.reset();
      begin_ = inline_;
      end_ = inline_ + sizeof inline_;
    }
    at_ = begin_;
  }
  /// Takes back all that was written from the byte `begin` on.
  void take_back(std::size_t begin) { at_ = begin_ + begin; }

  /// Packed numbers, none of which are left out for being zero. `number_of` makes an integer of each.
  template <int Field, typename Values, typename NumberOf>
  void packed(const Values& values, NumberOf number_of) {
    if (values.empty()) return;
    const auto opened = open_field<Field>();
    auto to = fields(values.size());
    for (const auto& value : values) {
      to.at_ = wire::put_varint(to.at_, static_cast<std::uint64_t>(number_of(value)));
    }
    end(to);
    close(opened);
  }

  /// What another has written.
  void append(std::string_view written) {
    char* const to = room(written.size());
    std::memcpy(to, written.data(), written.size());
    at_ = to + written.size();
  }
  /// Writes what stands in itself from the byte `begin` up to the byte `end` once more.
  void repeat(std::size_t begin, std::size_t end) {
    char* const to = room(end - begin);
    std::memcpy(to, begin_ + begin, end - begin);
    at_ = to + (end - begin);
  }

 private:
  static constexpr std::ptrdiff_t kept_bytes_max = 64 * 1024;

  /// The place where so many bytes may be written.
  char* room(std::size_t bytes) {
    if (static_cast<std::size_t>(end_ - at_) < bytes) [[unlikely]]
      grow(bytes);
    return at_;
  }
  void grow(std::size_t bytes);

  char* begin_;
  char* at_;
  char* end_;
  std::unique_ptr<char[]> heap_;
  /// Left as it is found: what has not been written is not read.
  char inline_[4096];
};

}  // namespace wutong
