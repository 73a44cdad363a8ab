#include "load/day.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>

#include "load/acknowledged.h"
#include "load/day_jobs.h"
#include "load/members.h"
#include "load/pace.h"
#include "load/progress.h"
#include "load/receipt_check.h"
#include "load/report.h"
#include "load/rules_file.h"

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One run of the command, phase by phase.
class DayRun {
 public:
  DayRun(const DayFlags& flags, CallOptions calls, const Rules& rules, const Plan& plan)
      : flags_(flags),
        rules_(rules),
        plan_(plan),
        requests_(rules, plan),
        caller_(std::move(calls)),
        acknowledged_(plan.orders.size() + plan.refunds.size()) {}

  int to_end() {
    if (!flags_.acked_file.empty()) {
      if (const auto opened = acknowledged_.write_to(flags_.acked_file); !opened) {
        absl::FPrintF(stderr, "wutong-load: %s\n", opened.error());
        return exit_usage;
      }
    }
    finished_ = send() && check();
    acknowledged_.flush();
    return conclude();
  }

 private:
  bool send() {
    Enrollment enrollment({.members = plan_.options.members,
                           .member_id = [&](std::uint32_t i) { return requests_.member_id(i); }},
                          caller_, findings_);
    if (!run_phase({.name = "members", .outstanding = flags_.common.total_outstanding()},
                   enrollment, caller_)) {
      return false;
    }
    members_ = enrollment.members();
    made_now_ = enrollment.made_now();
    if (!std::ranges::all_of(members_, &StartingMember::known)) return false;
    if (!look_for_earlier_part()) return false;

    jobs_.emplace(DayJobs::Parts{.rules = rules_,
                                 .plan = plan_,
                                 .members = members_,
                                 .caller = caller_,
                                 .acknowledged = acknowledged_,
                                 .findings = findings_,
                                 .outcomes = outcomes_},
                  sent_before_);
    const auto start = Clock::now();
    pace_.emplace(plan_, flags_.common.total_outstanding());
    // The first order alone: by it a later start knows that the day was begun.
    Slice first(*jobs_, 0, 1);
    Slice others(*jobs_, 1, jobs_->count());
    const bool finished =
        run_phase({.name = "opening", .outstanding = 1}, first, caller_) &&
        run_phase({.name = absl::StrCat("day ", plan_.options.day),
                   .outstanding_at =
                       [&](std::size_t job) {
                         return pace_->outstanding_at(job + 1, caller_.under_way());
                       },
                   .detail = [&] { return so_far(); }},
                  others, caller_);
    seconds_ = seconds_since(start);
    return finished;
  }

  std::string so_far() {
    acknowledged_.flush();
    return absl::StrFormat("%s  %d orders, %d refunds, %d replays, %d given up, %d wrong",
                           pace_->text(), outcomes_.orders_accepted, outcomes_.refunds_accepted,
                           outcomes_.replays, outcomes_.given_up, findings_.examples().size());
  }

