#include "actors/domain/decide.h"

#include <algorithm>
#include <type_traits>

#include "actors/domain/calendar.h"
#include "actors/domain/checkout.h"
#include "actors/domain/content.h"
#include "actors/domain/decided_under.h"
#include "actors/domain/draft.h"
#include "actors/domain/grants.h"
#include "actors/domain/holds.h"
#include "actors/domain/identities.h"
#include "actors/domain/offset.h"
#include "actors/domain/refund.h"

namespace wutong::domain {
namespace {

constexpr Refused unknown_member{Refusal::member_unknown, Field::member};

/// Of what either refuses or builds an event where it stays: an event is large.
template <typename Decide>
Decision decision_of(Decide decide) {
  Decision decision;
  if (const auto refused = decide(decision.emplace<Accepted>().event)) decision = *refused;
  return decision;
}

Field first_difference(const CheckedOut& known, const Checkout& asked) {
  return first_difference(known.content, content_of(asked));
}
Field first_difference(const Refunded& known, const Refund& asked) {
  return first_difference(known.content, content_of(asked));
}
Field first_difference(const Held& known, const Hold& asked) {
  return first_difference(known.content, content_of(asked));
}
Field first_difference(const Granted& known, const Grant& asked) {
  return first_difference(known.content, content_of(asked));
}
/// Its key is made of the hold's, and there is nothing else to a release.
Field first_difference(const Released&, const Release&) { return Field::none; }
Field first_difference(const GrantRevoked& known, const RevokeGrant& asked) {
  if (known.grant != asked.grant) return Field::grant_id;
  if (known.occurred_at != asked.occurred_at) return Field::occurred_at;
  if (known.reason != asked.reason) return Field::reason;
  return Field::none;
}

/// The answer to an id that was used before: the same receipt, or what differs.
template <typename Happened, typename Asked>
Decision again(const Record& known, const Asked& asked) {
  const auto* happened = std::get_if<Happened>(&known);
  if (happened == nullptr) return Refused{Refusal::other_content, Field::none};
  const Field field = first_difference(*happened, asked);
  if (field != Field::none) return Refused{Refusal::other_content, field};
  return Replay{known};
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Enroll& enroll, Instant now) {
  if (!member.empty()) return Refused{Refusal::member_exists, Field::member};
  return Accepted{
      Enrolled{.header = decided_under(program, policy, now), .member_id = enroll.member_id}};
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Checkout& checkout, Instant now) {
  if (member.empty()) return unknown_member;
  if (const Record* known = find_record(member, checkout.key)) {
    return again<CheckedOut>(*known, checkout);
  }
  if (!member.records.empty()) {
    if (const Record* known = find_decline(member, checkout.key, content_of(checkout))) {
      return Replay{*known};
    }
  }
  return decision_of([&](Event& happened) {
    return check_out(member, program, policy, checkout, now, Purpose::checkout, happened);
  });
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Refund& refund, Instant now) {
  if (member.empty()) return unknown_member;
  if (const Record* known = find_record(member, refund.key)) {
    return again<Refunded>(*known, refund);
  }
  if (const Record* known = find_decline(member, refund.key, content_of(refund))) {
    return Replay{*known};
  }
  return decision_of([&](Event& happened) {
    return refund_order(member, program, policy, refund, now, happened);
  });
}

/// Of a command that either takes effect or is refused.
template <typename Happened, typename Asked, typename Decide>
Decision decide_once(const Member& member, const Asked& asked, Decide decide) {
  if (member.empty()) return unknown_member;
  if (const Record* known = find_record(member, asked.key)) return again<Happened>(*known, asked);
  tl::expected<Happened, Refused> outcome = decide();
  if (!outcome) return outcome.error();
  return Accepted{std::move(*outcome)};
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Hold& hold, Instant now) {
  return decide_once<Held>(member, hold,
                           [&] { return hold_points(member, program, policy, hold, now); });
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Release& release, Instant now) {
  return decide_once<Released>(member, release,
                               [&] { return release_hold(member, program, policy, release, now); });
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const Grant& grant, Instant now) {
  return decide_once<Granted>(member, grant,
                              [&] { return grant_points(member, program, policy, grant, now); });
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const RevokeGrant& revocation, Instant now) {
  return decide_once<GrantRevoked>(
      member, revocation, [&] { return revoke_grant(member, program, policy, revocation, now); });
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const LinkIdentity& link, Instant now) {
  return link_identity(member, program, policy, link, now);
}

Decision decide_on(const Member& member, const Program& program, const RiskPolicy& policy,
                   const UnlinkIdentity& unlink, Instant now) {
  return unlink_identity(member, program, policy, unlink, now);
}

}  // namespace

std::optional<Event> due(const Member& member, const Program& program, const RiskPolicy& policy,
                         Instant now) {
  const Day today = business_day(now, program.zone);
  if (!is_due(next_due(member), today, now)) return std::nullopt;
  Draft draft(member, today, now);
  draft.expire(program);
  const Balances after = draft.balances();
  return TimePassed{.header = decided_under(program, policy, now),
                    .effects = draft.take_effects(),
                    .after = after};
}

Decision decide(const Member& member, const Program& program, const RiskPolicy& policy,
                const Command& command, Instant now) {
  return std::visit(
      [&](const auto& asked) { return decide_on(member, program, policy, asked, now); }, command);
}

Decision decide(const Member& member, const Program& program, const RiskPolicy& policy,
                const Checkout& checkout, Instant now) {
  return decide_on(member, program, policy, checkout, now);
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
  const bool captures = !checkout.hold_id.empty();
  const bool late = is_late(program, checkout.origin, checkout.occurred_at, now);
  if (amounts_within_bounds(checkout) && (captures || !late)) {
    const Points payable = captures ? held_by(member, checkout.hold, now) : quoted.now.available;
    quoted.points_max = std::min(offset_maximum(program.offset, offset_base_of(checkout)),
                                 in_whole_steps(program.offset, payable));
    quoted.offset_money_max = offset_money_of(program.offset, quoted.points_max).value_or(Money{});
  }
  Event event;
  quoted.refused = check_out(member, program, policy, checkout, now, Purpose::quote, event);
  if (auto* declined = std::get_if<Declined>(&event)) {
    quoted.declined = true;
    quoted.checks = std::move(declined->checks);
  } else if (auto* happened = std::get_if<CheckedOut>(&event)) {
    quoted.offset_money = happened->offset_money;
    quoted.cash_due = happened->cash_due;
    quoted.eligible = happened->eligible;
    quoted.awards = std::move(happened->awards);
    quoted.checks = std::move(happened->checks);
  }
  return quoted;
}

}  // namespace wutong::domain
