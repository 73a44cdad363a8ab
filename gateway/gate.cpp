#include "gateway/gate.h"

#include <algorithm>

namespace wutong {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
/// Kept free before the caller's deadline, so that our answer arrives and not its own time-out. A shard
/// looks at deadlines every 20 ms; the rest is for machines on which threads wait for a core.
constexpr std::int64_t deadline_margin_max_ms = 100;

}  // namespace

CallOutcome outcome_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return CallOutcome::done;
    case Outcome::replayed:
      return CallOutcome::replayed;
    case Outcome::refused:
      return CallOutcome::refused;
    case Outcome::declined:
      return CallOutcome::declined;
  }
  return CallOutcome::internal;
}

Gate::Gate(ServiceOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
           std::shared_ptr<const Credentials> credentials, CallMetrics& metrics)
    : options_(options),
      engine_(engine),
      keys_(ledger.hash_key, ledger.identity_key),
      clock_(ledger.clock),
      clocks_(std::move(clocks)),
      credentials_(std::move(credentials)),
      metrics_(metrics) {}

OrProblem<std::shared_ptr<const Credential>> Gate::credential_of(std::string_view token) const {
  auto credential = token.empty() ? nullptr : credentials_.load()->find(token);
  if (credential == nullptr) {
    return wrong(Code::unauthenticated, "authorization", "is not a bearer token known here");
  }
  return credential;
}

OrProblem<void> Gate::check_may_call(const Credential& credential, Method method) {
  if (credential.methods.has(method)) return {};
  return wrong(Code::permission_denied, "authorization",
               "is a token that may not call this method");
}

Gate::Arrival Gate::arrival(std::int64_t remaining_ms) const {
  return {.rules = engine_.rules(),
          .now = {clocks_.wall_ms()},
          .begun_ns = clocks_.boot_ns(),
          .remaining_ms = std::min(remaining_ms, options_.deadline_max_ms)};
}

std::optional<Problem> Gate::refusal_of(const Arrival& arrival) const {
  if (under_way_.load(std::memory_order_relaxed) > options_.calls_under_way_max) {
    return Problem{.code = Code::resource_exhausted,
                   .text = "not done, too many calls are under way",
                   .retryable = true,
                   .retry_after_ms = 1'000};
  }
  if (refuses()) {
    return Problem{.code = Code::unavailable,
                   .text = "not done, the gateway is stopping",
                   .retryable = true,
                   .retry_after_ms = 500};
  }
  if (arrival.remaining_ms <= 0) {
    return Problem{.code = Code::deadline_exceeded,
                   .text = "not done, the deadline had passed",
                   .retryable = true};
  }
  return std::nullopt;
}

std::int64_t Gate::deadline_of(const Arrival& arrival) {
  const auto margin_ms = std::min(deadline_margin_max_ms, arrival.remaining_ms / 10);
  return arrival.begun_ns + (arrival.remaining_ms - margin_ms) * ns_per_ms;
}

}  // namespace wutong
