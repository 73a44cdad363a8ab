#include <cstdio>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"

namespace wutong::commands {

int check(const std::filesystem::path& config_file) {
  const auto inputs = read_inputs(config_file);
  if (!inputs) {
    print(inputs.error());
    return exit_wrong;
  }
  print_warnings(inputs->warnings);
  std::printf(
      "ok: program version %u with %zu venues, risk policy version %u with %zu limits, "
      "%zu credentials\n",
      inputs->rules.program->version, inputs->rules.program->venues.size(),
      inputs->rules.policy->version, inputs->rules.policy->limits.size(),
      inputs->credentials->size());
  return exit_ok;
}

}  // namespace wutong::commands
