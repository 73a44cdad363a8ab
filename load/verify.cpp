#include "load/verify.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <utility>
#include <vector>

#include "load/acknowledged.h"
#include "load/findings.h"
#include "load/progress.h"
#include "load/report.h"

namespace wutong::load {
namespace {

class Comparison final : public Jobs {
 public:
  Comparison(Caller& caller, Findings& findings) : caller_(caller), findings_(findings) {}

  void add(v1::GetReceiptRequest asked, std::string record) {
    receipts_.emplace_back(std::move(asked), std::move(record));
  }

  [[nodiscard]] std::size_t count() const override { return receipts_.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override {
    caller_.get_receipt(receipts_[job].first, [this, job, done = std::move(done)](
                                                  const Answer<v1::GetReceiptReply>& answer) {
      judge(job, answer);
      done();
    });
  }

  [[nodiscard]] const CheckCounts& counts() const { return counts_; }

 private:
  void judge(std::size_t job, const Answer<v1::GetReceiptReply>& answer) {
    ++counts_.acknowledged;
    if (answer.unknown) {
      ++counts_.unanswered;
      return;
    }
    ++counts_.fetched;
    const auto& [asked, record] = receipts_[job];
    if (!answer.status.ok()) {
      findings_.add(Finding::lost, absl::StrCat(asked.ShortDebugString(), ": ",
                                                text_of(answer.status, answer.detail)));
    } else if (bytes_of(answer.reply.receipt().record()) != record) {
      findings_.add(Finding::changed, asked.ShortDebugString());
    }
  }

  Caller& caller_;
  Findings& findings_;
  std::vector<std::pair<v1::GetReceiptRequest, std::string>> receipts_;
  CheckCounts counts_;
};

}  // namespace

int run_verify(const VerifyFlags& flags) {
  auto calls = call_options(flags.common);
  if (!calls) {
    absl::FPrintF(stderr, "wutong-load: %s\n", calls.error());
    return exit_usage;
  }
  Caller caller(*std::move(calls));
  Findings findings;
  Comparison comparison(caller, findings);
  const auto read =
      read_acknowledged(flags.acked_file, [&](v1::GetReceiptRequest asked, std::string record) {
        comparison.add(std::move(asked), std::move(record));
      });
  if (!read) {
    absl::FPrintF(stderr, "wutong-load: %s\n", read.error());
    return exit_usage;
  }
  const bool finished = run_phase(
      {.name = "receipts", .outstanding = flags.common.total_outstanding()}, comparison, caller);

  int code = exit_ok;
  if (!findings.none()) {
    code = exit_wrong;
  } else if (interrupted()) {
    code = exit_interrupted;
  } else if (!finished || comparison.counts().unanswered > 0) {
    code = exit_unfinished;
  }
  print_calls(caller.stats());
  print_check(comparison.counts(), findings);
  JsonWriter json;
  json.text("command", "verify");
  json.truth("ok", code == exit_ok);
  write_calls(json, caller.stats());
  write_check(json, comparison.counts(), findings);
  if (const auto written = write_file(flags.common.json_file, json.finish()); !written) {
    absl::FPrintF(stderr, "wutong-load: %s\n", written.error());
    return code == exit_ok ? exit_usage : code;
  }
  return code;
}

}  // namespace wutong::load
