#pragma once

#include <string>

#include "load/flags.h"

namespace wutong::load {

struct ReplayFlags {
  CommonFlags common;
  std::string csv_file;
  std::string program_file;
  std::string venue;
  std::string expect;
};

/// Sends the rows of a CSV file to a ledger with `clock=caller`, checks the receipts and sums them up.
/// One of `ExitCode`.
int run_replay(const ReplayFlags& flags);

}  // namespace wutong::load
