#pragma once

#include <string>

#include "load/flags.h"

namespace wutong::load {

struct VerifyFlags {
  CommonFlags common;
  std::string acked_file;
};

/// Fetches every receipt that was acknowledged to another run, and compares. One of `ExitCode`.
int run_verify(const VerifyFlags& flags);

}  // namespace wutong::load
