#include "load/flags.h"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <algorithm>
#include <fstream>
#include <vector>

namespace wutong::load {

bool is_loopback(const std::string& target) {
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos) return false;
  int port = 0;
  if (!absl::SimpleAtoi(target.substr(colon + 1), &port) || port < 1 || port > 65'535) return false;
  const std::string host = target.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  const std::vector<std::string> parts = absl::StrSplit(host, '.');
  return parts.size() == 4 && parts[0] == "127" &&
         std::ranges::all_of(parts, [](const std::string& part) {
           int number = 0;
           return absl::SimpleAtoi(part, &number) && number >= 0 && number <= 255;
         });
}

tl::expected<CallOptions, std::string> call_options(const CommonFlags& flags) {
  if (!is_loopback(flags.target)) {
    return tl::unexpected(absl::StrCat("--target ", flags.target,
                                       ": not host:port of this machine, and load goes nowhere "
                                       "else"));
  }
  CallOptions options{.target = flags.target,
                      .token = flags.token,
                      .channels = flags.channels,
                      .timeout = std::chrono::milliseconds(flags.timeout_ms),
                      .give_up_after = std::chrono::seconds(flags.give_up_after_s)};
  if (!flags.token_file.empty()) {
    std::ifstream in(flags.token_file);
    if (!std::getline(in, options.token)) {
      return tl::unexpected(absl::StrCat("--token-file ", flags.token_file, ": cannot be read"));
    }
    absl::StripAsciiWhitespace(&options.token);
  }
  return options;
}

}  // namespace wutong::load
