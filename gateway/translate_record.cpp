#include "gateway/translate_record.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <type_traits>
#include <variant>

#include "gateway/shape.h"

namespace wutong {
namespace {

/// In postings, the group's pool of points.
constexpr const char* pool = "POOL";

template <typename Text>
std::string text_of(const Text& name) {
  return std::string(name.text());
}

v1::MovementReason wire(domain::Reason reason) {
  switch (reason) {
    case domain::Reason::earn:
      return v1::MOVEMENT_REASON_EARN;
    case domain::Reason::use:
      return v1::MOVEMENT_REASON_USE;
    case domain::Reason::give_back:
      return v1::MOVEMENT_REASON_GIVE_BACK;
    case domain::Reason::claw_back:
      return v1::MOVEMENT_REASON_CLAW_BACK;
    case domain::Reason::repay_debt:
      return v1::MOVEMENT_REASON_REPAY_DEBT;
    case domain::Reason::expire:
      return v1::MOVEMENT_REASON_EXPIRE;
    case domain::Reason::grant:
      return v1::MOVEMENT_REASON_GRANT;
    case domain::Reason::revoke:
      return v1::MOVEMENT_REASON_REVOKE;
  }
  return v1::MOVEMENT_REASON_UNSPECIFIED;
}

v1::RuleKind wire(domain::AwardKind kind) {
  switch (kind) {
    case domain::AwardKind::base:
      return v1::RULE_KIND_BASE;
    case domain::AwardKind::multiplier:
      return v1::RULE_KIND_MULTIPLIER;
    case domain::AwardKind::fixed:
      return v1::RULE_KIND_FIXED;
  }
  return v1::RULE_KIND_UNSPECIFIED;
}

v1::LimitEffect wire(domain::LimitEffect effect) {
  switch (effect) {
    case domain::LimitEffect::flag:
      return v1::LIMIT_EFFECT_FLAG;
    case domain::LimitEffect::cap:
      return v1::LIMIT_EFFECT_CAP;
    case domain::LimitEffect::decline:
      return v1::LIMIT_EFFECT_DECLINE;
  }
  return v1::LIMIT_EFFECT_UNSPECIFIED;
}

v1::LimitMode wire(domain::LimitMode mode) {
  switch (mode) {
    case domain::LimitMode::live:
      return v1::LIMIT_MODE_LIVE;
    case domain::LimitMode::shadow:
      return v1::LIMIT_MODE_SHADOW;
    case domain::LimitMode::off:
      return v1::LIMIT_MODE_OFF;
  }
  return v1::LIMIT_MODE_UNSPECIFIED;
}

/// Texts that are empty more often than not stay unset: on the wire it is the same, and setting one costs
/// as much as if it were there.
void fill(const domain::Origin& origin, v1::Origin& out) {
  out.set_venue(text_of(origin.venue));
  if (!origin.store.empty()) out.set_store(text_of(origin.store));
  if (!origin.terminal.empty()) out.set_terminal(origin.terminal);
  if (!origin.cashier.empty()) out.set_cashier(origin.cashier);
  out.set_channel(static_cast<v1::Channel>(origin.channel));
  out.set_offline(origin.offline);
  if (!origin.printed_receipt_number.empty()) {
    out.set_printed_receipt_number(origin.printed_receipt_number);
  }
  if (origin.till_business_date) {
    out.set_business_date(shape::text_of(*origin.till_business_date));
  }
}

void fill(const domain::Movement& movement, v1::LotMovement& out) {
  out.set_reason(wire(movement.reason));
  out.set_points(std::abs(movement.points.count));
  out.set_lot_serial(movement.lot_serial);
  out.set_line(movement.line);
  out.set_party(text_of(movement.party));
  out.set_price_thousandths(movement.price.thousandths);
  out.set_expires_on(shape::text_of(movement.expires_on));
}

/// Points into a lot: the counterparty owes the pool; out of it: the pool owes the counterparty.
void fill(const domain::Movement& movement, v1::Posting& out) {
  const bool into = movement.points.count >= 0;
  out.set_from(into ? text_of(movement.counterparty) : pool);
  out.set_to(into ? pool : text_of(movement.counterparty));
  out.set_amount_thousandths(std::abs(movement.points.count) * movement.price.thousandths);
  out.set_reason(wire(movement.reason));
}

std::int64_t moved(const domain::Effects& effects, domain::Reason reason) {
  std::int64_t points = 0;
  for (const domain::Movement& movement : effects.movements) {
    if (movement.reason == reason) points += std::abs(movement.points.count);
  }
  return points;
}

std::int64_t sum(const std::vector<domain::Points>& parts) {
  return std::accumulate(
      parts.begin(), parts.end(), std::int64_t{0},
      [](std::int64_t total, domain::Points part) { return total + part.count; });
}

void fill(const domain::Effects& effects, v1::ReceiptRecord& out) {
  for (const domain::Movement& movement : effects.movements) {
    fill(movement, *out.add_movements());
    fill(movement, *out.add_postings());
  }
  std::int64_t incurred = 0;
  std::int64_t repaid = 0;
  for (const domain::DebtChange& debt : effects.debts) {
    (debt.points.count > 0 ? incurred : repaid) += std::abs(debt.points.count);
  }
  std::int64_t expired_before = 0;
  for (const domain::ExpiredCount& count : effects.expired_counts) {
    expired_before += count.points.count;
  }
  out.set_expired(moved(effects, domain::Reason::expire));
  out.set_debt_incurred(incurred);
  out.set_debt_repaid(repaid);
  out.set_clawed_back_as_expired(expired_before);
}

void fill(const domain::EventHeader& header, std::uint32_t shard, v1::ReceiptRecord& out) {
  out.mutable_position()->set_shard(shard);
  out.mutable_position()->set_epoch(header.position.epoch);
  out.mutable_position()->set_sequence(header.position.sequence);
  out.set_received_at_unix_ms(header.received_at.unix_ms);
  out.set_program_version(header.program_version);
  out.set_policy_version(header.policy_version);
}

/// What was asked for, as far as it is told of a declined order too.
void fill(const domain::OrderContent& content, v1::CheckoutRecord& out) {
  out.set_occurred_at_unix_ms(content.occurred_at.unix_ms);
  out.set_currency(content.currency);
  out.set_amount_minor(content.amount.minor_units);
  out.set_excluded_from_earning_minor(content.excluded_from_earning.minor_units);
  out.set_excluded_from_offset_minor(content.excluded_from_offset.minor_units);
  if (!content.hold_id.empty()) out.set_hold_id(content.hold_id);
}

void fill(const domain::CheckedOut& event, v1::CheckoutRecord& out) {
  out.set_order_id(event.order_id);
  fill(event.origin, *out.mutable_origin());
  fill(event.content, out);
  out.set_tax_minor(event.tax.minor_units);
  out.set_eligible_minor(event.eligible.minor_units);
  std::int64_t earned = 0;
  for (std::size_t line = 0; line < event.awards.size(); ++line) {
    tell(event.awards[line], static_cast<std::uint32_t>(line), &event.effects, *out.add_awards());
    earned += event.awards[line].points.count;
  }
  out.set_points_earned(earned);
  out.set_points_used(event.content.points_to_use.count);
  for (const domain::Movement& movement : event.effects.movements) {
    if (movement.reason == domain::Reason::use) fill(movement, *out.add_lots_used());
  }
  out.set_offset_money_minor(event.offset_money.minor_units);
  out.set_cash_due_minor(event.cash_due.minor_units);
  out.set_late(event.late);
}

void fill(const domain::Refunded& event, v1::RefundRecord& out) {
  out.set_refund_id(event.refund_id);
  fill(event.origin, *out.mutable_origin());
  out.mutable_order()->set_venue(text_of(event.order_venue));
  out.mutable_order()->set_order_id(event.order_id);
  out.set_order_occurred_at_unix_ms(event.order_occurred_at.unix_ms);
  out.set_occurred_at_unix_ms(event.content.occurred_at.unix_ms);
  out.set_amount_minor(event.amount.minor_units);
  out.set_excluded_minor(event.excluded.minor_units);
  out.set_offset_money_minor(event.offset_money.minor_units);
  out.set_cash_back_minor(event.cash_back.minor_units);
  out.set_clawed_back(event.clawed_back.count);
  out.set_given_back(event.given_back.count);
  out.set_total_amount_minor(event.totals.amount.minor_units);
  out.set_total_clawed_back(sum(event.totals.clawed_back));
  out.set_total_given_back(sum(event.totals.given_back));
  out.set_reason(event.reason);
}

void fill(const domain::Held& event, v1::HoldRecord& out) {
  out.set_hold_id(event.hold_id);
  fill(event.origin, *out.mutable_origin());
  out.set_occurred_at_unix_ms(event.content.occurred_at.unix_ms);
  out.set_points(event.content.points.count);
  out.set_lapses_at_unix_ms(event.lapses_at.unix_ms);
}

void fill(const domain::Released& event, v1::ReleaseRecord& out) {
  out.set_hold_id(event.hold_id);
  fill(event.origin, *out.mutable_origin());
  out.set_hold_occurred_at_unix_ms(event.hold_occurred_at.unix_ms);
  out.set_occurred_at_unix_ms(event.occurred_at.unix_ms);
  out.set_points(event.points.count);
}

void fill(const domain::Granted& event, v1::GrantRecord& out) {
  out.set_grant_id(event.grant_id);
  fill(event.origin, *out.mutable_origin());
  out.set_occurred_at_unix_ms(event.content.occurred_at.unix_ms);
  out.set_points(event.content.points.count);
  out.set_party(text_of(event.content.party));
  for (const domain::Movement& movement : event.effects.movements) {
    if (movement.reason != domain::Reason::grant) continue;
    out.set_expires_on(shape::text_of(movement.expires_on));
  }
  out.set_reason(event.content.reason);
}

void fill(const domain::GrantRevoked& event, v1::RevocationRecord& out) {
  out.set_revocation_id(event.revocation_id);
  fill(event.origin, *out.mutable_origin());
  out.set_grant_id(event.grant_id);
  out.set_grant_occurred_at_unix_ms(event.grant_occurred_at.unix_ms);
  out.set_occurred_at_unix_ms(event.occurred_at.unix_ms);
  out.set_points(event.points.count);
  out.set_reason(event.reason);
}

/// Nothing but what was asked for.
void fill(const domain::Declined& event, const domain::OrderContent& content,
          v1::ReceiptRecord& out) {
  v1::CheckoutRecord& checkout = *out.mutable_checkout();
  checkout.set_order_id(event.id);
  fill(event.origin, *checkout.mutable_origin());
  fill(content, checkout);
  checkout.set_late(event.late);
}
void fill(const domain::Declined& event, const domain::RefundContent& content,
          v1::ReceiptRecord& out) {
  v1::RefundRecord& refund = *out.mutable_refund();
  refund.set_refund_id(event.id);
  fill(event.origin, *refund.mutable_origin());
  refund.mutable_order()->set_venue(text_of(event.order_venue));
  refund.mutable_order()->set_order_id(event.order_id);
  refund.set_order_occurred_at_unix_ms(event.order_occurred_at.unix_ms);
  refund.set_occurred_at_unix_ms(content.occurred_at.unix_ms);
  refund.set_amount_minor(content.amount.minor_units);
  refund.set_excluded_minor(content.excluded.minor_units);
}

void fill_what(const domain::CheckedOut& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_checkout());
}
void fill_what(const domain::Refunded& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_refund());
}
void fill_what(const domain::Held& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_hold());
}
void fill_what(const domain::Released& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_release());
}
void fill_what(const domain::Granted& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_grant());
}
void fill_what(const domain::GrantRevoked& event, v1::ReceiptRecord& out) {
  fill(event, *out.mutable_revocation());
}
void fill_what(const domain::Declined& event, v1::ReceiptRecord& out) {
  std::visit([&](const auto& content) { fill(event, content, out); }, event.content);
}

