#include "load/steady.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "load/caller.h"
#include "load/histogram.h"
#include "load/json.h"
#include "load/plain_checkout.h"
#include "load/progress.h"
#include "load/report.h"
#include "load/rules_file.h"

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;

class SteadyRun {
 public:
  SteadyRun(const SteadyFlags& flags, CallOptions calls, const Rules& rules)
      : flags_(flags),
        caller_(std::move(calls)),
        checkouts_(rules, flags.member_prefix, flags.members,
                   absl::StrCat("steady-", flags.seed, "-"), flags.seed) {}

  int to_end() {
    const std::uint64_t warm_up = std::uint64_t{flags_.rate} * flags_.warm_up_s;
    const std::uint64_t checkouts = warm_up + std::uint64_t{flags_.rate} * flags_.seconds;
    const auto start = Clock::now();
    for (std::uint64_t number = 0; number < checkouts && !interrupted(); ++number) {
      const auto at = start + std::chrono::microseconds(number * 1'000'000 / flags_.rate);
      for (auto now = Clock::now(); now < at; now = Clock::now()) {
        caller_.wait(std::chrono::system_clock::now() + (at - now));
      }
      send(at, number >= warm_up);
    }
    while (caller_.under_way() > 0) {
      if (interrupted()) caller_.stop_retrying();
      caller_.wait(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
    }
    return conclude();
  }

 private:
  void send(Clock::time_point at, bool counted) {
    v1::CheckoutRequest request;
    checkouts_.make(request);
    under_way_max_ = std::max(under_way_max_, caller_.under_way());
    caller_.checkout(std::move(request),
                     [this, at, counted](const Answer<v1::CheckoutReply>& answer) {
                       if (!answer.status.ok() || !answer.reply.has_receipt()) {
                         if (failed_++ == 0) example_ = text_of(answer);
                         return;
                       }
                       if (!counted) return;
                       const auto took = Clock::now() - at;
                       latency_.record(static_cast<std::uint64_t>(
                           std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
                     });
  }

  int conclude() {
    const int code = interrupted() ? exit_interrupted : failed_ > 0 ? exit_wrong : exit_ok;
    absl::PrintF(
        "%d checkouts at %d a second: p50 %.2f ms, p99 %.2f ms, most %.2f ms; %d failed%s%s\n",
        latency_.count(), flags_.rate, ms(0.5), ms(0.99), ms(1), failed_,
        failed_ > 0 ? ", as by " : "", example_);
    std::fflush(stdout);
    JsonWriter json;
    json.text("command", "steady");
    json.truth("ok", code == exit_ok);
    json.number("checkouts", static_cast<std::int64_t>(latency_.count()));
    json.number("failed", static_cast<std::int64_t>(failed_));
    json.number("under_way_max", static_cast<std::int64_t>(under_way_max_));
    json.real("p50_ms", ms(0.5));
    json.real("p90_ms", ms(0.9));
    json.real("p99_ms", ms(0.99));
    json.real("max_ms", ms(1));
    if (const auto written = write_json(flags_.common.json_file, json.finish()); !written) {
      absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
      return code == exit_ok ? exit_usage : code;
    }
    return code;
  }

  [[nodiscard]] double ms(double share) const {
    return static_cast<double>(latency_.quantile(share)) / 1e3;
  }

  const SteadyFlags& flags_;
  Caller caller_;
  PlainCheckouts checkouts_;
  Histogram latency_;
  std::size_t under_way_max_ = 0;
  std::uint64_t failed_ = 0;
  std::string example_;
};

}  // namespace

int run_steady(const SteadyFlags& flags) {
  auto calls = call_options(flags.common);
  auto rules = rules_of_file(flags.program_file);
  if (rules && rules->venues.empty()) {
    rules = tl::unexpected(std::string("a program without venues"));
  }
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  return SteadyRun(flags, *std::move(calls), *rules).to_end();
}

}  // namespace wutong::load
