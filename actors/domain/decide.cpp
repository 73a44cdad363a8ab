#include "actors/domain/decide.h"

#include <algorithm>
#include <type_traits>

#include "actors/domain/calendar.h"
#include "actors/domain/checkout.h"
#include "actors/domain/content.h"
#include "actors/domain/draft.h"
#include "actors/domain/offset.h"
#include "actors/domain/refund.h"

namespace wutong::domain {
namespace {

constexpr Refused unknown_member{Refusal::member_unknown, Field::member};

template <typename Happened>
Decision decision_of(tl::expected<Happened, Refused> outcome) {
  Decision decision = Refused{};
  if (outcome) {
    // Built where it stays: an event is large.
    decision.emplace<Accepted>().event.emplace<Happened>(std::move(*outcome));
  } else {
    decision = outcome.error();
  }
  return decision;
}

/// The answer to an id that was used before: the same receipt, or what differs.
template <typename Happened, typename Asked>
Decision again(const Record& known, const Asked& asked) {
  const auto* happened = std::get_if<Happened>(&known);
  if (happened == nullptr) return Refused{Refusal::other_content, Field::none};
  const Field field = first_difference(happened->content, content_of(asked));
  if (field != Field::none) return Refused{Refusal::other_content, field};
  return Replay{known};
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Enroll& enroll, Instant now) {
  if (!member.empty()) return Refused{Refusal::member_exists, Field::member};
  return Accepted{Enrolled{.header = {.received_at = now,
                                      .program_version = program.version,
                                      .policy_version = policy.version},
                           .member_id = enroll.member_id}};
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Checkout& checkout, Instant now) {
  if (member.empty()) return unknown_member;
  if (const Record* known = find_record(member, checkout.key)) {
    return again<CheckedOut>(*known, checkout);
  }
  return decision_of(check_out(member, program, policy, checkout, now, Purpose::checkout));
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Refund& refund, Instant now) {
  if (member.empty()) return unknown_member;
  if (const Record* known = find_record(member, refund.key)) {
    return again<Refunded>(*known, refund);
  }
  return decision_of(refund_order(member, program, policy, refund, now));
}

}  // namespace

std::optional<Event> due(const Member& member, const Program& program, const RiskPolicy& policy,
                         Instant now) {
  const Day today = business_day(now, program.zone);
  const bool lapses = !member.holds.empty() && member.holds.front().lapses_at <= now;
  if (!lapses && next_expiry(member) >= today) return std::nullopt;
  Draft draft(member, today, now);
  draft.expire(program);
  const Balances after = draft.balances();
  return TimePassed{.header = {.received_at = now,
                               .program_version = program.version,
                               .policy_version = policy.version},
                    .effects = draft.take_effects(),
                    .after = after};
}

Decision decide(const Member& member, const Program& program, const RiskPolicy& policy,
                const Command& command, Instant now) {
  return std::visit(
      [&](const auto& asked) { return decide_on(member, program, policy, asked, now); }, command);
}

Quoted quote(const Member& member, const Program& program, const RiskPolicy& policy,
             const Quote& asked, Instant now) {
  const Checkout& checkout = asked.checkout;
  Quoted quoted{.offset_money = {},
                .cash_due = checkout.amount,
                .now = balances_of(member, business_day(now, program.zone), now),
                .program_version = program.version,
                .policy_version = policy.version};
  if (member.empty()) {
    quoted.refused = unknown_member;
    return quoted;
  }
  if (amounts_within_bounds(checkout) && !is_late(program, checkout, now)) {
    quoted.points_max = std::min(offset_maximum(program.offset, offset_base_of(checkout)),
                                 in_whole_steps(program.offset, quoted.now.available));
    quoted.offset_money_max = offset_money_of(program.offset, quoted.points_max).value_or(Money{});
  }
  auto outcome = check_out(member, program, policy, checkout, now, Purpose::quote);
  if (!outcome) {
    quoted.refused = outcome.error();
    return quoted;
  }
  quoted.offset_money = outcome->offset_money;
  quoted.cash_due = outcome->cash_due;
  quoted.eligible = outcome->eligible;
  quoted.awards = std::move(outcome->awards);
  quoted.checks = std::move(outcome->checks);
  return quoted;
}

}  // namespace wutong::domain
