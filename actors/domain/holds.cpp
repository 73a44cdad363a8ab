#include "actors/domain/holds.h"

#include "actors/domain/calendar.h"
#include "actors/domain/content.h"
#include "actors/domain/decided_under.h"
#include "actors/domain/draft.h"
#include "actors/domain/guards.h"

namespace wutong::domain {
namespace {

/// The parts of one hold lie side by side. What has lapsed is gone by now.
int open_holds(const Member& member) {
  int holds = 0;
  const HeldPoints* before = nullptr;
  for (const HeldPoints& part : member.holds) {
    if (before == nullptr || before->hold != part.hold) ++holds;
    before = &part;
  }
  return holds;
}

}  // namespace

tl::expected<Held, Refused> hold_points(const Member& member, const Program& program,
                                        const RiskPolicy& policy, const Hold& hold, Instant now) {
  if (const auto refused = refusal_of_occasion(member, program, hold.occurred_at, now))
    return tl::unexpected(*refused);
  if (open_holds(member) >= open_holds_max)
    return tl::unexpected(Refused{Refusal::too_many_holds, Field::hold_id});
  const Day today = business_day(now, program.zone);
  Draft draft(member, today, now);
  if (hold.points > draft.balances().available)
    return tl::unexpected(Refused{Refusal::balance_too_low, Field::points});
  const Instant lapses_at = now + program.hold_timeout;
  draft.hold(hold.key, lapses_at, hold.points);

  const Balances after = draft.balances();
  return Held{.header = decided_under(program, policy, now),
              .key = hold.key,
              .hold_id = hold.hold_id,
              .origin = hold.origin,
              .content = content_of(hold),
              .lapses_at = lapses_at,
              .effects = draft.take_effects(),
              .after = after};
}

tl::expected<Released, Refused> release_hold(const Member& member, const Program& program,
                                             const RiskPolicy& policy, const Release& release,
                                             Instant now) {
  if (const auto refused = refusal_of_occasion(member, program, release.occurred_at, now))
    return tl::unexpected(*refused);
  const Record* record = find_record(member, release.hold);
  const auto* hold = record == nullptr ? nullptr : std::get_if<Held>(record);
  if (hold == nullptr || held_by(member, release.hold, now) == Points{})
    return tl::unexpected(Refused{Refusal::hold_unknown, Field::hold_id});
  Draft draft(member, business_day(now, program.zone), now);
  const Points freed = draft.free_hold(release.hold);
  draft.expire(program);

  const Balances after = draft.balances();
  return Released{.header = decided_under(program, policy, now),
                  .key = release.key,
                  .origin = release.origin,
                  .hold = release.hold,
                  .hold_id = release.hold_id,
                  .hold_occurred_at = hold->content.occurred_at,
                  .occurred_at = release.occurred_at,
                  .points = freed,
                  .effects = draft.take_effects(),
                  .after = after};
}

}  // namespace wutong::domain
