#include "gateway/ctl/values.h"

#include <absl/time/clock.h>
#include <absl/time/time.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace wutong::ctl {
namespace {

/// A decimal number as an integer of units of 10^-`decimals`.
Parsed<std::int64_t> scaled(std::string_view text, int decimals) {
  const auto no_number = [&] {
    return tl::make_unexpected("'" + std::string(text) + "' is not a number with at most " +
                               std::to_string(decimals) + " decimals");
  };
  const auto point = text.find('.');
  std::string digits(text.substr(0, point));
  if (digits.empty() || digits == "-") return no_number();
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (point != std::string_view::npos && fraction.empty()) return no_number();
  if (fraction.size() > static_cast<std::size_t>(decimals)) return no_number();
  digits.append(fraction).append(static_cast<std::size_t>(decimals) - fraction.size(), '0');
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, value);
  if (result.ec != std::errc() || result.ptr != end) return no_number();
  return value;
}

constexpr std::array<std::string_view, 9> without_decimals = {"CLP", "ISK", "JPY", "KRW", "PYG",
                                                              "UGX", "VND", "XAF", "XOF"};
constexpr std::array<std::string_view, 7> with_three = {"BHD", "IQD", "JOD", "KWD",
                                                        "LYD", "OMR", "TND"};

}  // namespace

int decimals_of(std::string_view currency) {
  const auto in = [&](const auto& list) {
    return std::find(list.begin(), list.end(), currency) != list.end();
  };
  return in(without_decimals) ? 0 : in(with_three) ? 3 : 2;
}

Parsed<std::int64_t> minor_units_of(std::string_view text, std::string_view currency) {
  return scaled(text, decimals_of(currency));
}

std::string text_of_minor(std::int64_t minor_units, std::string_view currency) {
  const int decimals = decimals_of(currency);
  const bool negative = minor_units < 0;
  std::string text = std::to_string(minor_units);
  if (negative) text.erase(0, 1);
  const auto wanted = static_cast<std::size_t>(decimals) + 1;
  if (text.size() < wanted) text.insert(0, wanted - text.size(), '0');
  if (decimals > 0) text.insert(text.size() - static_cast<std::size_t>(decimals), ".");
  return negative ? "-" + text : text;
}

Parsed<std::int64_t> unix_ms_of(const std::string& text) {
  if (text == "now") return absl::ToUnixMillis(absl::Now());
  std::int64_t unix_ms = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, unix_ms);
  if (result.ec == std::errc() && result.ptr == end) return unix_ms;
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return absl::ToUnixMillis(time);
  return tl::make_unexpected("'" + text +
                             "' is neither 'now', nor Unix milliseconds, nor like "
                             "2026-01-05T12:00:00+08:00");
}

std::string text_of_unix_ms(std::int64_t unix_ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::FromUnixMillis(unix_ms),
                          absl::UTCTimeZone());
}

Parsed<std::int64_t> thousandths_of(std::string_view text) { return scaled(text, 3); }

}  // namespace wutong::ctl
