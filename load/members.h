#pragma once

#include <wutong/v1/points.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/findings.h"
#include "load/jobs.h"

namespace wutong::load {

/// A member as it was when the run found or made it.
struct StartingMember {
  v1::Member member;
  /// Made by this run, so nothing had happened before.
  bool made_now = false;
  /// The gateway answered.
  bool known = false;
};

/// Enrolls members 0 to count − 1.
class Enrollment final : public Jobs {
 public:
  struct Options {
    std::size_t members = 0;
    std::function<std::string(std::uint32_t)> member_id;
    /// Only in a ledger with `clock=caller`.
    std::optional<std::int64_t> received_at_unix_ms;
  };

  /// REQUIRES: `caller` and `findings` live longer.
  Enrollment(Options options, Caller& caller, Findings& findings)
      : options_(std::move(options)),
        caller_(caller),
        findings_(findings),
        members_(options_.members) {}

  [[nodiscard]] std::size_t count() const override { return options_.members; }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t) const override {
    return std::nullopt;
  }
  void start(std::size_t job, std::function<void()> done) override;

  [[nodiscard]] const std::vector<StartingMember>& members() const { return members_; }
  [[nodiscard]] std::size_t made_now() const;

 private:
  Options options_;
  Caller& caller_;
  Findings& findings_;
  std::vector<StartingMember> members_;
};

}  // namespace wutong::load
