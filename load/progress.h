#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "load/caller.h"
#include "load/jobs.h"

namespace wutong::load {

/// Makes Ctrl-C end the run with a summary; a second one ends the process.
void watch_for_interrupt();
[[nodiscard]] bool interrupted();

/// Runs jobs and tells on standard error how far they are: a line that renews itself every second on
/// a terminal, a line every five seconds elsewhere, and one at least.
struct Phase {
  std::string name;
  std::size_t outstanding = 256;
  /// As in `RunOptions`.
  std::function<std::size_t(std::size_t job)> outstanding_at;
  /// What has come of it so far.
  std::function<std::string()> detail;
};
/// True if all jobs are done; false if it was interrupted, or the gateway answers no more.
bool run_phase(const Phase& phase, Jobs& jobs, Caller& caller);

/// A part of other jobs.
class Slice final : public Jobs {
 public:
  /// REQUIRES: `whole` lives longer and has jobs `from` to `to` − 1.
  Slice(Jobs& whole, std::size_t from, std::size_t to) : whole_(whole), from_(from), to_(to) {}

  [[nodiscard]] std::size_t count() const override { return to_ - from_; }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t job) const override {
    return whole_.key(from_ + job);
  }
  void start(std::size_t job, std::function<void()> done) override {
    whole_.start(from_ + job, std::move(done));
  }

 private:
  Jobs& whole_;
  std::size_t from_;
  std::size_t to_;
};

}  // namespace wutong::load
