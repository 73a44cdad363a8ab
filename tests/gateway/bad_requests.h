#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ledger.h"
#include "gateway/method.h"
#include "gateway/problem.h"

/// The one table of requests that are wrong in one place. Tests of the translation and of the service
/// run it, and the test of the documentation looks in it for every field.
namespace wutong::test {

enum class JudgedBy : std::uint8_t {
  edge,   ///< whatever member and order are
  rules,  ///< by the engine: needs an enrolled `alice`
};

struct BadRequest {
  Method method;
  /// What is wrong, in a word or two.
  std::string_view what;
  /// Path of a field to clear in the valid request, and text-format fields to merge into it then.
  std::string_view clear;
  std::string merge;
  Code code = Code::invalid_argument;
  /// Path that the error names.
  std::string_view field;
  LedgerClock clock = LedgerClock::gateway;
  JudgedBy judged_by = JudgedBy::edge;
};

[[nodiscard]] const std::vector<BadRequest>& bad_requests();

/// A request for `alice` at M1 that nothing is wrong with.
[[nodiscard]] std::unique_ptr<google::protobuf::Message> valid_request(Method method,
                                                                       LedgerClock clock);
[[nodiscard]] std::unique_ptr<google::protobuf::Message> request_of(const BadRequest& bad);

/// Sets the fields that the text format names. Ends the program where it names none of the message's: a
/// table that says nothing must not pass for one that finds nothing.
void merge_text(std::string_view text_format, google::protobuf::Message& message);

}  // namespace wutong::test
