#include <array>
#include <cstdio>
#include <string>

#include "gateway/status_server.h"
#include "gateway/text.h"

namespace wutong {
namespace {

constexpr double log_share_warning = 0.8;

/// Texts of our own only: nothing in them needs escaping.
void add_text(std::string& list, std::string_view text) {
  if (!list.empty()) list.push_back(',');
  list.append("\"").append(text).append("\"");
}

std::string fixed(double value) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.4f", value);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace

Readiness readiness_of(const Engine& engine, const LedgerInfo& ledger, std::int64_t log_bytes_max) {
  const EngineStats stats = engine.stats();
  const Rules rules = engine.rules();
  const double log_share =
      log_bytes_max > 0 ? static_cast<double>(stats.log_bytes) / static_cast<double>(log_bytes_max)
                        : 0;
  const bool ready = engine.ready() && log_share < 1;
  std::string reasons;
  if (!ready) {
    if (stats.shards_halted > 0) {
      add_text(reasons, concat({std::to_string(stats.shards_halted), " shards are halted"}));
    }
    if (stats.shards_owned < stats.shards) {
      add_text(reasons, concat({std::to_string(stats.shards - stats.shards_owned), " of ",
                                std::to_string(stats.shards), " shards are not owned here"}));
    }
    if (!stats.clock_agrees) add_text(reasons, "this machine's clock and the ledger's differ");
    if (log_share >= 1) add_text(reasons, "the log has reached its bound");
    if (reasons.empty()) add_text(reasons, "shards are being taken over");
  }
  std::string warnings;
  if (log_share >= log_share_warning) add_text(warnings, "the log is nearly full");
  return {
      .ready = ready,
      .json = concat({R"({"ready":)", ready ? "true" : "false", R"(,"reasons":[)", reasons,
                      R"(],"warnings":[)", warnings, R"(],"shards":)", std::to_string(stats.shards),
                      R"(,"shards_owned":)", std::to_string(stats.shards_owned), R"(,"clock":")",
                      ledger.clock == LedgerClock::caller ? "caller" : "gateway",
                      R"(","program_version":)", std::to_string(rules.program->version),
                      R"(,"policy_version":)", std::to_string(rules.policy->version),
                      R"(,"log_share":)", fixed(log_share), "}"})};
}

}  // namespace wutong
