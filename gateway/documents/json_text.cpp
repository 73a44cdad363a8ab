#include "gateway/documents/json_text.h"

#include <absl/strings/ascii.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace wutong {
namespace {

constexpr int depth_max = 32;

/// Reads from the front; the first error ends everything, so it is kept and unwound by `bool`s.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  tl::expected<JsonValue, DocumentError> document() {
    JsonValue value;
    skip_space();
    if (!read_value(value, 0)) return tl::unexpected(std::move(error_));
    skip_space();
    if (!at_end()) {
      (void)fail("nothing may follow the document");
      return tl::unexpected(std::move(error_));
    }
    return value;
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] Place here() const { return {line_, static_cast<int>(at_ - line_start_) + 1}; }

  [[nodiscard]] bool fail(std::string message) {
    return fail_at(here(), at_end() ? "the text ends here; " + message : std::move(message));
  }
  [[nodiscard]] bool fail_at(Place place, std::string message) {
    error_ = {.place = place, .message = std::move(message)};
    return false;
  }

  void skip_space() {
    for (; !at_end(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') {
        ++line_;
        line_start_ = at_ + 1;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return;
      }
    }
  }

  [[nodiscard]] bool take(char expected) {
    if (peek() != expected || at_end()) return false;
    ++at_;
    return true;
  }

  [[nodiscard]] bool read_value(JsonValue& value, int depth) {
    value.place = here();
    if (depth > depth_max) return fail("nested too deep");
    switch (peek()) {
      case '{':
        return read_object(value, depth);
      case '[':
        return read_array(value, depth);
      case '"':
        value.kind = JsonValue::Kind::string;
        return read_string(value.text);
      case 't':
        return read_word(value, JsonValue::Kind::boolean, "true");
      case 'f':
        return read_word(value, JsonValue::Kind::boolean, "false");
      case 'n':
        return read_word(value, JsonValue::Kind::null, "null");
      default:
        return read_number(value);
    }
  }

  [[nodiscard]] bool read_object(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::object;
    (void)take('{');
    skip_space();
    if (take('}')) return true;
    for (;;) {
      JsonMember& member = value.members.emplace_back();
      member.place = here();
      if (peek() != '"') return fail("a field's name in double quotes is expected");
      if (!read_string(member.key)) return false;
      skip_space();
      if (!take(':')) return fail("':' is expected after a field's name");
      skip_space();
      if (!read_value(member.value, depth + 1)) return false;
      skip_space();
      if (take('}')) return true;
      if (!take(',')) return fail("',' or '}' is expected after a field");
      skip_space();
    }
  }

  [[nodiscard]] bool read_array(JsonValue& value, int depth) {
    value.kind = JsonValue::Kind::array;
    (void)take('[');
    skip_space();
    if (take(']')) return true;
    for (;;) {
      if (!read_value(value.elements.emplace_back(), depth + 1)) return false;
      skip_space();
      if (take(']')) return true;
      if (!take(',')) return fail("',' or ']' is expected after a value");
      skip_space();
    }
  }

  [[nodiscard]] bool read_word(JsonValue& value, JsonValue::Kind kind, std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return fail("a value is expected");
    value.kind = kind;
    value.text = word;
    at_ += word.size();
    return true;
  }

  [[nodiscard]] bool read_digits() {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(peek())))
      return fail("a digit is expected");
    while (absl::ascii_isdigit(static_cast<unsigned char>(peek()))) ++at_;
    return true;
  }

  [[nodiscard]] bool read_number(JsonValue& value) {
    value.kind = JsonValue::Kind::number;
    const auto start = at_;
    (void)take('-');
    if (at_ == start && !absl::ascii_isdigit(static_cast<unsigned char>(peek()))) {
      return fail("a value is expected");
    }
    const bool zero = peek() == '0';
    const auto digits = at_;
    if (!read_digits()) return false;
    if (zero && at_ - digits > 1)
      return fail_at(value.place, "a number begins with a superfluous 0");
    if (take('.') && !read_digits()) return false;
    if (peek() == 'e' || peek() == 'E') {
      ++at_;
      if (!take('+')) (void)take('-');
      if (!read_digits()) return false;
    }
    value.text = text_.substr(start, at_ - start);
    return true;
  }

  [[nodiscard]] bool read_string(std::string& out) {
    const auto start = here();
    (void)take('"');
    while (!at_end()) {
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) {
        return fail_at(c == '\n' ? start : here(), c == '\n'
                                                       ? "a text that is not closed on its line"
                                                       : "a control character in a text");
      }
      if (c == '"') return ++at_, true;
      if (c == '\\') {
        if (!read_escape(out)) return false;
      } else if (!read_plain(out)) {
        return false;
      }
    }
    return fail_at(start, "a text that is not closed");
  }

  /// One code point of UTF-8, the shortest form only.
  [[nodiscard]] bool read_plain(std::string& out) {
    const auto byte = [this](std::size_t i) {
      return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
    };
    const auto first = byte(0);
    std::size_t length = 0;
    std::uint32_t smallest = 0;
    if (first < 0x80) {
      length = 1;
    } else if ((first & 0xe0U) == 0xc0) {
      length = 2, smallest = 0x80;
    } else if ((first & 0xf0U) == 0xe0) {
      length = 3, smallest = 0x800;
    } else if ((first & 0xf8U) == 0xf0) {
      length = 4, smallest = 0x10000;
    } else {
      return fail("a byte that is not UTF-8");
    }
    std::uint32_t code = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(i) & 0xc0U) != 0x80) return fail("a byte that is not UTF-8");
      code = code << 6 | (byte(i) & 0x3fU);
    }
    if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
      return fail("a byte that is not UTF-8");
    }
    out.append(text_.substr(at_, length));
    at_ += length;
    return true;
  }

  [[nodiscard]] bool read_escape(std::string& out) {
    const auto start = here();
    ++at_;
    const char c = peek();
    constexpr std::string_view escapes = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (const auto which = escapes.find(c); !at_end() && which != std::string_view::npos) {
      out.push_back(meanings[which]);
      ++at_;
      return true;
    }
    if (c != 'u') return fail_at(start, "an escape that JSON does not have");
    auto code = read_unit();
    if (!code) return fail_at(start, "four hexadecimal digits are expected after \\u");
    if (*code >= 0xd800 && *code < 0xdc00) {
      if (peek() != '\\') return fail_at(start, "half a surrogate pair");
      ++at_;
      const auto low = read_unit();
      if (!low || *low < 0xdc00 || *low >= 0xe000) return fail_at(start, "half a surrogate pair");
      *code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
    } else if (*code >= 0xdc00 && *code < 0xe000) {
      return fail_at(start, "half a surrogate pair");
    }
    append_utf8(out, *code);
    return true;
  }

  /// `uXXXX`, from the `u` on.
  std::optional<std::uint32_t> read_unit() {
    if (!take('u')) return std::nullopt;
    std::uint32_t unit = 0;
    for (int i = 0; i < 4; ++i) {
      const auto c = static_cast<unsigned char>(peek());
      if (!absl::ascii_isxdigit(c)) return std::nullopt;
      const auto digit = absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
      unit = unit << 4 | static_cast<std::uint32_t>(digit);
      ++at_;
    }
    return unit;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto tail = [&out, code](int shift) {
      out.push_back(static_cast<char>(0x80U | (code >> shift & 0x3fU)));
    };
    if (code < 0x80) {
      out.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      out.push_back(static_cast<char>(0xc0U | code >> 6)), tail(0);
    } else if (code < 0x10000) {
      out.push_back(static_cast<char>(0xe0U | code >> 12)), tail(6), tail(0);
    } else {
      out.push_back(static_cast<char>(0xf0U | code >> 18)), tail(12), tail(6), tail(0);
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  int line_ = 1;
  DocumentError error_;
};

}  // namespace

tl::expected<JsonValue, DocumentError> parse_json(std::string_view text) {
  return Scanner(text).document();
}

}  // namespace wutong
