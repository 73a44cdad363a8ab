#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

/// The parts that protobuf's wire format is made of, for `wire_writer.h` and `wire_reader.h`. What is written
/// is put at `at`, where there is room for it, and answers where the next begins.
namespace wutong::wire {

static_assert(std::endian::native == std::endian::little, "fixed fields are copied as they are");

enum class Type : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

/// Of a number, or of what stands before the content of bytes: a tag of two bytes and the longest varint.
inline constexpr std::size_t field_bytes_max = 12;
/// Of a number with a tag of one byte, as fields up to 15 have.
inline constexpr std::size_t low_number_bytes_max = 11;
inline constexpr int low_field_max = 15;
/// Lengths below this take one byte.
inline constexpr std::size_t short_length_end = 0x80;

[[nodiscard]] constexpr std::size_t varint_bytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

[[gnu::always_inline]] inline char* put_varint(char* at, std::uint64_t value) {
  if (value < 0x80) [[likely]] {
    *at = static_cast<char>(value);
    return at + 1;
  }
  do {
    *at++ = static_cast<char>(value | 0x80);
    value >>= 7;
  } while (value >= 0x80);
  *at = static_cast<char>(value);
  return at + 1;
}

template <int Field, Type Kind>
[[gnu::always_inline]] inline char* put_tag(char* at) {
  constexpr auto tag = static_cast<std::uint32_t>(Field) << 3 | static_cast<std::uint32_t>(Kind);
  static_assert(tag < 0x4000, "a tag has two bytes at most");
  if constexpr (tag < 0x80) {
    *at++ = static_cast<char>(tag);
  } else {
    *at++ = static_cast<char>(tag | 0x80);
    *at++ = static_cast<char>(tag >> 7);
  }
  return at;
}

template <typename Fixed>
[[gnu::always_inline]] inline char* put_fixed(char* at, Fixed value) {
  std::memcpy(at, &value, sizeof value);
  return at + sizeof value;
}

/// As `memcpy`, for which most texts are too short to be worth a call: of each size range the first and the
/// last bytes are copied, which may overlap. REQUIRES: `size` is not 0.
[[gnu::always_inline]] inline char* put_bytes(char* at, const char* from, std::size_t size) {
  const auto copy_ends = [&]<std::size_t Bytes>(std::array<char, Bytes> first) {
    auto last = first;
    std::memcpy(first.data(), from, Bytes);
    std::memcpy(last.data(), from + size - Bytes, Bytes);
    std::memcpy(at, first.data(), Bytes);
    std::memcpy(at + size - Bytes, last.data(), Bytes);
  };
  if (size > 32) {
    std::memcpy(at, from, size);
  } else if (size >= 16) {
    copy_ends(std::array<char, 16>{});
  } else if (size >= 8) {
    copy_ends(std::array<char, 8>{});
  } else if (size >= 4) {
    copy_ends(std::array<char, 4>{});
  } else {
    at[0] = from[0];
    at[size / 2] = from[size / 2];
    at[size - 1] = from[size - 1];
  }
  return at + size;
}

/// Puts `length` at `opened`, where `left` bytes were left for it. What stands behind them up to `end` is
/// moved if it needs more or fewer. Answers where that ends. REQUIRES: room for ten bytes behind `end`.
[[nodiscard]] char* put_length_at(char* opened, std::size_t left, std::size_t length, char* end);

}  // namespace wutong::wire
