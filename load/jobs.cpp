#include "load/jobs.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <deque>

namespace wutong::load {
namespace {

using namespace std::chrono_literals;

class Run {
 public:
  Run(Jobs& jobs, Caller& caller, const RunOptions& options)
      : jobs_(jobs), caller_(caller), options_(options) {}

  bool to_end() {
    auto next_tick = std::chrono::steady_clock::now();
    for (;;) {
      if (!stopped_ && options_.stop && options_.stop()) {
        stopped_ = true;
        caller_.stop_retrying();
      }
      while (!stopped_ && under_way_ < allowed() && start_one()) {
      }
      if (options_.tick && std::chrono::steady_clock::now() >= next_tick) {
        options_.tick(done_);
        next_tick = std::chrono::steady_clock::now() + 100ms;
      }
      if (under_way_ == 0) return done_ == jobs_.count();
      caller_.wait(std::chrono::system_clock::now() + 100ms);
    }
  }

 private:
  [[nodiscard]] std::size_t allowed() const {
    if (!options_.outstanding_at || jobs_.count() == 0) return options_.outstanding;
    return options_.outstanding_at(std::min(next_, jobs_.count() - 1));
  }

  /// Starts a job that may start now; false if there is none.
  bool start_one() {
    if (!ready_.empty()) {
      const std::size_t job = ready_.front();
      ready_.pop_front();
      launch(job);
      return true;
    }
    while (next_ < jobs_.count()) {
      const std::size_t job = next_++;
      const auto key = jobs_.key(job);
      if (key) {
        const auto [waiting, free] = busy_.try_emplace(*key);
        if (!free) {
          waiting->second.push_back(job);
          continue;
        }
      }
      launch(job);
      return true;
    }
    return false;
  }

  void launch(std::size_t job) {
    ++under_way_;
    jobs_.start(job, [this, job] { finished(job); });
  }

  void finished(std::size_t job) {
    --under_way_;
    ++done_;
    const auto key = jobs_.key(job);
    if (!key) return;
    const auto waiting = busy_.find(*key);
    if (waiting->second.empty()) {
      busy_.erase(waiting);
      return;
    }
    ready_.push_back(waiting->second.front());
    waiting->second.pop_front();
  }

  Jobs& jobs_;
  Caller& caller_;
  const RunOptions& options_;
  std::size_t next_ = 0;
  std::size_t under_way_ = 0;
  std::size_t done_ = 0;
  bool stopped_ = false;
  /// Keys with a job under way or ready, and who waits behind it.
  absl::flat_hash_map<std::uint32_t, std::deque<std::size_t>> busy_;
  std::deque<std::size_t> ready_;
};

}  // namespace

bool run(Jobs& jobs, Caller& caller, const RunOptions& options) {
  return Run(jobs, caller, options).to_end();
}

}  // namespace wutong::load
