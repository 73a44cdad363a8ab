#include "actors/domain/grants.h"

#include <algorithm>

#include "actors/domain/calendar.h"
#include "actors/domain/content.h"
#include "actors/domain/decided_under.h"
#include "actors/domain/draft.h"
#include "actors/domain/expiry.h"
#include "actors/domain/guards.h"
#include "actors/domain/shortfall.h"

namespace wutong::domain {
namespace {

bool is_revoked(const Member& member, RecordKey grant) {
  return std::ranges::any_of(member.records, [&](const Record& record) {
    const auto* revocation = std::get_if<GrantRevoked>(&record);
    return revocation != nullptr && revocation->grant == grant;
  });
}

}  // namespace

tl::expected<Granted, Refused> grant_points(const Member& member, const Program& program,
                                            const RiskPolicy& policy, const Grant& grant,
                                            Instant now) {
  if (const auto refused = refusal_of_occasion(member, program, grant.occurred_at, now))
    return tl::unexpected(*refused);
  const Party* party = program.party(grant.party);
  if (party == nullptr) return tl::unexpected(Refused{Refusal::party_unknown, Field::party});
  const Day today = business_day(now, program.zone);
  const Day granted_on = business_day(std::min(grant.occurred_at, now), program.zone);
  const Day last = grant.expires_on.value_or(expires_on(program.expiry, granted_on));
  if (last < today) return tl::unexpected(Refused{Refusal::expires_in_past, Field::expires_on});
  Draft draft(member, today, now);
  if (!draft.has_room_for(grant.points))
    return tl::unexpected(Refused{Refusal::amount_overflows, Field::points});
  draft.put({.reason = Reason::grant, .counterparty = grant.party},
            {.party = grant.party, .price = party->price, .expires_on = last}, grant.points);
  draft.repay_debts();

  const Balances after = draft.balances();
  return Granted{.header = decided_under(program, policy, now),
                 .key = grant.key,
                 .grant_id = grant.grant_id,
                 .origin = grant.origin,
                 .content = content_of(grant),
                 .effects = draft.take_effects(),
                 .after = after};
}

tl::expected<GrantRevoked, Refused> revoke_grant(const Member& member, const Program& program,
                                                 const RiskPolicy& policy,
                                                 const RevokeGrant& revocation, Instant now) {
  if (const auto refused = refusal_of_occasion(member, program, revocation.occurred_at, now))
    return tl::unexpected(*refused);
  const Record* record = find_record(member, revocation.grant);
  const auto* grant = record == nullptr ? nullptr : std::get_if<Granted>(record);
  if (grant == nullptr) return tl::unexpected(Refused{Refusal::grant_unknown, Field::grant_id});
  if (is_revoked(member, revocation.grant))
    return tl::unexpected(Refused{Refusal::grant_already_revoked, Field::grant_id});
  Draft draft(member, business_day(now, program.zone), now);
  const Points missing = take_back(
      draft,
      {.cause = {.reason = Reason::revoke, .counterparty = grant->content.party},
       .lot = terms_of(grant->effects.movements.front()),
       .points = grant->content.points,
       .order = grant->key,
       .order_occurred_at = std::min(grant->content.occurred_at, grant->header.received_at)},
      program.shortfall);
  if (missing > Points{} && program.shortfall == Shortfall::refused)
    return tl::unexpected(Refused{Refusal::shortfall, Field::none});

  const Balances after = draft.balances();
  return GrantRevoked{
      .header = decided_under(program, policy, now),
      .key = revocation.key,
      .revocation_id = revocation.revocation_id,
      .origin = revocation.origin,
      .grant = revocation.grant,
      .grant_id = revocation.grant_id,
      .grant_occurred_at = grant->content.occurred_at,
      .occurred_at = revocation.occurred_at,
      .reason = revocation.reason,
      .points = grant->content.points,
      .booked_loss = program.shortfall == Shortfall::booked_loss ? missing : Points{},
      .effects = draft.take_effects(),
      .after = after};
}

}  // namespace wutong::domain
