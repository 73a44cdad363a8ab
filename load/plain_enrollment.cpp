#include "load/plain_enrollment.h"

#include <absl/strings/str_format.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <utility>

#include "load/plain_checkout.h"
#include "load/progress.h"

namespace wutong::load {
namespace {

/// Remembers nobody, as there may be ten million of them.
class PlainEnrollment final : public Jobs {
 public:
  PlainEnrollment(Caller& caller, const std::string& member_prefix, std::uint32_t members)
      : caller_(caller), member_prefix_(member_prefix), members_(members) {}

  [[nodiscard]] std::size_t count() const override { return members_; }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override {
    v1::EnrollRequest request;
    request.set_member_id(
        PlainCheckouts::member_id(member_prefix_, static_cast<std::uint32_t>(job)));
    caller_.enroll(std::move(request),
                   [this, done = std::move(done)](const Answer<v1::EnrollReply>& answer) {
                     const bool enrolled = answer.status.ok() && answer.reply.has_member();
                     if (!enrolled && failed_++ == 0) example_ = text_of(answer);
                     done();
                   });
  }

  [[nodiscard]] std::uint64_t failed() const { return failed_; }
  [[nodiscard]] const std::string& example() const { return example_; }

 private:
  Caller& caller_;
  const std::string& member_prefix_;
  const std::uint32_t members_;
  std::uint64_t failed_ = 0;
  std::string example_;
};

}  // namespace

bool enroll_members(const CallOptions& calls, std::size_t outstanding,
                    const std::string& member_prefix, std::uint32_t members) {
  CallOptions patient = calls;
  patient.give_up_after = std::chrono::seconds(60);
  Caller caller(patient);
  PlainEnrollment enrollment(caller, member_prefix, members);
  const bool all = run_phase({.name = "enrolling", .outstanding = outstanding}, enrollment, caller);
  if (enrollment.failed() > 0) {
    absl::FPrintF(stderr, "wutong-load: %d members could not be enrolled, as by %s\n",
                  enrollment.failed(), enrollment.example());
  }
  return all && enrollment.failed() == 0;
}

}  // namespace wutong::load
