#include "load/replay.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>

#include "load/expectations.h"
#include "load/members.h"
#include "load/progress.h"
#include "load/receipt_check.h"
#include "load/replay_jobs.h"
#include "load/report.h"
#include "load/rules_file.h"

namespace wutong::load {
namespace {

/// One run of the command, phase by phase.
class ReplayRun {
 public:
  struct Input {
    Rules rules;
    std::string venue;
    ReplayFile file;
    std::map<std::string, std::int64_t> expectations;
  };

  ReplayRun(const ReplayFlags& flags, CallOptions calls, const Input& input)
      : flags_(flags.common),
        answers_file_(flags.answers_file),
        input_(input),
        caller_(std::move(calls)),
        acknowledged_(input.file.rows.size()),
        jobs_({.file = input.file,
               .venue = input.venue,
               .currency = input.rules.currency,
               .points_every = flags.points_every,
               .caller = caller_,
               .acknowledged = acknowledged_,
               .findings = findings_}) {}

  int to_end() {
    finished_ = send() && check();
    return conclude();
  }

 private:
  bool send() {
    const auto& rows = input_.file.rows;
    // All before the first row: a member's time begins with its enrollment.
    Enrollment enrollment(
        {.members = input_.file.members.size(),
         .member_id = [&](std::uint32_t member) { return input_.file.members[member]; },
         .received_at_unix_ms = rows.empty() ? 0 : rows.front().occurred_at_unix_ms},
        caller_, findings_);
    if (!run_phase(phase("members"), enrollment, caller_)) return false;
    members_ = enrollment.members();
    if (!std::ranges::all_of(members_, &StartingMember::known)) return false;

    const auto start = std::chrono::steady_clock::now();
    const bool finished = run_phase(phase("rows"), jobs_, caller_);
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return finished && jobs_.given_up() == 0;
  }

  bool check() {
    FetchReceipts fetch(jobs_, acknowledged_, caller_, findings_);
    bool finished = run_phase(phase("receipts"), fetch, caller_);
    find_shared_positions(jobs_, acknowledged_, findings_);
    JudgeMembers judge({.rules = input_.rules,
                        .effects = jobs_,
                        .members = members_,
                        .acknowledged = acknowledged_,
                        .caller = caller_,
                        .findings = findings_});
    finished = finished && run_phase(phase("balances"), judge, caller_);
    counts_ = {.acknowledged = acknowledged_.count(),
               .fetched = fetch.fetched(),
               .unanswered = fetch.unanswered() + judge.unanswered()};
    return finished && counts_.unanswered == 0;
  }

  int conclude() {
    const std::vector<std::string> surprises =
        finished_ ? unmet(input_.expectations, jobs_.totals()) : std::vector<std::string>();
    int code = exit_ok;
    if (!findings_.none() || !surprises.empty()) {
      code = exit_wrong;
    } else if (interrupted()) {
      code = exit_interrupted;
    } else if (!finished_) {
      code = exit_unfinished;
    }
    print(surprises, code);
    auto written = write_file(flags_.json_file, json(surprises, code));
    if (written && !answers_file_.empty()) written = jobs_.write_answers(answers_file_);
    if (!written) {
      absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
      return code == exit_ok ? exit_usage : code;
    }
    return code;
  }

  void print(const std::vector<std::string>& surprises, int code) {
    const auto rows = input_.file.rows.size();
    absl::PrintF("\nreplay       %d rows of %d members in %.1f s: %.0f a second\n", rows,
                 input_.file.members.size(), seconds_,
                 seconds_ > 0 ? static_cast<double>(rows) / seconds_ : 0);
    for (const auto& [name, total] : jobs_.totals()) absl::PrintF("  %-24s %d\n", name, total);
    print_calls(caller_.stats());
    print_check(counts_, findings_);
    for (const std::string& surprise : surprises) absl::PrintF("not as expected: %s\n", surprise);
    absl::PrintF("%s\n", code == exit_ok            ? "everything is as it should be"
                         : code == exit_interrupted ? "interrupted"
                         : code == exit_unfinished  ? "not finished"
                                                    : "FAILED");
    std::fflush(stdout);
  }

  std::string json(const std::vector<std::string>& surprises, int code) {
    JsonWriter json;
    json.text("command", "replay");
    json.truth("ok", code == exit_ok);
    json.truth("finished", finished_);
    json.number("rows", static_cast<std::int64_t>(input_.file.rows.size()));
    json.number("members", static_cast<std::int64_t>(input_.file.members.size()));
    json.real("seconds", seconds_);
    json.begin_object("totals");
    for (const auto& [name, total] : jobs_.totals()) json.number(name, total);
    json.end_object();
    json.begin_list("not_as_expected");
    for (const std::string& surprise : surprises) json.item(surprise);
    json.end_list();
    write_calls(json, caller_.stats());
    write_check(json, counts_, findings_);
    return json.finish();
  }

  [[nodiscard]] Phase phase(std::string name) const {
    return {.name = std::move(name), .outstanding = flags_.total_outstanding()};
  }

  const CommonFlags& flags_;
  const std::string& answers_file_;
  const Input& input_;
  Caller caller_;
  Acknowledged acknowledged_;
  Findings findings_;
  ReplayJobs jobs_;
  std::vector<StartingMember> members_;
  CheckCounts counts_;
  double seconds_ = 0;
  bool finished_ = false;
};

tl::expected<ReplayRun::Input, std::string> input_of(const ReplayFlags& flags) {
  ReplayRun::Input input;
  auto rules = rules_of_file(flags.program_file);
  if (!rules) return tl::unexpected(rules.error());
  input.rules = *std::move(rules);
  if (!flags.venue.empty()) {
    input.venue = flags.venue;
  } else if (input.rules.venues.size() == 1) {
    input.venue = input.rules.venues.front().id;
  } else {
    return tl::unexpected(std::string("the program has several venues: --venue says which"));
  }
  if (input.rules.venue(input.venue) == nullptr) {
    return tl::unexpected(absl::StrCat("the program has no venue ", input.venue));
  }
  auto expectations = expectations_of(flags.expect);
  if (!expectations) return tl::unexpected(absl::StrCat("--expect: ", expectations.error()));
  input.expectations = *std::move(expectations);

  std::ifstream in(flags.csv_file, std::ios::binary);
  if (!in) return tl::unexpected(absl::StrCat("cannot read ", flags.csv_file));
  auto file = read_replay(in);
  if (!file) return tl::unexpected(absl::StrCat(flags.csv_file, ": ", file.error()));
  input.file = *std::move(file);
  return input;
}

}  // namespace

int run_replay(const ReplayFlags& flags) {
  auto calls = call_options(flags.common);
  if (!calls) {
    absl::FPrintF(stderr, "wutong-load: %s\n", calls.error());
    return exit_usage;
  }
  const auto input = input_of(flags);
  if (!input) {
    absl::FPrintF(stderr, "wutong-load: %s\n", input.error());
    return exit_usage;
  }
  return ReplayRun(flags, *std::move(calls), *input).to_end();
}

}  // namespace wutong::load
