#pragma once

#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "actors/codec.h"
#include "actors/ledger.h"

/// How the audit reads a ledger. Inside `persistence/` only.
namespace wutong::persistence {

[[nodiscard]] domain::Position position_of(const LogEvent& event);

/// Whether `event` may stand right after `last`: as the next number of the same epoch, or as the
/// take-over that opens a higher one.
[[nodiscard]] bool follows(domain::Position last, const LogEvent& event);

/// Asks, and waits for the answers. For one thread.
class AuditReader {
 public:
  /// `ledger` outlives it.
  AuditReader(Ledger& ledger, int attempts_max) : ledger_(ledger), attempts_max_(attempts_max) {}

  [[nodiscard]] const LedgerInfo& info() const { return ledger_.info(); }

  /// The answer of `ask(journal, callback)`; nothing once the ledger has failed for good.
  template <typename Value, typename Ask>
  std::optional<Value> answer_of(std::uint32_t shard, Ask ask) {
    for (int attempt = 1;; ++attempt) {
      auto promise = std::make_shared<std::promise<LedgerResult<Value>>>();
      auto future = promise->get_future();
      const LedgerCallback<Value> done = [promise](LedgerResult<Value> result) {
        promise->set_value(std::move(result));
      };
      ask(ledger_.journal(shard), done);
      auto result = future.get();
      if (result) return *std::move(result);
      if (result.error().fault == LedgerFault::broken || attempt >= attempts_max_) {
        error_ = std::move(result).error();
        return std::nullopt;
      }
    }
  }

  std::optional<Head> head(std::uint32_t shard);
  std::optional<std::vector<LogEntry>> log(std::uint32_t shard, domain::Position after,
                                           std::uint32_t entries_max);

  /// Why there was no answer.
  [[nodiscard]] const std::optional<LedgerError>& error() const { return error_; }

 private:
  Ledger& ledger_;
  int attempts_max_;
  std::optional<LedgerError> error_;
};

}  // namespace wutong::persistence
