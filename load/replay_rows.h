#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace wutong::load {

/// One order or return of the file.
struct ReplayRow {
  bool is_return = false;
  std::int64_t occurred_at_unix_ms = 0;
  std::string id;
  /// Of a return: the order that it gives back a part of; empty where none was found.
  std::string original_id;
  /// The row of that order, if the file has it further up.
  std::optional<std::size_t> original_row;
  std::uint32_t member = 0;
  std::int64_t amount_minor = 0;
};

struct ReplayFile {
  std::vector<ReplayRow> rows;
  /// Ids as the file names them; rows count them from 0.
  std::vector<std::string> members;
};

/// Reads a file with the columns occurred_at (RFC 3339), kind (purchase or return), order_id,
/// original_order_id, member_id and amount_minor, ascending in time; or says which line is wrong.
[[nodiscard]] tl::expected<ReplayFile, std::string> read_replay(std::istream& in);

}  // namespace wutong::load
