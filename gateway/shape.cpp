#include "gateway/shape.h"

#include <array>
#include <cstring>

#include "actors/domain/calendar.h"
#include "gateway/text.h"

namespace wutong::shape {
namespace {

/// The number that `text` writes in decimal digits alone, or nothing.
std::optional<int> digits(std::string_view text) {
  int value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

template <typename Word>
Word load(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// Whether each of the eight bytes is from 0x20 to 0x7e. Each test looks at its own byte's highest bit;
/// what one byte borrows of or carries into the next is met only where one of them is no such byte.
bool all_printable_ascii(std::uint64_t eight) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  constexpr std::uint64_t highest = ones * 0x80;
  const auto below_space = eight - ones * 0x20;
  const auto above_tilde = eight + ones;
  return ((eight | below_space | above_tilde) & highest) == 0;
}

/// The same of a text. The last eight bytes are looked at together, some of them once more; of a shorter text
/// all are put into eight.
bool all_printable_ascii(std::string_view text) {
  const char* const begin = text.data();
  const auto size = text.size();
  constexpr auto eight = sizeof(std::uint64_t);
  constexpr auto four = sizeof(std::uint32_t);
  if (size >= eight) {
    for (std::size_t i = 0; i + eight < size; i += eight) {
      if (!all_printable_ascii(load<std::uint64_t>(begin + i))) return false;
    }
    return all_printable_ascii(load<std::uint64_t>(begin + size - eight));
  }
  if (size >= four) {
    return all_printable_ascii(std::uint64_t{load<std::uint32_t>(begin)} << 32 |
                               load<std::uint32_t>(begin + size - four));
  }
  if (size == 0) return true;
  constexpr std::uint64_t spaces = 0x2020202020000000;
  const auto byte = [begin](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(begin[i])};
  };
  return all_printable_ascii(spaces | byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1));
}

}  // namespace

std::string Path::text() const {
  if (index_ != none) return concat({parent_, "[", std::to_string(index_), "].", field_});
  return parent_.empty() ? std::string(field_) : concat({parent_, ".", field_});
}

bool has_control_character(std::string_view text) {
  if (all_printable_ascii(text)) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

OrProblem<std::string_view> id(std::string_view value, const Path& path) {
  if (value.empty()) return invalid(path.text(), "is missing");
  return text(value, path);
}

OrProblem<std::string_view> text(std::string_view value, const Path& path, std::size_t bytes_max) {
  if (value.size() > bytes_max) {
    return invalid(path.text(), concat({"is longer than ", std::to_string(bytes_max), " bytes"}));
  }
  if (has_control_character(value)) {
    return invalid(path.text(), "has a control character");
  }
  return value;
}

OrProblem<std::string_view> phone(std::string_view value, const Path& path) {
  if (value.empty()) return invalid(path.text(), "is missing");
  const bool is_number = value.size() >= 5 && value.size() <= 15 && value.front() != '0' &&
                         value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) {
    return invalid(path.text(), "is not a phone number of 5 to 15 digits as E.164 has it");
  }
  return value;
}

OrProblem<std::string_view> currency(std::string_view value, const Path& path) {
  if (value.empty()) return invalid(path.text(), "is missing");
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (value.size() != 3 || !capital(value[0]) || !capital(value[1]) || !capital(value[2])) {
    return invalid(path.text(), "is not an ISO 4217 code");
  }
  return value;
}

OrProblem<std::int64_t> quantity(std::int64_t value, const Path& path) {
  if (value < 0) return invalid(path.text(), "is negative");
  if (value > quantity_max) {
    return invalid(path.text(), concat({"is above ", std::to_string(quantity_max)}));
  }
  return value;
}

OrProblem<domain::Money> money(std::int64_t minor_units, const Path& path) {
  return quantity(minor_units, path).map([](std::int64_t value) { return domain::Money{value}; });
}

OrProblem<domain::Points> points(std::int64_t count, const Path& path) {
  return quantity(count, path).map([](std::int64_t value) { return domain::Points{value}; });
}

OrProblem<domain::Instant> instant(std::int64_t unix_ms, const Path& path) {
  if (unix_ms == 0) return invalid(path.text(), "is missing");
  if (unix_ms < 0 || unix_ms > unix_ms_max) {
    return invalid(path.text(), "is not a time between the years 1970 and 9999");
  }
  return domain::Instant{unix_ms};
}

OrProblem<std::optional<domain::Day>> day(std::string_view value, const Path& path) {
  if (value.empty()) return std::optional<domain::Day>();
  const auto no_day = [&] { return invalid(path.text(), "is not a day written YYYY-MM-DD"); };
  if (value.size() != 10 || value[4] != '-' || value[7] != '-') return no_day();
  const auto year = digits(value.substr(0, 4));
  const auto month = digits(value.substr(5, 2));
  const auto day_of_month = digits(value.substr(8, 2));
  if (!year || !month || !day_of_month) return no_day();
  // A day that does not exist is another one, as February 30th is March 2nd.
  const auto day = domain::day_of(*year, *month, *day_of_month);
  const domain::Date told{.year = *year, .month = *month, .day = *day_of_month};
  if (domain::date_of(day) != told) return no_day();
  return std::optional(day);
}

std::string text_of(domain::Day day) {
  // A receipt has half a dozen of them, so digits are written by hand, the last first.
  const auto date = domain::date_of(day);
  // The year of any `Day` has at most seven.
  std::array<char, 16> text;
  char* at = text.end();
  const auto put = [&at](std::int64_t value, int digits_min) {
    for (; digits_min > 0 || value > 0; --digits_min, value /= 10) {
      *--at = static_cast<char>('0' + value % 10);
    }
  };
  put(date.day, 2);
  *--at = '-';
  put(date.month, 2);
  *--at = '-';
  put(date.year, 4);
  return {at, text.end()};
}

}  // namespace wutong::shape
