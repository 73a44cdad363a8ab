#include <cstdio>

#include "gateway/commands/commands.h"
#include "gateway/commands/inputs.h"
#include "gateway/config/config.h"
#include "persistence/redis_ledger.h"

namespace wutong::commands {

int create(const std::filesystem::path& config_file) {
  const auto config = load_config(config_file);
  if (!config) {
    print(config.error());
    return exit_wrong;
  }
  const auto created = persistence::create_ledger(config->redis, config->create);
  if (!created) {
    std::fprintf(stderr, "wutong: %s\n", created.error().detail.c_str());
    return created.error().fault == persistence::SetupFault::invalid_options ? exit_wrong
                                                                             : exit_failed;
  }
  std::printf("created ledger %s: %u shards, history of %d days, clock=%s\n", created->id.c_str(),
              created->shards, created->history_days,
              created->clock == LedgerClock::caller ? "caller" : "gateway");
  return exit_ok;
}

}  // namespace wutong::commands
