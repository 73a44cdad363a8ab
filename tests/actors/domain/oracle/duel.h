#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/actors/domain/oracle/documents.h"
#include "tests/actors/domain/oracle/script.h"

/// Runs a sequence of steps on the domain and on the oracle side by side.
namespace wutong::oracle {

struct Sequence {
  Documents documents;
  std::vector<Step> steps;
};

[[nodiscard]] Sequence random_sequence(std::uint64_t seed, std::size_t steps);

/// How often what was met.
using Tally = std::map<std::string, std::int64_t>;

struct Verdict {
  /// Empty if domain and oracle agree.
  std::string difference;
  /// How many steps were run.
  std::size_t steps = 0;
};

/// Stops at the first difference. `story` gets a line for each command, if it is wanted.
[[nodiscard]] Verdict duel(const Sequence& sequence, Tally* tally, std::string* story);

/// A sequence as short and as simple as one can be found that differs too. REQUIRES: `sequence` does.
[[nodiscard]] Sequence shrunk(Sequence sequence);

}  // namespace wutong::oracle
