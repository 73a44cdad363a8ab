#pragma once

#include <wutong/v1/points.pb.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/acknowledged.h"
#include "load/caller.h"
#include "load/effects.h"
#include "load/findings.h"
#include "load/jobs.h"
#include "load/members.h"
#include "load/outcomes.h"
#include "load/plan.h"
#include "load/requests.h"
#include "load/rules.h"

namespace wutong::load {

/// Sends a planned day and judges each answer as it comes: a duplicate must be the same receipt, the
/// same id with other content must be refused, and so on. Checkouts are effects 0 to orders − 1,
/// refunds come behind them.
class DayJobs final : public Jobs, public Effects {
 public:
  struct Parts {
    const Rules& rules;
    const Plan& plan;
    const std::vector<StartingMember>& members;
    Caller& caller;
    Acknowledged& acknowledged;
    Findings& findings;
    Outcomes& outcomes;
  };

  /// `sent_before`: the day was begun before, so each order is looked up first and sent as it was
  /// then. REQUIRES: the parts live longer.
  DayJobs(Parts parts, bool sent_before);

  [[nodiscard]] std::size_t count() const override { return plan_.steps.size(); }
  [[nodiscard]] std::optional<std::uint32_t> key(std::size_t job) const override;
  void start(std::size_t job, std::function<void()> done) override;

  [[nodiscard]] std::size_t effects() const override {
    return plan_.orders.size() + plan_.refunds.size();
  }
  [[nodiscard]] std::uint32_t member_of(std::size_t effect) const override;
  [[nodiscard]] std::string member_id(std::uint32_t member) const override {
    return requests_.member_id(member);
  }
  [[nodiscard]] std::variant<v1::CheckoutRequest, v1::RefundRequest> request(
      std::size_t effect) const override;
  [[nodiscard]] v1::GetReceiptRequest receipt_of(std::size_t effect) const override;

 private:
  using Next = std::function<void()>;
  enum class State : std::uint8_t { untried, accepted, refused, unknown };

  struct OrderState {
    Settled settled;
    State state = State::untried;
    /// When it asked for points: nothing else of the member was under way, and how many of the
    /// member's requests had been started by then.
    bool alone = false;
    std::uint32_t started_before = 0;
  };
  /// What is known of a member while the day runs.
  struct MemberState {
    std::int64_t available = 0;
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::uint32_t started = 0;
    std::uint32_t ended = 0;
  };

  void checkout(std::uint32_t order, Next done);
  void look_up_order(std::uint32_t order, Next done);
  void pay_with_points(std::uint32_t order, Next done);
  void settle(std::uint32_t order, std::int64_t points);
  void send(std::uint32_t order, Next done);
  void answered(std::uint32_t order, Answer<v1::CheckoutReply> answer, Next done);
  /// Whether the refusal of an order that asked for points is as it should be.
  [[nodiscard]] bool points_rightly_refused(std::uint32_t order, v1::RefusalCode code) const;

  void duplicate(std::uint32_t order, Next done);
  void other_content(const PlannedStep& step, Next done);
  void other_member(const PlannedStep& step, Next done);
  /// Counts `kind` if the answer refuses with `code` (and names `field`); tells it otherwise.
  void expect_refusal(const Answer<v1::CheckoutReply>& answer, v1::RefusalCode code,
                      const std::string& field, std::uint32_t order, Traffic kind);

  void refund(std::uint32_t refund, Next done);
  void send_refund(std::uint32_t refund, bool again, Next done);

  /// Takes note of a receipt; false if it contradicts what was acknowledged before.
  bool receive(std::size_t effect, const v1::Receipt& receipt);
  void wrong(const std::string& what, std::size_t effect, const std::string& text);
  [[nodiscard]] std::string name_of_effect(std::size_t effect) const;
  [[nodiscard]] MemberState& member_state(std::uint32_t order) {
    return member_states_[plan_.orders[order].member];
  }

  const Rules& rules_;
  const Plan& plan_;
  Caller& caller_;
  Acknowledged& acknowledged_;
  Findings& findings_;
  Outcomes& outcomes_;
  bool sent_before_;
  Requests requests_;
  std::vector<OrderState> orders_;
  std::vector<std::int64_t> refund_times_;
  std::vector<MemberState> member_states_;
  /// Effects that were answered as done now, and not as replayed.
  std::vector<bool> answered_as_new_;
};

}  // namespace wutong::load
