#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace wutong {

/// The statuses that we answer; numbered as gRPC numbers them.
enum class Code : std::uint8_t {
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};

/// Why a call ends with an error status. Its text is ours and safe to show to the caller.
struct Problem {
  Code code = Code::internal;
  /// Path of the request's field that is wrong, as in `lines[2].amount_minor`; may be empty.
  std::string field;
  /// Names the field again, for people.
  std::string text;
  /// The refusal of the rules behind it; 0 if there is none.
  std::uint8_t refusal = 0;
  bool retryable = false;
  std::int64_t retry_after_ms = 0;
};

template <typename T>
using OrProblem = tl::expected<T, Problem>;

/// A problem of one field; the text becomes "`field` `complaint`".
[[nodiscard]] inline tl::unexpected<Problem> wrong(Code code, std::string field,
                                                   std::string_view complaint) {
  std::string text = field;
  text.append(" ").append(complaint);
  return tl::make_unexpected(
      Problem{.code = code, .field = std::move(field), .text = std::move(text)});
}
[[nodiscard]] inline tl::unexpected<Problem> invalid(std::string field,
                                                     std::string_view complaint) {
  return wrong(Code::invalid_argument, std::move(field), complaint);
}

/// Of bytes that the method cannot read.
[[nodiscard]] inline tl::unexpected<Problem> not_a_message() {
  return tl::make_unexpected(Problem{.code = Code::invalid_argument,
                                     .text = "the request is not a message of this method"});
}

}  // namespace wutong
