#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "persistence/text.h"

/// Commands as Redis reads them off the wire (RESP2).
namespace wutong::persistence {

/// Writes one command. Formatting happens on the caller's thread, so that the I/O thread only
/// copies.
class RedisCommandWriter {
 public:
  /// REQUIRES: exactly `arguments` calls of `add` or `add_number` before `take`.
  /// `payload_bytes` is a hint: the bytes that are worth reserving at once.
  explicit RedisCommandWriter(std::size_t arguments, std::size_t payload_bytes = 0);

  RedisCommandWriter& add(std::string_view argument);
  RedisCommandWriter& add_number(std::integral auto argument) { return add(join_text(argument)); }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

[[nodiscard]] std::string redis_command(std::initializer_list<std::string_view> arguments);

}  // namespace wutong::persistence
