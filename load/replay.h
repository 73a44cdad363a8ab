#pragma once

#include <cstdint>
#include <string>

#include "load/flags.h"

namespace wutong::load {

struct ReplayFlags {
  CommonFlags common;
  std::string csv_file;
  std::string program_file;
  std::string venue;
  std::string expect;
  std::uint32_t points_every = 0;
  std::string answers_file;
};

/// Sends the rows of a CSV file to a ledger with `clock=caller`, checks the receipts and sums them up.
/// One of `ExitCode`. With `points_every` of N, every N-th purchase of a member in the file pays with as
/// many points as it may: the till asks for a quote just before, and uses the most that it tells.
int run_replay(const ReplayFlags& flags);

}  // namespace wutong::load
