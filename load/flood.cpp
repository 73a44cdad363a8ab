#include "load/flood.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <utility>

#include "load/axis.h"
#include "load/batch_caller.h"
#include "load/caller.h"
#include "load/json.h"
#include "load/plain_checkout.h"
#include "load/plain_enrollment.h"
#include "load/progress.h"
#include "load/rules_file.h"
#include "load/run_page.h"
#include "load/sender.h"
#include "load/tally.h"
#include "load/timeline.h"

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
    if (flags_.enroll && !enroll_members(calls_, flags_.common.total_outstanding(),
                                         flags_.member_prefix, flags_.members)) {
      return exit_unfinished;
    }
    begin_ = Clock::now();
    counted_from_ = begin_;
    if (flags_.checkouts == 0) {
      counted_from_ += std::chrono::seconds(flags_.warm_up_s);
      until_ = counted_from_ + std::chrono::seconds(flags_.seconds);
    }
    timeline_.emplace(counted_from_, milliseconds(flags_.interval_ms));
    if (flags_.batch > 0) {
      in_batches();
    } else {
      alone();
    }
    return conclude();
  }

 private:
  void alone() {
    Caller caller(calls_);
    const auto outstanding = flags_.common.total_outstanding();
    v1::CheckoutRequest request;
    while (!over()) {
      while (caller.under_way() < outstanding && !over()) {
        checkouts_.make(request);
        caller.checkout(request, [this, sent = Clock::now()](Answer<v1::CheckoutReply> answer) {
          if (reply_.empty() && answer.reply.has_receipt()) {
            reply_ = answer.reply.SerializeAsString();
          }
          count(item_reply(0, std::move(answer)), Clock::now() - sent);
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
                        .answered = [this](const v1::BatchItemReply& reply,
                                           Clock::duration took) { count(reply, took); }});
    bool whole = true;
    while (whole && !over()) {
      whole = caller.wait(std::chrono::system_clock::now() + milliseconds(100));
    }
    caller.stop();
    const auto patience = Clock::now() + calls_.timeout;
    while (whole && caller.under_way() > 0 && Clock::now() < patience) {
      whole = caller.wait(std::chrono::system_clock::now() + milliseconds(100));
    }
    if (!whole) trouble_ = caller.trouble();
  }

  /// In batches some may be sent beyond a number, up to a batch of each stream.
  [[nodiscard]] bool over() const {
    return interrupted() || Clock::now() >= until_ ||
           (flags_.checkouts > 0 && checkouts_.made() >= flags_.checkouts);
  }

  void count(const v1::BatchItemReply& reply, Clock::duration took) {
    const auto now = Clock::now();
    const Ending ending = ending_of(reply);
    const bool in_time = now >= counted_from_ && now < until_;
    if (in_time) timeline_->answered_in_turn(now, took, ending);
    // What is wrong counts whenever it comes.
    if (!in_time && ending == Ending::done) return;
    tally_.add(reply, took);
    last_counted_ = now;
  }

  int conclude() {
    if (!flags_.reply_file.empty()) std::ofstream(flags_.reply_file, std::ios::binary) << reply_;
    timeline_->finish();
    const bool good = tally_.failed() + tally_.turned_away().count() == 0 && trouble_.empty();
    const int code = interrupted() ? exit_interrupted : good ? exit_ok : exit_wrong;
    absl::PrintF("%.0f checkouts a second; %s\n", rate(), tally_.text());
    if (!trouble_.empty()) absl::PrintF("%s\n", trouble_);
    std::fflush(stdout);
    return write_reports(flags_.common.json_file, json(code == exit_ok), flags_.html_file, page(),
                         code);
  }

  [[nodiscard]] std::string json(bool ok) const {
    JsonWriter json;
    json.text("command", "flood");
    json.truth("ok", ok);
    json.number("checkouts", static_cast<std::int64_t>(tally_.done().count()));
    json.real("checkouts_per_s", rate());
    tally_.write(json);
    write_timeline(json, *timeline_);
    return json.finish();
  }

  [[nodiscard]] std::string page() const {
    HtmlPage page("Closed loop: as many checkouts as are answered");
    page.paragraph(absl::StrFormat(
        "Sent for %.0f s: %s, %d connections, at most %d under way on each; %s members.", seconds(),
        flags_.batch == 0 ? "unary calls" : absl::StrCat("streams of batches of ", flags_.batch),
        flags_.common.channels, flags_.common.outstanding * std::max<int>(1, flags_.batch),
        number_text(flags_.members)));
    page.paragraph(
        "The next checkout goes out when another is answered, so latency tells how long each took "
        "under "
        "this load, and not what customers feel who come at times of their own.");
    add_origin(page, flags_.common.target);
    page.heading("Figures");
    page.paragraph(
        absl::StrCat(number_text(std::round(rate())), " checkouts a second; ", tally_.text(), "."));
    add_latencies(page, tally_);
    add_over_time(page, *timeline_, Loop::closed);
    add_distribution(page, tally_);
    return page.finish();
  }

  [[nodiscard]] double rate() const {
    return static_cast<double>(tally_.done().count()) / seconds();
  }
  [[nodiscard]] double seconds() const {
    if (flags_.checkouts == 0) return flags_.seconds;
    const std::chrono::duration<double> took = last_counted_ - counted_from_;
    return std::max(took.count(), 1e-9);
  }

  const FloodFlags& flags_;
  const CallOptions calls_;
  PlainCheckouts checkouts_;
  Clock::time_point begin_;
  Clock::time_point counted_from_;
  Clock::time_point until_ = Clock::time_point::max();
  Clock::time_point last_counted_;
  Tally tally_;
  std::optional<Timeline> timeline_;
  /// How a stream broke.
  std::string trouble_;
  std::string reply_;
};

}  // namespace

int run_flood(const FloodFlags& flags) {
  auto calls = call_options(flags.common);
  auto rules = rules_with_venue(flags.program_file);
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  return FloodRun(flags, *std::move(calls), *rules).to_end();
}

}  // namespace wutong::load
