#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "persistence/redis_ledger.h"
#include "persistence/redis_loop.h"
#include "persistence/scripts.h"

/// Blocking conversation with Redis at start. Private to this folder.
namespace wutong::persistence {

[[nodiscard]] std::optional<std::string> fault_in(const RedisOptions& options);

[[nodiscard]] RedisLoopOptions loop_options(const RedisOptions& options, std::size_t connections);

/// One connection for creating and opening. Every call blocks until its answer, or until the time
/// given to the whole is up; a server that is not there yet, or loads, is waited for until then.
class SetupConversation {
 public:
  [[nodiscard]] static tl::expected<SetupConversation, SetupError> begin(
      const RedisOptions& options);

  /// What `parse` makes of the answer. `parse` runs on the I/O thread.
  template <typename T>
  [[nodiscard]] tl::expected<T, SetupError> ask(std::string command,
                                                LedgerResult<T> (*parse)(const redisReply*)) {
    auto promise = std::make_shared<std::promise<LedgerResult<T>>>();
    auto future = promise->get_future();
    loop_->submit(0, {.bytes = std::move(command),
                      .deadline = deadline_,
                      .done = [promise, parse](LedgerResult<RedisReply> reply) {
                        if (!reply) return promise->set_value(tl::unexpected(reply.error()));
                        promise->set_value(parse(reply->value));
                      }});
    // The loop answers every command by its deadline, so this cannot hang.
    auto result = future.get();
    if (!result) return tl::unexpected(setup_error(result.error()));
    return *std::move(result);
  }

  /// Whether Redis is the master of a durable ledger: every setting that is not, in one error.
  /// Answers what is allowed but worth a warning.
  [[nodiscard]] tl::expected<std::vector<std::string>, SetupError> check_settings(
      const RedisOptions& options);

  [[nodiscard]] tl::expected<ScriptNames, SetupError> load_scripts();

 private:
  SetupConversation(std::unique_ptr<RedisLoop> loop, std::chrono::steady_clock::time_point deadline)
      : loop_(std::move(loop)), deadline_(deadline) {}

  [[nodiscard]] static SetupError setup_error(const LedgerError& error);

  std::unique_ptr<RedisLoop> loop_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace wutong::persistence