template <typename Happened>
concept Checked = requires(const Happened& happened) {
  happened.checks;
};
template <typename Happened>
concept TakingBack = requires(const Happened& happened) {
  happened.booked_loss;
};
template <typename Happened>
concept Moving = requires(const Happened& happened) {
  happened.effects;
};

template <typename Happened>
void fill_record(const Happened& event, std::uint32_t shard, v1::ReceiptRecord& out) {
  constexpr bool declined = std::is_same_v<Happened, domain::Declined>;
  out.set_outcome(declined ? v1::OUTCOME_DECLINED : v1::OUTCOME_ACCEPTED);
  fill(event.header, shard, out);
  fill_what(event, out);
  if constexpr (Checked<Happened>) {
    for (const domain::RiskCheck& check : event.checks) tell(check, *out.add_risk_checks());
  }
  if constexpr (Moving<Happened>) fill(event.effects, out);
  if constexpr (TakingBack<Happened>) out.set_booked_loss(event.booked_loss.count);
  tell(event.after, *out.mutable_balances_after());
}

}  // namespace

void tell(const domain::Balances& balances, v1::Balances& out) {
  out.set_available(balances.available.count);
  out.set_held(balances.held.count);
  out.set_pending(balances.pending.count);
  out.set_debt(balances.debt.count);
}

