#pragma once

#include <cstddef>
#include <istream>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace wutong::load {

/// Reads comma-separated values (RFC 4180): a field may stand in quotes and then hold commas, line
/// ends and doubled quotes. Lines end in LF or CRLF; empty lines are passed over.
class CsvReader {
 public:
  /// REQUIRES: `in` lives longer.
  explicit CsvReader(std::istream& in) : in_(in) {}

  /// The next row; nothing at the end; or what is wrong with it and in which line.
  [[nodiscard]] tl::expected<std::optional<std::vector<std::string>>, std::string> next();

  /// The line, from 1, that the last row began in.
  [[nodiscard]] std::size_t line() const { return row_line_; }

 private:
  std::istream& in_;
  std::size_t at_line_ = 1;
  std::size_t row_line_ = 0;
};

}  // namespace wutong::load
