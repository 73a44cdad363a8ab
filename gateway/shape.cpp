#include "gateway/shape.h"

#include <array>

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

}  // namespace

bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

OrProblem<std::string_view> id(std::string_view value, std::string_view path) {
  if (value.empty()) return invalid(std::string(path), "is missing");
  return text(value, path);
}

OrProblem<std::string_view> text(std::string_view value, std::string_view path,
                                 std::size_t bytes_max) {
  if (value.size() > bytes_max) {
    return invalid(std::string(path),
                   concat({"is longer than ", std::to_string(bytes_max), " bytes"}));
  }
  if (has_control_character(value)) {
    return invalid(std::string(path), "has a control character");
  }
  return value;
}

OrProblem<std::string_view> phone(std::string_view value, std::string_view path) {
  if (value.empty()) return invalid(std::string(path), "is missing");
  const bool is_number = value.size() >= 5 && value.size() <= 15 && value.front() != '0' &&
                         value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number) {
    return invalid(std::string(path), "is not a phone number of 5 to 15 digits as E.164 has it");
  }
  return value;
}

OrProblem<std::string_view> currency(std::string_view value, std::string_view path) {
  if (value.empty()) return invalid(std::string(path), "is missing");
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (value.size() != 3 || !capital(value[0]) || !capital(value[1]) || !capital(value[2])) {
    return invalid(std::string(path), "is not an ISO 4217 code");
  }
  return value;
}

OrProblem<std::int64_t> quantity(std::int64_t value, std::string_view path) {
  if (value < 0) return invalid(std::string(path), "is negative");
  if (value > quantity_max) {
    return invalid(std::string(path), concat({"is above ", std::to_string(quantity_max)}));
  }
  return value;
}

OrProblem<domain::Money> money(std::int64_t minor_units, std::string_view path) {
  return quantity(minor_units, path).map([](std::int64_t value) { return domain::Money{value}; });
}

OrProblem<domain::Points> points(std::int64_t count, std::string_view path) {
  return quantity(count, path).map([](std::int64_t value) { return domain::Points{value}; });
}

OrProblem<domain::Instant> instant(std::int64_t unix_ms, std::string_view path) {
  if (unix_ms == 0) return invalid(std::string(path), "is missing");
  if (unix_ms < 0 || unix_ms > unix_ms_max) {
    return invalid(std::string(path), "is not a time between the years 1970 and 9999");
  }
  return domain::Instant{unix_ms};
}

OrProblem<std::optional<domain::Day>> day(std::string_view value, std::string_view path) {
  if (value.empty()) return std::optional<domain::Day>();
  const auto no_day = [&] { return invalid(std::string(path), "is not a day written YYYY-MM-DD"); };
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

std::string element(std::string_view path, int index, std::string_view field) {
  return field.empty() ? concat({path, "[", std::to_string(index), "]"})
                       : concat({path, "[", std::to_string(index), "].", field});
}

std::string join(std::string_view parent, std::string_view field) {
  return parent.empty() ? std::string(field) : concat({parent, ".", field});
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
