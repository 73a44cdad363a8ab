#pragma once

#include <string>
#include <tl/expected.hpp>

#include "load/caller.h"
#include "load/findings.h"
#include "load/json.h"
#include "load/outcomes.h"

/// The parts of a summary, for people on standard output and as JSON.
namespace wutong::load {

void print_calls(const CallStats& stats);
void write_calls(JsonWriter& json, const CallStats& stats);

void print_outcomes(const Outcomes& outcomes);
void write_outcomes(JsonWriter& json, const Outcomes& outcomes);

struct CheckCounts {
  std::uint64_t acknowledged = 0;
  std::uint64_t fetched = 0;
  /// Could not be asked for.
  std::uint64_t unanswered = 0;
};
void print_check(const CheckCounts& counts, const Findings& findings);
void write_check(JsonWriter& json, const CheckCounts& counts, const Findings& findings);

/// Writes the file whole, or says why it cannot; does nothing without a path.
[[nodiscard]] tl::expected<void, std::string> write_file(const std::string& path,
                                                         const std::string& text);

}  // namespace wutong::load