  /// A day that was cut short is sent again as it was. False if that cannot be known, or if it was
  /// another day.
  bool look_for_earlier_part() {
    bool known = false;
    caller_.get_receipt(requests_.order_receipt(0), [&](const Answer<v1::GetReceiptReply>& answer) {
      known = !answer.unknown;
      sent_before_ = answer.status.ok();
      const std::int64_t amount = answer.reply.receipt().record().checkout().amount_minor();
      same_day_ = !sent_before_ || amount == plan_.orders[0].amount_minor;
    });
    while (caller_.under_way() > 0) {
      if (interrupted()) caller_.stop_retrying();
      caller_.wait(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
    }
    if (!same_day_) {
      absl::FPrintF(stderr,
                    "wutong-load: day %d is in this ledger with another seed or size; take another "
                    "--day\n",
                    plan_.options.day);
    }
    if (sent_before_ && same_day_) {
      absl::FPrintF(stderr, "day %d was begun before; what is known is sent as it was then\n",
                    plan_.options.day);
    }
    return known && same_day_;
  }

  bool check() {
    const std::size_t outstanding = flags_.common.total_outstanding();
    FetchReceipts fetch(*jobs_, acknowledged_, caller_, findings_);
    bool finished = run_phase({.name = "receipts", .outstanding = outstanding}, fetch, caller_);
    find_shared_positions(*jobs_, acknowledged_, findings_);
    JudgeMembers judge({.rules = rules_,
                        .effects = *jobs_,
                        .members = members_,
                        .acknowledged = acknowledged_,
                        .caller = caller_,
                        .findings = findings_});
    finished =
        finished && run_phase({.name = "balances", .outstanding = outstanding}, judge, caller_);
    counts_ = {.acknowledged = acknowledged_.count(),
               .fetched = fetch.fetched(),
               .unanswered = fetch.unanswered() + judge.unanswered()};
    return finished && counts_.unanswered == 0;
  }

  int conclude() {
    const bool complete = finished_ && outcomes_.given_up == 0 && outcomes_.skipped == 0;
    const std::string rare = complete ? outcomes_.too_rare() : std::string();
    int code = exit_ok;
    if (!same_day_) {
      code = exit_usage;
    } else if (!findings_.none() || !rare.empty()) {
      code = exit_wrong;
    } else if (interrupted()) {
      code = exit_interrupted;
    } else if (!complete) {
      code = exit_unfinished;
    }
    print(rare, code);
    if (const auto written = write_file(flags_.common.json_file, json(rare, code)); !written) {
      absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
      return code == exit_ok ? exit_usage : code;
    }
    return code;
  }

  [[nodiscard]] double rate() const {
    return seconds_ > 0 ? static_cast<double>(outcomes_.requests) / seconds_ : 0;
  }

  void print(const std::string& rare, int code) {
    absl::PrintF(
        "\nday %d       %d requests in %.1f s: %.0f a second; %d members, %d of them new\n",
        plan_.options.day, outcomes_.requests, seconds_, rate(), plan_.options.members, made_now_);
    if (pace_) absl::PrintF("hours        %s\n", pace_->summary());
    print_outcomes(outcomes_);
    print_calls(caller_.stats());
    print_check(counts_, findings_);
    if (!rare.empty()) absl::PrintF("too rare (1 %% is the least): %s\n", rare);
    absl::PrintF("%s\n", code == exit_ok            ? "everything is as it should be"
                         : code == exit_interrupted ? "interrupted"
                         : code == exit_unfinished  ? "not finished"
                                                    : "FAILED");
    std::fflush(stdout);
  }

  std::string json(const std::string& rare, int code) {
    JsonWriter json;
    json.text("command", "day");
    json.truth("ok", code == exit_ok);
    json.truth("finished", finished_);
    json.number("day", plan_.options.day);
    json.number("seed", static_cast<std::int64_t>(plan_.options.seed));
    json.truth("sent_before", sent_before_);
    json.number("orders", static_cast<std::int64_t>(plan_.orders.size()));
    json.number("members", plan_.options.members);
    json.number("members_enrolled", static_cast<std::int64_t>(made_now_));
    json.number("requests", static_cast<std::int64_t>(outcomes_.requests));
    json.real("seconds", seconds_);
    json.real("rate", rate());
    if (pace_) pace_->write(json);
    write_outcomes(json, outcomes_);
    json.text("too_rare", rare);
    write_calls(json, caller_.stats());
    write_check(json, counts_, findings_);
    return json.finish();
  }

  const DayFlags& flags_;
  const Rules& rules_;
  const Plan& plan_;
  Requests requests_;
  Caller caller_;
  Acknowledged acknowledged_;
  Findings findings_;
  Outcomes outcomes_;
  std::vector<StartingMember> members_;
  std::size_t made_now_ = 0;
  std::optional<DayJobs> jobs_;
  std::optional<Pace> pace_;
  CheckCounts counts_;
  double seconds_ = 0;
  bool sent_before_ = false;
  bool same_day_ = true;
  bool finished_ = false;
};

}  // namespace

PlanOptions plan_options(const DayFlags& flags) {
  PlanOptions options = flags.plan;
  options.members =
      flags.members != 0 ? flags.members : std::clamp(options.orders / 4, 1U, 50'000U);
  return options;
}

int run_day(const DayFlags& flags) {
  auto calls = call_options(flags.common);
  auto rules = rules_of_file(flags.program_file);
  if (rules && rules->venues.empty())
    rules = tl::unexpected(std::string("a program without venues"));
  if (!calls || !rules) {
    absl::FPrintF(stderr, "wutong-load: %s\n", !calls ? calls.error() : rules.error());
    return exit_usage;
  }
  const Plan plan = plan_day(*rules, plan_options(flags));
  return DayRun(flags, *std::move(calls), *rules, plan).to_end();
}

}  // namespace wutong::load
