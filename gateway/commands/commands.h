#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// The subcommands of `wutong`. Each blocks until it is done and answers the process's exit code.
namespace wutong::commands {

enum Exit : int {
  exit_ok = 0,
  exit_failed = 1,  ///< a part failed, or the ledger does not hold
  exit_wrong = 2,   ///< the command line or a file is wrong
};

/// Serves until SIGTERM or SIGINT. SIGHUP reads documents and credentials again; files that are wrong
/// change nothing. REQUIRES: no other thread runs yet.
[[nodiscard]] int serve(const std::filesystem::path& config_file);

/// Makes the ledger that the configuration names.
[[nodiscard]] int create(const std::filesystem::path& config_file);

/// Reads every file as `serve` would, and tells all that is wrong.
[[nodiscard]] int check(const std::filesystem::path& config_file);

struct AuditArguments {
  std::filesystem::path config_file;
  /// What shards put aside; the audit names what of it the ledger lost.
  std::vector<std::filesystem::path> salvage_files;
  /// One JSON object instead of lines.
  bool json = false;
};
/// Proves over the whole ledger, with gateways running or not, that no point is lost or made.
/// `exit_failed` if it does not hold, or lost what a salvage file has; `exit_wrong` if such a file
/// cannot be read or is none of this ledger.
[[nodiscard]] int audit(const AuditArguments& arguments);

struct TokenArguments {
  std::string name;
  std::string role;
  std::vector<std::string> venues;
  /// The entry is appended to it; empty: printed.
  std::filesystem::path credentials_file;
  /// The token is written to it, readable by its owner only; empty: printed.
  std::filesystem::path token_file;
};
/// Makes a token and its entry for the credentials' file.
[[nodiscard]] int token(const TokenArguments& arguments);

}  // namespace wutong::commands
