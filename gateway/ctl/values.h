#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

/// Values as people type and read them.
namespace wutong::ctl {

/// The value, or what is wrong with the text.
template <typename T>
using Parsed = tl::expected<T, std::string>;

/// Digits after the point in a currency's amounts: 2 for most.
[[nodiscard]] int decimals_of(std::string_view currency);

/// `588`, `588.5` and `588.50` are 58800, 58850 and 58850 minor units of a currency with 2 decimals.
[[nodiscard]] Parsed<std::int64_t> minor_units_of(std::string_view text, std::string_view currency);
[[nodiscard]] std::string text_of_minor(std::int64_t minor_units, std::string_view currency);

/// `now`, Unix milliseconds, or RFC 3339 as in `2026-01-05T12:00:00+08:00`.
[[nodiscard]] Parsed<std::int64_t> unix_ms_of(const std::string& text);
/// RFC 3339 in UTC.
[[nodiscard]] std::string text_of_unix_ms(std::int64_t unix_ms);

/// `2`, `0.35`: thousandths of a unit.
[[nodiscard]] Parsed<std::int64_t> thousandths_of(std::string_view text);

}  // namespace wutong::ctl
