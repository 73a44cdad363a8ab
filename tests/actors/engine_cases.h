#pragma once

#include <string>
#include <variant>

#include "persistence/memory_ledger.h"
#include "tests/support/test_engine.h"

/// What the tests of a whole engine share.
namespace wutong::testing {

inline const auto noon = at("2026-11-20 12:00:00");

[[nodiscard]] inline LedgerInfo info() {
  return {.id = "test",
          .shards = 4,
          .hash_key = std::string(16, 'k'),
          .identity_key = std::string(32, 'i'),
          .clock = LedgerClock::caller,
          .history_days = 800,
          .book_buckets = 16};
}

[[nodiscard]] inline EngineOptions options(const std::string& node) {
  return {.node_boot = node, .threads = 2, .lease_ttl_ms = 300, .flush_interval_ms = 20};
}

[[nodiscard]] inline const domain::CheckedOut& order_in(const Reply& reply) {
  return std::get<domain::CheckedOut>(std::get<ReceiptReply>(reply).record);
}

[[nodiscard]] inline domain::Refusal refusal_in(const Reply& reply) {
  return std::get<RefusedReply>(reply).refused.refusal;
}

}  // namespace wutong::testing
