#include "load/progress.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>
#include <signal.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace wutong::load {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

volatile std::sig_atomic_t was_interrupted = 0;

void on_interrupt(int) { was_interrupted = 1; }

class Line {
 public:
  explicit Line(const Phase& phase) : phase_(phase), terminal_(isatty(STDERR_FILENO) == 1) {}

  void tick(std::size_t done, std::size_t count, Caller& caller) {
    const auto now = Clock::now();
    if (now >= next_) tell(done, count, caller, now);
  }

  /// All is done; where lines stay, one at least tells of it.
  void finish(std::size_t count, Caller& caller) {
    if (!shown_ && !terminal_) tell(count, count, caller, Clock::now());
  }

  void end() {
    if (terminal_ && shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  void tell(std::size_t done, std::size_t count, Caller& caller, Clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    const Histogram recent = caller.take_recent();
    const double rate = seconds > 0 ? static_cast<double>(recent.count()) / seconds : 0;
    std::string text =
        absl::StrFormat("%s %d/%d  %.0f calls/s  p99 %.1f ms", phase_.name, done, count, rate,
                        static_cast<double>(recent.quantile(0.99)) / 1'000);
    if (phase_.detail) absl::StrAppend(&text, "  ", phase_.detail());
    show(text);
    last_ = now;
    next_ = now + (terminal_ ? 1s : 5s);
  }

  void show(const std::string& text) {
    shown_ = true;
    if (terminal_) {
      std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
    } else {
      std::fprintf(stderr, "%s\n", text.c_str());
    }
    std::fflush(stderr);
  }

  const Phase& phase_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point last_ = Clock::now();
  Clock::time_point next_ = last_ + 1s;
};

}  // namespace

void watch_for_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  // The second one finds the default again.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return was_interrupted != 0; }

bool run_phase(const Phase& phase, Jobs& jobs, Caller& caller) {
  Line line(phase);
  [[maybe_unused]] const Histogram before = caller.take_recent();
  const bool finished =
      run(jobs, caller,
          {.outstanding = phase.outstanding,
           .outstanding_at = phase.outstanding_at,
           .stop = [&] { return interrupted() || caller.lost_touch(); },
           .tick = [&](std::size_t done) { line.tick(done, jobs.count(), caller); }});
  if (finished) line.finish(jobs.count(), caller);
  line.end();
  return finished;
}

}  // namespace wutong::load
