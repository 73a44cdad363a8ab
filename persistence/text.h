#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

/// Small texts. Abseil has the same, but Debian builds it with a string_view of its own, which the
/// standard's does not turn into.
namespace wutong::persistence {

namespace text_parts {

inline void append_to(std::string& text, std::string_view part) { text += part; }

inline void append_to(std::string& text, std::integral auto number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

}  // namespace text_parts

/// Appends texts and decimal integers.
template <typename... Parts>
void append_text(std::string& text, const Parts&... parts) {
  (text_parts::append_to(text, parts), ...);
}

/// One text out of texts and decimal integers.
template <typename... Parts>
[[nodiscard]] std::string join_text(const Parts&... parts) {
  std::string text;
  append_text(text, parts...);
  return text;
}

/// The whole text as a number; nothing if it is none, has more in it, or does not fit.
template <std::integral Integer>
[[nodiscard]] std::optional<Integer> parse_number(std::string_view text, int base = 10) {
  Integer value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value, base);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

/// Lower case, two digits a byte.
[[nodiscard]] inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += digits[value >> 4];
    hex += digits[value & 15];
  }
  return hex;
}

/// Nothing unless `hex` is as `to_hex` writes it.
[[nodiscard]] inline std::optional<std::string> from_hex(std::string_view hex) {
  constexpr std::string_view digits = "0123456789abcdef";
  if (hex.size() % 2 != 0 || hex.find_first_not_of(digits) != std::string_view::npos) {
    return std::nullopt;
  }
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(digits.find(hex[i]) * 16 + digits.find(hex[i + 1]));
  }
  return bytes;
}

/// Removes the first part, up to `separator`, and answers it; all of `text` if there is no
/// separator.
[[nodiscard]] inline std::string_view take_part(std::string_view& text,
                                                std::string_view separator) {
  const auto at = text.find(separator);
  const auto part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + separator.size());
  return part;
}

}  // namespace wutong::persistence
