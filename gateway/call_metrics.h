#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "actors/call.h"
#include "actors/counters.h"
#include "gateway/method.h"
#include "gateway/problem.h"

namespace wutong {

/// How a call ended, as the metrics' label tells it.
enum class CallOutcome : std::uint8_t {
  done,
  replayed,
  refused,
  declined,
  invalid_argument,
  deadline_exceeded,
  not_found,
  already_exists,
  permission_denied,
  resource_exhausted,
  internal,
  unavailable,
  unauthenticated,
};
inline constexpr std::array<std::string_view, 13> call_outcome_names = {"done",
                                                                        "replayed",
                                                                        "refused",
                                                                        "declined",
                                                                        "invalid_argument",
                                                                        "deadline_exceeded",
                                                                        "not_found",
                                                                        "already_exists",
                                                                        "permission_denied",
                                                                        "resource_exhausted",
                                                                        "internal",
                                                                        "unavailable",
                                                                        "unauthenticated"};
[[nodiscard]] CallOutcome outcome_of(Code code);

/// Parts of a call's way through the engine.
enum class Stage : std::uint8_t {
  queue,     ///< until the shard took it up, the member at hand
  decision,  ///< until it was decided and applied
  commit,    ///< until the ledger had it
};
inline constexpr std::array<std::string_view, 3> stage_names = {"queue", "decision", "commit"};

/// What the hot path counts; an item of a stream is a call. Thread-safe; a finished call costs about 50 ns.
class CallMetrics {
 public:
  CallMetrics();

  void begun(Method method) { begun_.add(static_cast<std::size_t>(method)); }
  /// `times` are zeroes for a call that never reached the engine.
  void finished(Method method, CallOutcome outcome, std::int64_t duration_ns,
                const CallTimes& times);

  void stream_opened() { streams_open_.fetch_add(1, std::memory_order_relaxed); }
  void stream_closed() { streams_open_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t streams_open() const {
    return streams_open_.load(std::memory_order_relaxed);
  }

  [[nodiscard]] HistogramCells::Snapshot durations(Method method, CallOutcome outcome) const;
  [[nodiscard]] HistogramCells::Snapshot stage(Stage stage) const;
  /// Calls begun and not yet finished, of all methods.
  [[nodiscard]] std::uint64_t under_way() const;
  /// Calls begun ever, of all methods.
  [[nodiscard]] std::uint64_t begun() const;
  /// Upper bounds of all histograms, in nanoseconds.
  [[nodiscard]] std::span<const std::int64_t> bounds() const { return durations_.bounds(); }

 private:
  CounterCells begun_;
  CounterCells finished_;
  HistogramCells durations_;
  HistogramCells stages_;
  std::atomic<std::uint64_t> streams_open_{0};
};

}  // namespace wutong
