#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "actors/domain/command.h"
#include "actors/domain/decide.h"
#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"
#include "tests/actors/domain/oracle/earning.h"
#include "tests/actors/domain/oracle/limits.h"
#include "tests/actors/domain/oracle/purse.h"

/// The rules D1 to D14 a second time, written from their text alone and another way: single grants in
/// time instead of lots, exact fractions, counters that are counted anew. It calls nothing of the
/// domain; documents and commands are its input, and refusals have the domain's names.
namespace wutong::oracle {

/// What the oracle says of a command.
struct Outcome {
  enum class Kind : std::uint8_t { accepted = 1, declined = 2, replay = 3, refused = 4 };
  Kind kind = Kind::accepted;
  domain::Refused refused;
  /// Of a replay: the number of the run that it repeats.
  std::size_t replay_of = 0;

  std::int64_t eligible = 0;
  std::int64_t offset_money = 0;
  std::int64_t cash_due = 0;
  bool late = false;
  std::vector<Award> awards;

  std::int64_t amount = 0;
  std::int64_t excluded = 0;
  std::int64_t cash_back = 0;
  std::int64_t clawed_back = 0;
  std::int64_t given_back = 0;
  std::int64_t total_amount = 0;
  std::int64_t total_excluded = 0;
  std::int64_t total_offset_money = 0;
  std::set<std::uint32_t> total_lines;
  /// By award line and by use.
  std::vector<std::int64_t> total_clawed_back;
  std::vector<std::int64_t> total_given_back;

  /// Of a grant, a revocation, a hold or its release.
  std::int64_t points = 0;
  /// Of what is taken back: neither covered nor owed.
  std::int64_t booked_loss = 0;
  /// When the order, grant or hold occurred that is refunded, revoked or released.
  domain::Instant of_what_occurred_at;

  domain::Instant lapses_at;
  std::vector<Seen> seen;
  Changes changes;
  /// Once all is done.
  struct After {
    std::int64_t available = 0;
    std::int64_t held = 0;
    std::int64_t debt = 0;
  };
  After after;
  /// What cannot be, whatever the domain answers.
  std::string complaint;
};

/// What the text leaves open, as the domain settled it: taken over after a check that it is allowed.
struct Told {
  /// What limits saw: a sliding window is exact to a granularity only.
  std::vector<domain::RiskCheck> checks;
  /// Given back of each use, if a refund took effect: of a lot that several parties accepted points of
  /// only the sum is said.
  std::optional<std::map<std::size_t, std::int64_t>> given_back;
};

/// One member. `pass_time` comes before each `run`, at the same instant.
class Oracle {
 public:
  domain::Program program;
  domain::RiskPolicy policy;

  /// Nothing if time has changed nothing.
  std::optional<Changes> pass_time(domain::Instant now);

  /// Runs are numbered from 0. Without `told` the oracle settles what is open by itself.
  Outcome run(const domain::Command& command, domain::Instant now, const Told* told = nullptr);

  [[nodiscard]] const Purse& purse() const { return purse_; }
  [[nodiscard]] bool enrolled() const { return !member_.empty(); }
  [[nodiscard]] std::int32_t today(domain::Instant now) const;

 private:
  struct Order {
    domain::Checkout checkout;
    domain::Instant paid_at;
    std::int32_t day = 0;
    std::vector<Award> awards;
    std::vector<Terms> award_terms;
    std::vector<Use> uses;
    std::int64_t eligible = 0;
    std::int64_t offset_money = 0;

    std::int64_t refunds = 0;
    std::int64_t refunded = 0;
    std::int64_t excluded_refunded = 0;
    std::int64_t offset_money_back = 0;
    std::set<std::uint32_t> lines_refunded;
    std::vector<std::int64_t> clawed_back;
    std::vector<std::int64_t> given_back;
  };
  struct GrantMade {
    domain::Instant given_at;
    domain::Instant occurred_at;
    Terms terms;
    std::int64_t points = 0;
    bool revoked = false;
  };
  /// What a refund asks for.
  struct Part {
    std::int64_t amount = 0;
    std::int64_t excluded = 0;
    std::vector<std::uint32_t> lines;
    domain::Field field = domain::Field::none;
  };
  struct Known {
    domain::Command command;
    std::size_t run = 0;
  };
  using Guard = std::optional<Outcome>;

  Outcome answer(const domain::Enroll& enroll);
  /// Identities move no points; no script asks for them.
  static Outcome answer(const domain::LinkIdentity& link);
  static Outcome answer(const domain::UnlinkIdentity& unlink);
  Outcome answer(const domain::Checkout& checkout);
  Outcome answer(const domain::Refund& refund);
  Outcome answer(const domain::Hold& hold);
  Outcome answer(const domain::Release& release);
  Outcome answer(const domain::Grant& grant);
  Outcome answer(const domain::RevokeGrant& revoke);

  /// What D13 puts first: unknown member, known record, back-dating.
  Guard first_guards(domain::RecordKey key, domain::Instant occurred_at) const;
  Guard guard_known(domain::RecordKey key) const;
  Guard guard_sums(const domain::Checkout& checkout) const;
  Guard guard_hold(const domain::Checkout& checkout) const;
  Guard guard_points(const domain::Checkout& checkout) const;
  std::variant<Part, Outcome> part_of(const domain::Refund& refund, const Order& order) const;

  void take_back_awards(Order& order, Outcome& outcome, bool& uncovered);
  void give_back_uses(Order& order, Outcome& outcome);
  [[nodiscard]] std::vector<std::int64_t> given_back_in_total(const Order& order,
                                                              std::string& complaint) const;
  [[nodiscard]] const std::vector<domain::RiskCheck>* checks_told() const {
    return told_ == nullptr ? nullptr : &told_->checks;
  }
  static std::int64_t lost_of(const Order& order, std::size_t line, std::int64_t points);

  [[nodiscard]] domain::Instant counts_as(domain::Instant occurred_at) const;
  [[nodiscard]] bool is_late(domain::Instant occurred_at, const domain::Origin& origin) const;
  [[nodiscard]] Terms terms_of(domain::PartyId party, std::int32_t last_day) const;
  [[nodiscard]] static Outcome refused(domain::Refusal refusal, domain::Field field);
  /// Whether nothing live declines; what a live cap leaves of `points`.
  [[nodiscard]] static bool declined(const std::vector<Seen>& seen);
  [[nodiscard]] static std::int64_t capped(const std::vector<Seen>& seen, std::int64_t points);

  std::string member_;
  Purse purse_;
  Counts counts_;
  std::map<domain::RecordKey, Order> orders_;
  std::map<domain::RecordKey, GrantMade> grants_;
  /// Each hold that was made, and when.
  std::map<domain::RecordKey, domain::Instant> holds_;
  /// By the command's own key: what took effect, and what was declined.
  std::map<domain::RecordKey, Known> known_;
  std::map<domain::RecordKey, std::vector<Known>> declined_;

  /// Of the run under way.
  std::size_t runs_ = 0;
  const domain::Command* asked_ = nullptr;
  domain::Instant now_;
  const Told* told_ = nullptr;
};

}  // namespace wutong::oracle