void tell(const domain::AwardLine& award, std::uint32_t line, const domain::Effects* effects,
          v1::AwardLine& out) {
  out.set_kind(wire(award.kind));
  out.set_points(award.points.count);
  out.set_promotion(text_of(award.promotion));
  out.set_party(text_of(award.party));
  out.set_cut(award.cut.count);
  out.set_threshold_minor(award.threshold.minor_units);
  out.set_lost_below_threshold(award.lost_below_threshold);
  if (effects == nullptr) return;
  const auto& movements = effects->movements;
  const auto earned =
      std::find_if(movements.begin(), movements.end(), [line](const domain::Movement& movement) {
        return movement.reason == domain::Reason::earn && movement.line == line;
      });
  if (earned == movements.end()) return;
  out.set_lot_serial(earned->lot_serial);
  out.set_expires_on(shape::text_of(earned->expires_on));
}

void tell(const domain::RiskCheck& check, v1::RiskCheck& out) {
  out.set_limit(text_of(check.limit));
  out.set_mode(wire(check.mode));
  out.set_effect(wire(check.effect));
  out.set_exceeded(check.exceeded);
  out.set_value_before(check.value_before);
  out.set_value_asked(check.value_asked);
  out.set_bound(check.bound);
}

void tell(const Standing& standing, v1::Standing& out) {
  tell(standing.now, *out.mutable_balances());
  out.set_refundable_minor(standing.refundable.minor_units);
  out.set_expiring(standing.expiring.points.count);
  if (standing.expiring.points > domain::Points{}) {
    out.set_expires_on(shape::text_of(standing.expiring.last_day));
  }
}

void tell(const domain::Record& record, std::uint32_t shard, v1::ReceiptRecord& out) {
  std::visit([&](const auto& event) { fill_record(event, shard, out); }, record);
}

}  // namespace wutong
