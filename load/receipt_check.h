#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/acknowledged.h"
#include "load/effects.h"
#include "load/findings.h"
#include "load/jobs.h"
#include "load/members.h"
#include "load/rules.h"

/// The receipt check: what was acknowledged is still there, byte for byte, once, and worth what the
/// rules say. In three parts, in this order.
namespace wutong::load {

/// Fetches every receipt again, those in doubt too.
class FetchReceipts final : public Jobs {
 public:
  /// REQUIRES: all live longer.
  FetchReceipts(const Effects& effects, Acknowledged& acknowledged, Caller& caller,
                Findings& findings);

  [[nodiscard]] std::size_t count() const override { return wanted_.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override;

  [[nodiscard]] std::uint64_t fetched() const { return fetched_; }
  /// Could not be asked for.
  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }

 private:
  void judge(std::size_t effect, const Answer<v1::GetReceiptReply>& answer);

  const Effects& effects_;
  Acknowledged& acknowledged_;
  Caller& caller_;
  Findings& findings_;
  std::vector<std::size_t> wanted_;
  std::uint64_t fetched_ = 0;
  std::uint64_t unanswered_ = 0;
};

/// Fetches every member that has something to check, and judges its receipts and its balance.
class JudgeMembers final : public Jobs {
 public:
  struct Parts {
    const Rules& rules;
    const Effects& effects;
    const std::vector<StartingMember>& members;
    const Acknowledged& acknowledged;
    Caller& caller;
    Findings& findings;
  };

  /// REQUIRES: the parts live longer.
  explicit JudgeMembers(Parts parts);

  [[nodiscard]] std::size_t count() const override { return wanted_.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override;

  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }

 private:
  void judge(std::uint32_t member, const v1::Member& now);

  Parts parts_;
  /// Members with receipts, and what they are.
  std::vector<std::uint32_t> wanted_;
  std::vector<std::vector<std::uint32_t>> effects_of_;
  std::uint64_t unanswered_ = 0;
};

/// No two receipts stand at one position of the journal.
void find_shared_positions(const Effects& effects, const Acknowledged& acknowledged,
                           Findings& findings);

}  // namespace wutong::load
