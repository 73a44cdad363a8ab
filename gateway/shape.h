#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/domain/quantities.h"
#include "gateway/problem.h"

/// What a single value of a request may look like, whatever it means. Each check answers the value,
/// or INVALID_ARGUMENT naming `path`.
namespace wutong::shape {

inline constexpr std::size_t id_bytes_max = 64;
inline constexpr std::size_t reason_bytes_max = 256;
/// Of money in minor units, of points and of quantities: far above any order, and so small that no
/// sum over an order's lines or a member's year overflows.
inline constexpr std::int64_t quantity_max = 1'000'000'000'000;
inline constexpr std::size_t lines_max = 200;
inline constexpr std::size_t tenders_max = 20;
/// The last millisecond of the year 9999, UTC.
inline constexpr std::int64_t unix_ms_max = 253'402'300'799'999;

/// Where a value stands in a request, as `lines[2].sku`. Kept in its parts, which outlive it, since it is
/// written out in complaints alone.
class Path {
 public:
  Path(const char* field) : field_(field) {}
  Path(std::string_view field) : field_(field) {}
  Path(std::string_view parent, std::string_view field) : parent_(parent), field_(field) {}
  /// The field of an element of `parent`.
  Path(std::string_view parent, int index, std::string_view field)
      : parent_(parent), field_(field), index_(index) {}

  [[nodiscard]] std::string text() const;

 private:
  static constexpr int none = -1;

  std::string_view parent_;
  std::string_view field_;
  int index_ = none;
};

/// Valid UTF-8 is the parser's matter; a control character is one of C0, DEL or C1.
[[nodiscard]] bool has_control_character(std::string_view text);

/// 1 to 64 bytes without control characters.
[[nodiscard]] OrProblem<std::string_view> id(std::string_view text, const Path& path);
/// At most `bytes_max` bytes without control characters; may be empty.
[[nodiscard]] OrProblem<std::string_view> text(std::string_view text, const Path& path,
                                               std::size_t bytes_max = id_bytes_max);
/// 5 to 15 digits, the first not 0: as E.164 has it, without the plus.
[[nodiscard]] OrProblem<std::string_view> phone(std::string_view text, const Path& path);
/// Three capital letters.
[[nodiscard]] OrProblem<std::string_view> currency(std::string_view text, const Path& path);
/// 0 to `quantity_max`.
[[nodiscard]] OrProblem<std::int64_t> quantity(std::int64_t value, const Path& path);
[[nodiscard]] OrProblem<domain::Money> money(std::int64_t minor_units, const Path& path);
[[nodiscard]] OrProblem<domain::Points> points(std::int64_t count, const Path& path);
/// After 1970-01-01 and before the year 10000; 0 is a time that was left out.
[[nodiscard]] OrProblem<domain::Instant> instant(std::int64_t unix_ms, const Path& path);
/// YYYY-MM-DD of a day that exists; nothing for an empty text.
[[nodiscard]] OrProblem<std::optional<domain::Day>> day(std::string_view text, const Path& path);

/// The day as YYYY-MM-DD.
[[nodiscard]] std::string text_of(domain::Day day);

}  // namespace wutong::shape
