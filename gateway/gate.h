#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "actors/engine.h"
#include "gateway/call_metrics.h"
#include "gateway/credentials.h"
#include "gateway/keys.h"
#include "gateway/problem.h"
#include "gateway/services.h"
#include "gateway/translate_reply.h"
#include "gateway/translate_request.h"

namespace wutong {

[[nodiscard]] CallOutcome outcome_of(Outcome outcome);

/// What stands between the wire and the engine for every request, whether it comes alone or in a stream's
/// batch: the credential, the bounds, the deadline, the translation, the count. Thread-safe; owned by the
/// service.
class Gate {
 public:
  /// `engine` and `metrics` outlive the gate.
  Gate(ServiceOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
       std::shared_ptr<const Credentials> credentials, CallMetrics& metrics);

  [[nodiscard]] const ServiceOptions& options() const { return options_; }
  [[nodiscard]] Engine& engine() { return engine_; }

  void set_credentials(std::shared_ptr<const Credentials> credentials) {
    credentials_.store(std::move(credentials));
  }
  void refuse_calls() { refusing_.store(true, std::memory_order_release); }
  [[nodiscard]] bool refuses() const { return refusing_.load(std::memory_order_acquire); }
  /// Requests that are not answered yet.
  [[nodiscard]] std::uint32_t under_way() const {
    return under_way_.load(std::memory_order_acquire);
  }

  /// The credential of the token as it stands now, or why there is none.
  [[nodiscard]] OrProblem<std::shared_ptr<const Credential>> credential_of(
      std::string_view token) const;
  [[nodiscard]] static OrProblem<void> check_may_call(const Credential& credential, Method method);

  /// What requests that came together have in common.
  struct Arrival {
    Rules rules;
    domain::Instant now;
    std::int64_t begun_ns = 0;
    /// Until the caller gives up, or the gateway's own bound, whichever is less; 0 or less if too late.
    std::int64_t remaining_ms = 0;
  };
  /// REQUIRES: a `remaining_ms` that tells how long the caller waits, however long.
  [[nodiscard]] Arrival arrival(std::int64_t remaining_ms) const;

  /// The call with its deadline, or why it is not taken.
  template <typename In>
  [[nodiscard]] OrProblem<std::shared_ptr<Call>> admit(const Arrival& arrival,
                                                       const Credential& credential,
                                                       const In& in) const {
    if (auto refused = refusal_of(arrival)) return tl::make_unexpected(*std::move(refused));
    auto call = translate(in, TranslationContext{.keys = keys_,
                                                 .program = *arrival.rules.program,
                                                 .credential = credential,
                                                 .clock = clock_,
                                                 .now = arrival.now});
    if (call) {
      (*call)->deadline = deadline_of(arrival);
      (*call)->times.submitted = arrival.begun_ns;
      (*call)->write = write_ahead;
    }
    return call;
  }

  void stream_opened() { metrics_.stream_opened(); }
  void stream_closed() { metrics_.stream_closed(); }
  /// Each request is counted by one `begun` and one `finished`.
  void begun(Method method) {
    metrics_.begun(method);
    under_way_.fetch_add(1, std::memory_order_relaxed);
  }
  void finished(Method method, CallOutcome outcome, std::int64_t begun_ns, const CallTimes& times) {
    metrics_.finished(method, outcome, clocks_.boot_ns() - begun_ns, times);
    under_way_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] std::optional<Problem> refusal_of(const Arrival& arrival) const;
  [[nodiscard]] static std::int64_t deadline_of(const Arrival& arrival);

  const ServiceOptions options_;
  Engine& engine_;
  const KeyHasher keys_;
  const LedgerClock clock_;
  const Clocks clocks_;
  std::atomic<std::shared_ptr<const Credentials>> credentials_;
  CallMetrics& metrics_;
  std::atomic<std::uint32_t> under_way_{0};
  std::atomic<bool> refusing_{false};
};

}  // namespace wutong
