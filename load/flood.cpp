#include "load/flood.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>

#include "load/batch_caller.h"
#include "load/caller.h"
#include "load/histogram.h"
#include "load/json.h"
#include "load/members.h"
#include "load/plain_checkout.h"
#include "load/progress.h"
#include "load/report.h"
#include "load/rules_file.h"

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

class FloodRun {
 public:
  FloodRun(const FloodFlags& flags, CallOptions calls, const Rules& rules)
      : flags_(flags),
        calls_(std::move(calls)),
        checkouts_(rules, flags.member_prefix, flags.members,
                   absl::StrCat("flood-", flags.seed, "-"), flags.seed,
                   flags.checkouts > 0 ? Buyers::in_turn : Buyers::by_chance) {}

  int to_end() {
    if (flags_.enroll && !enroll()) return exit_unfinished;
    begin_ = Clock::now();
    counted_from_ = begin_;
    if (flags_.checkouts == 0) {
      counted_from_ += std::chrono::seconds(flags_.warm_up_s);
      until_ = counted_from_ + std::chrono::seconds(flags_.seconds);
    }
    if (flags_.batch > 0) {
      in_batches();
    } else {
      alone();
    }
    return conclude();
  }

 private:
  bool enroll() {
    Caller caller(calls_);
    Findings findings;
    Enrollment enrollment({.members = flags_.members,
                           .member_id =
                               [&](std::uint32_t number) {
                                 return PlainCheckouts::member_id(flags_.member_prefix, number);
                               }},
                          caller, findings);
    const bool all = run(
        enrollment, caller,
        {.outstanding = flags_.common.total_outstanding(), .stop = [] { return interrupted(); }});
    return all && caller.stats().given_up == 0;
  }

  void alone() {
    Caller caller(calls_);
    const auto outstanding = flags_.common.total_outstanding();
    v1::CheckoutRequest request;
    while (!over()) {
      while (caller.under_way() < outstanding && !over()) {
        checkouts_.make(request);
        caller.checkout(request,
                        [this, sent = Clock::now()](const Answer<v1::CheckoutReply>& answer) {
                          const bool good = answer.status.ok() && answer.reply.has_receipt();
                          count(good, Clock::now() - sent);
                          if (good && reply_.empty()) reply_ = answer.reply.SerializeAsString();
                          if (!good && example_.empty()) example_ = text_of(answer);
                        });
      }
      caller.wait(std::chrono::system_clock::now() + milliseconds(100));
    }
    caller.stop_retrying();
    while (caller.under_way() > 0)
      caller.wait(std::chrono::system_clock::now() + milliseconds(100));
  }

  void in_batches() {
    BatchCaller caller(calls_,
                       {.batch = flags_.batch,
                        .outstanding = static_cast<std::uint32_t>(flags_.common.outstanding),
                        .fill = [this](v1::CheckoutRequest& request) { checkouts_.make(request); },
                        .answered =
                            [this](const v1::BatchItemReply& reply, Clock::duration took) {
                              const bool good = reply.checkout().has_receipt();
                              count(good, took);
                              if (!good && example_.empty()) example_ = reply.ShortDebugString();
                            }});
    bool whole = true;
    while (whole && !over()) {
      whole = caller.wait(std::chrono::system_clock::now() + milliseconds(100));
    }
    caller.stop();
    const auto patience = Clock::now() + calls_.timeout;
    while (whole && caller.under_way() > 0 && Clock::now() < patience) {
      whole = caller.wait(std::chrono::system_clock::now() + milliseconds(100));
    }
    if (!whole) {
      example_ = caller.trouble();
      ++failed_;
    }
  }

  /// In batches some may be sent beyond a number, up to a batch of each stream.
  [[nodiscard]] bool over() const {
    return interrupted() || Clock::now() >= until_ ||
           (flags_.checkouts > 0 && checkouts_.made() >= flags_.checkouts);
  }

  void count(bool good, Clock::duration took) {
    const auto now = Clock::now();
    if (!good) {
      ++failed_;
    } else if (now >= counted_from_ && now < until_) {
      last_counted_ = now;
      latency_.record(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    }
  }

  int conclude() {
    if (!flags_.reply_file.empty()) std::ofstream(flags_.reply_file, std::ios::binary) << reply_;
    const int code = interrupted() ? exit_interrupted : failed_ > 0 ? exit_wrong : exit_ok;
    const double rate = static_cast<double>(latency_.count()) / seconds();
    absl::PrintF(
        "%d checkouts, %.0f a second: p50 %.2f ms, p99 %.2f ms, most %.2f ms; %d failed%s%s\n",
        latency_.count(), rate, ms(0.5), ms(0.99), ms(1), failed_, failed_ > 0 ? ", as by " : "",
        example_);
    std::fflush(stdout);
    JsonWriter json;
    json.text("command", "flood");
    json.truth("ok", code == exit_ok);
    json.number("checkouts", static_cast<std::int64_t>(latency_.count()));
    json.real("checkouts_per_s", rate);
    json.number("failed", static_cast<std::int64_t>(failed_));
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

  [[nodiscard]] double seconds() const {
    if (flags_.checkouts == 0) return flags_.seconds;
    const std::chrono::duration<double> took = last_counted_ - counted_from_;
    return std::max(took.count(), 1e-9);
  }
  [[nodiscard]] double ms(double share) const {
    return static_cast<double>(latency_.quantile(share)) / 1e3;
  }

  const FloodFlags& flags_;
  const CallOptions calls_;
  PlainCheckouts checkouts_;
  Clock::time_point begin_;
  Clock::time_point counted_from_;
  Clock::time_point until_ = Clock::time_point::max();
  Clock::time_point last_counted_;
  Histogram latency_;
  std::uint64_t failed_ = 0;
  std::string example_;
  std::string reply_;
};

}  // namespace

int run_flood(const FloodFlags& flags) {
  auto calls = call_options(flags.common);
  auto rules = rules_of_file(flags.program_file);
  if (rules && rules->venues.empty()) {
    rules = tl::unexpected(std::string("a program without venues"));
  }
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  return FloodRun(flags, *std::move(calls), *rules).to_end();
}

}  // namespace wutong::load
