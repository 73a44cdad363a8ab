#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "load/caller.h"

namespace wutong::load {

/// Work to be done through calls, in an order.
class Jobs {
 public:
  virtual ~Jobs() = default;

  [[nodiscard]] virtual std::size_t count() const = 0;
  /// Jobs of one key run one at a time, in their order; those without a key wait for nothing.
  [[nodiscard]] virtual std::optional<std::uint32_t> key(std::size_t job) const = 0;
  /// Starts the job; calls `done` once, from the caller's `wait` or at once.
  virtual void start(std::size_t job, std::function<void()> done) = 0;
};

struct RunOptions {
  /// Jobs under way at a time.
  std::size_t outstanding = 256;
  /// Instead of `outstanding`, if set: how many may be under way when `job` is the next of the order. At
  /// least 1.
  std::function<std::size_t(std::size_t job)> outstanding_at;
  /// Asked between events; once true, nothing new is started and what is under way ends.
  std::function<bool()> stop;
  /// Called about every 100 ms with how many jobs are done.
  std::function<void(std::size_t)> tick;
};

/// Runs the jobs to their end, or until it was stopped; true if all are done.
bool run(Jobs& jobs, Caller& caller, const RunOptions& options);

}  // namespace wutong::load
