#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

#include "load/caller.h"

namespace wutong::load {

/// How the program ends.
enum ExitCode : int {
  exit_ok = 0,
  exit_wrong = 1,       ///< something is lost, doubled or wrong, or not as expected
  exit_usage = 2,       ///< a flag or a file is wrong; nothing was sent
  exit_unfinished = 3,  ///< the gateway could not be asked to the end
  exit_interrupted = 130,
};

/// What every command takes.
struct CommonFlags {
  std::string target = "127.0.0.1:7700";
  std::string token;
  std::string token_file;
  int channels = 4;
  int outstanding = 64;
  int timeout_ms = 5'000;
  int give_up_after_s = 60;
  std::string json_file;

  [[nodiscard]] std::size_t total_outstanding() const {
    return static_cast<std::size_t>(channels) * static_cast<std::size_t>(outstanding);
  }
};

/// Judges them, reads the token file; or says what is wrong. A target beyond this machine is wrong:
/// load is for loopback only.
[[nodiscard]] tl::expected<CallOptions, std::string> call_options(const CommonFlags& flags);

/// Whether `target` (host:port) is this machine.
[[nodiscard]] bool is_loopback(const std::string& target);

}  // namespace wutong::load
