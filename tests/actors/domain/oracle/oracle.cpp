#include "tests/actors/domain/oracle/oracle.h"

#include <algorithm>
#include <stdexcept>

#include "tests/actors/domain/oracle/content.h"
#include "tests/actors/domain/oracle/days.h"

namespace wutong::oracle {

using namespace domain;

std::optional<Changes> Oracle::pass_time(Instant now) {
  purse_.begin();
  const bool lapsed = purse_.lapse(now);
  purse_.expire(today(now), program);
  if (!lapsed && purse_.changes.moved.empty()) return std::nullopt;
  return purse_.changes;
}

Outcome Oracle::run(const Command& command, Instant now, const Told* told) {
  asked_ = &command;
  now_ = now;
  told_ = told;
  purse_.begin();
  Outcome outcome = std::visit([this](const auto& one) { return answer(one); }, command);
  outcome.changes = purse_.changes;
  outcome.after = {purse_.usable(today(now)), purse_.held(), purse_.debt()};
  ++runs_;
  return outcome;
}

std::int32_t Oracle::today(Instant now) const { return civil_day(now, program.zone); }

Instant Oracle::counts_as(Instant occurred_at) const { return std::min(occurred_at, now_); }

bool Oracle::is_late(Instant occurred_at, const Origin& origin) const {
  return origin.offline || now_ - occurred_at > program.bounds.late_after;
}

Terms Oracle::terms_of(PartyId party, std::int32_t last_day) const {
  return {party, program.party(party)->price.thousandths, last_day};
}

Outcome Oracle::refused(Refusal refusal, Field field) {
  return {.kind = Outcome::Kind::refused, .refused = {refusal, field}};
}

bool Oracle::declined(const std::vector<Seen>& seen) {
  return std::ranges::any_of(seen, [](const Seen& one) {
    return one.exceeded && one.limit->mode == LimitMode::live && one.effect == LimitEffect::decline;
  });
}

std::int64_t Oracle::capped(const std::vector<Seen>& seen, std::int64_t points) {
  for (const Seen& one : seen) {
    const bool caps = one.limit->mode == LimitMode::live && one.effect == LimitEffect::cap &&
                      one.limit->measure == Measure::points_earned;
    if (caps) points = std::min(points, one.room());
  }
  return points;
}

Oracle::Guard Oracle::guard_known(RecordKey key) const {
  if (const auto known = known_.find(key); known != known_.end()) {
    const auto field = differs(known->second.command, *asked_);
    if (field) return refused(Refusal::other_content, *field);
    return Outcome{.kind = Outcome::Kind::replay, .replay_of = known->second.run};
  }
  const auto declined = declined_.find(key);
  if (declined == declined_.end()) return std::nullopt;
  for (const Known& known : declined->second) {
    if (differs(known.command, *asked_)) continue;
    return Outcome{.kind = Outcome::Kind::replay, .replay_of = known.run};
  }
  return std::nullopt;
}

Oracle::Guard Oracle::first_guards(RecordKey key, Instant occurred_at) const {
  if (member_.empty()) return refused(Refusal::member_unknown, Field::member);
  if (auto known = guard_known(key)) return known;
  if (occurred_at - now_ > program.bounds.clock_skew_max) {
    return refused(Refusal::occurred_in_future, Field::occurred_at);
  }
  if (now_ - occurred_at > program.bounds.backdating_max) {
    return refused(Refusal::back_dated, Field::occurred_at);
  }
  return std::nullopt;
}

Oracle::Guard Oracle::guard_sums(const Checkout& checkout) const {
  if (checkout.currency != program.currency) {
    return refused(Refusal::currency_not_the_venues, Field::currency);
  }
  if (checkout.excluded_from_earning > checkout.amount) {
    return refused(Refusal::excluded_exceeds_amount, Field::excluded);
  }
  if (checkout.excluded_from_offset > checkout.amount) {
    return refused(Refusal::excluded_exceeds_amount, Field::excluded_from_offset);
  }
  Money goods;
  Money excluded;
  for (const BasketLine& line : checkout.lines) {
    goods += line.amount;
    if (line.excluded) excluded += line.amount;
  }
  if (!checkout.lines.empty() && goods != checkout.amount) {
    return refused(Refusal::lines_do_not_sum, Field::lines);
  }
  if (!checkout.lines.empty() && excluded != checkout.excluded_from_earning) {
    return refused(Refusal::excluded_lines_do_not_sum, Field::excluded);
  }
  // What is due in cash is known only of points that the offset rule has an answer to.
  const Money paid{offset_money(program.offset, checkout.points_to_use.count)};
  const bool in_steps = checkout.points_to_use.count % program.offset.step_points.count == 0;
  Money tenders;
  for (const Tender& tender : checkout.tenders) tenders += tender.amount;
  if (in_steps && paid <= checkout.amount && tenders != checkout.amount - paid) {
    return refused(Refusal::tenders_do_not_sum, Field::tenders);
  }
  return std::nullopt;
}

Oracle::Guard Oracle::guard_hold(const Checkout& checkout) const {
  if (!checkout.hold_id.empty()) {
    if (purse_.held_by(checkout.hold)) return std::nullopt;
    return refused(Refusal::hold_unknown, Field::hold_id);
  }
  if (checkout.points_to_use > Points{} && is_late(checkout.occurred_at, checkout.origin)) {
    return refused(Refusal::late_without_hold, Field::hold_id);
  }
  return std::nullopt;
}

Oracle::Guard Oracle::guard_points(const Checkout& checkout) const {
  const std::int64_t points = checkout.points_to_use.count;
  if (points == 0) return std::nullopt;
  const std::int64_t base = offset_base(checkout);
  if (base < program.offset.threshold.minor_units) {
    return refused(Refusal::below_offset_threshold, Field::points_to_use);
  }
  if (points % program.offset.step_points.count != 0) {
    return refused(Refusal::not_in_steps, Field::points_to_use);
  }
  const std::int64_t balance =
      checkout.hold_id.empty() ? purse_.usable(today(now_)) : *purse_.held_by(checkout.hold);
  if (points > balance) return refused(Refusal::balance_too_low, Field::points_to_use);
  if (points > most_points(program.offset, base)) {
    return refused(Refusal::above_offset_share, Field::points_to_use);
  }
  return std::nullopt;
}

Outcome Oracle::answer(const LinkIdentity&) { throw std::logic_error("not of the oracle"); }
Outcome Oracle::answer(const UnlinkIdentity&) { throw std::logic_error("not of the oracle"); }

Outcome Oracle::answer(const Enroll& enroll) {
  if (!member_.empty()) return refused(Refusal::member_exists, Field::member);
  member_ = enroll.member_id;
  return {};
}

Outcome Oracle::answer(const Checkout& checkout) {
  if (const auto guard = first_guards(checkout.key, checkout.occurred_at)) return *guard;
  if (const auto guard = guard_sums(checkout)) return *guard;
  if (const auto guard = guard_hold(checkout)) return *guard;
  if (const auto guard = guard_points(checkout)) return *guard;

  const Instant paid_at = counts_as(checkout.occurred_at);
  const std::int32_t day = civil_day(paid_at, program.zone);
  Outcome outcome;
  outcome.late = is_late(checkout.occurred_at, checkout.origin);
  outcome.offset_money = offset_money(program.offset, checkout.points_to_use.count);
  outcome.cash_due = checkout.amount.minor_units - outcome.offset_money;
  const Earned earned = oracle::earned(program, checkout, paid_at, day, outcome.offset_money);
  outcome.eligible = earned.eligible;
  outcome.awards = earned.awards;
  std::int64_t points = 0;
  for (const Award& award : outcome.awards) points += award.points;

  Asking asking{.by = checkout.key,
                .member = member_,
                .origin = &checkout.origin,
                .day = day,
                .received_at = now_,
                .late = outcome.late,
                .amounts = {{Measure::points_earned, points},
                            {Measure::orders, 1},
                            {Measure::amount, checkout.amount.minor_units},
                            {Measure::points_used, checkout.points_to_use.count}}};
  Counts::Look look = counts_.look(program, policy, asking, checks_told());
  outcome.seen = look.seen;
  outcome.complaint = look.complaint;
  if (declined(look.seen)) {
    outcome.kind = Outcome::Kind::declined;
    declined_[checkout.key].push_back({checkout, runs_});
    return outcome;
  }

  for (const Award& award : outcome.awards) asking.award_lines.push_back(award.points);
  asking.award_lines = cut_to(capped(look.seen, points), asking.award_lines);
  asking.amounts.front().value = capped(look.seen, points);
  for (std::size_t i = 0; i < outcome.awards.size(); ++i) {
    outcome.awards[i].cut = outcome.awards[i].points - asking.award_lines[i];
    outcome.awards[i].points = asking.award_lines[i];
  }
  counts_.count(asking, look.seen);

  Order order{.checkout = checkout, .paid_at = paid_at, .day = day, .awards = outcome.awards};
  order.eligible = outcome.eligible;
  order.offset_money = outcome.offset_money;
  const auto hold =
      checkout.hold_id.empty() ? std::nullopt : std::optional<RecordKey>(checkout.hold);
  order.uses = purse_.use(accepting(program, checkout), today(now_), hold);
  for (const Award& award : outcome.awards) {
    const Terms terms = terms_of(award.party, last_day(program.expiry, day));
    order.award_terms.push_back(terms);
    purse_.give(Reason::earn, award.party, terms, award.points);
  }
  order.clawed_back.resize(order.awards.size());
  order.given_back.resize(order.uses.size());
  purse_.repay();
  purse_.expire(today(now_), program);
  orders_.emplace(checkout.key, std::move(order));
  known_.emplace(checkout.key, Known{checkout, runs_});
  return outcome;
}

Outcome Oracle::answer(const Hold& hold) {
  if (const auto guard = first_guards(hold.key, hold.occurred_at)) return *guard;
  if (hold.points.count > purse_.usable(today(now_))) {
    return refused(Refusal::balance_too_low, Field::points);
  }
  Outcome outcome;
  outcome.points = hold.points.count;
  outcome.lapses_at = now_ + program.hold_timeout;
  purse_.set_aside(hold.key, outcome.lapses_at, hold.points.count, today(now_));
  holds_.emplace(hold.key, hold.occurred_at);
  known_.emplace(hold.key, Known{hold, runs_});
  return outcome;
}

Outcome Oracle::answer(const Release& release) {
  if (const auto guard = first_guards(release.key, release.occurred_at)) return *guard;
  if (!purse_.held_by(release.hold)) return refused(Refusal::hold_unknown, Field::hold_id);
  Outcome outcome;
  outcome.points = purse_.set_free(release.hold);
  outcome.of_what_occurred_at = holds_.at(release.hold);
  purse_.expire(today(now_), program);
  known_.emplace(release.key, Known{release, runs_});
  return outcome;
}

Outcome Oracle::answer(const Grant& grant) {
  if (const auto guard = first_guards(grant.key, grant.occurred_at)) return *guard;
  if (program.party(grant.party) == nullptr) return refused(Refusal::party_unknown, Field::party);
  const Instant given_at = counts_as(grant.occurred_at);
  const std::int32_t until = grant.expires_on
                                 ? grant.expires_on->since_epoch
                                 : last_day(program.expiry, civil_day(given_at, program.zone));
  if (until < today(now_)) return refused(Refusal::expires_in_past, Field::expires_on);
  const GrantMade made{given_at, grant.occurred_at, terms_of(grant.party, until),
                       grant.points.count};
  purse_.give(Reason::grant, grant.party, made.terms, made.points);
  purse_.repay();
  purse_.expire(today(now_), program);
  grants_.emplace(grant.key, made);
  known_.emplace(grant.key, Known{grant, runs_});
  return {.points = made.points};
}

Outcome Oracle::answer(const RevokeGrant& revoke) {
  if (const auto guard = first_guards(revoke.key, revoke.occurred_at)) return *guard;
  const auto found = grants_.find(revoke.grant);
  if (found == grants_.end()) return refused(Refusal::grant_unknown, Field::grant_id);
  GrantMade& made = found->second;
  if (made.revoked) return refused(Refusal::grant_already_revoked, Field::grant_id);
  const Claim claim{.reason = Reason::revoke,
                    .order_at = made.given_at,
                    .order = revoke.grant,
                    .terms = made.terms,
                    .points = made.points};
  const Purse before = purse_;
  const std::int64_t missing = purse_.claw_back(claim);
  if (missing > 0 && program.shortfall == Shortfall::refused) {
    purse_ = before;
    return refused(Refusal::shortfall, Field::none);
  }
  if (program.shortfall == Shortfall::debt) purse_.owe(claim, missing);
  made.revoked = true;
  known_.emplace(revoke.key, Known{revoke, runs_});
  return {.points = made.points,
          .booked_loss = program.shortfall == Shortfall::booked_loss ? missing : 0,
          .of_what_occurred_at = made.occurred_at};
}

}  // namespace wutong::oracle
