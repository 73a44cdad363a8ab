#include "persistence/codec_parts.h"

/// Events into messages; `codec_read.cpp` is the way back.
namespace wutong::persistence {
namespace {

void fill_origin(stored::Origin& to, const domain::Origin& origin, domain::Instant received_at,
                 NameWriter& names) {
  to.set_venue(names.number(origin.venue));
  to.set_store(names.number(origin.store));
  to.set_terminal(origin.terminal);
  to.set_cashier(origin.cashier);
  to.set_channel(static_cast<std::uint32_t>(origin.channel));
  to.set_offline(origin.offline);
  to.set_printed_receipt_number(origin.printed_receipt_number);
  if (origin.till_business_date) {
    to.set_till_business_date(origin.till_business_date->since_epoch - utc_day(received_at));
  }
}

void fill_award(stored::AwardLine& to, const domain::AwardLine& award, NameWriter& names) {
  to.set_kind(static_cast<std::uint32_t>(award.kind));
  to.set_promotion(names.number(award.promotion));
  to.set_party(names.number(award.party));
  to.set_points(award.points.count);
  to.set_threshold(award.threshold.minor_units);
  to.set_cut(award.cut.count);
  to.set_lost_below_threshold(award.lost_below_threshold);
  to.set_pending(award.pending.count);
}

void fill_check(stored::RiskCheck& to, const domain::RiskCheck& check, NameWriter& names) {
  to.set_limit(names.number(check.limit));
  to.set_mode(static_cast<std::uint32_t>(check.mode));
  to.set_effect(static_cast<std::uint32_t>(check.effect));
  to.set_value_before(check.value_before);
  to.set_value_asked(check.value_asked);
  to.set_bound(check.bound);
  to.set_exceeded(check.exceeded);
}

/// What the program says of an ordinary order, so that only the difference needs space.
std::int64_t usual_eligible(const domain::CheckedOut& event) {
  return wrapping_difference(wrapping_difference(event.content.amount.minor_units,
                                                 event.content.excluded_from_earning.minor_units),
                             event.offset_money.minor_units);
}

void fill_content(stored::CheckedOut& to, const domain::OrderContent& content,
                  domain::StoreId usual_store, NameWriter& names) {
  to.set_currency(content.currency);
  to.set_amount(content.amount.minor_units);
  to.set_excluded_from_earning(content.excluded_from_earning.minor_units);
  to.set_excluded_from_offset(content.excluded_from_offset.minor_units);
  to.set_points_to_use(content.points_to_use.count);
  to.set_hold_id(content.hold_id);
  to.set_tenders_fingerprint(content.tenders_fingerprint);
  to.set_lines_fingerprint(content.lines_fingerprint);
  to.set_content_store(names.number_unless(content.store, usual_store));
}

void fill_body(stored::CheckedOut& to, const domain::CheckedOut& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_order_id(event.order_id);
  fill_content(to, event.content, event.origin.store, names);
  for (const auto& line : event.lines) {
    auto& stored_line = *to.add_lines();
    stored_line.set_number(line.number);
    stored_line.set_amount(line.amount.minor_units);
    stored_line.set_excluded(line.excluded);
  }
  to.set_tier(names.number(event.tier));
  for (const auto& award : event.awards) fill_award(*to.add_awards(), award, names);
  for (const auto& check : event.checks) fill_check(*to.add_checks(), check, names);
  to.set_late(event.late);
  to.set_tax(event.tax.minor_units);
  to.set_offset_money(event.offset_money.minor_units);
  to.set_not_eligible(wrapping_difference(usual_eligible(event), event.eligible.minor_units));
  to.set_not_cash(wrapping_difference(
      wrapping_difference(event.content.amount.minor_units, event.offset_money.minor_units),
      event.cash_due.minor_units));
}

void fill_totals(stored::RefundTotals& to, const domain::RefundTotals& totals) {
  to.set_amount(totals.amount.minor_units);
  to.set_excluded(totals.excluded.minor_units);
  to.set_offset_money(totals.offset_money.minor_units);
  for (const auto number : totals.lines) to.add_lines(number);
  for (const auto points : totals.clawed_back) to.add_clawed_back(points.count);
  for (const auto points : totals.given_back) to.add_given_back(points.count);
}

void fill_content(stored::Refunded& to, const domain::RefundContent& content,
                  domain::Instant received_at) {
  to.set_occurred_before(wrapping_difference(received_at.unix_ms, content.occurred_at.unix_ms));
  to.set_scope(content.scope);
  to.set_content_amount(content.amount.minor_units);
  to.set_content_excluded(content.excluded.minor_units);
  to.set_lines_fingerprint(content.lines_fingerprint);
}

void fill_body(stored::Refunded& to, const domain::Refunded& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_refund_id(event.refund_id);
  to.set_order_venue(names.number_unless(event.order_venue, event.origin.venue));
  to.set_order_id(event.order_id);
  fill_content(to, event.content, event.header.received_at);
  for (const auto& check : event.checks) fill_check(*to.add_checks(), check, names);
  to.set_reason(event.reason);
  to.set_amount(event.amount.minor_units);
  to.set_excluded(event.excluded.minor_units);
  to.set_offset_money(event.offset_money.minor_units);
  to.set_not_cash(wrapping_difference(
      wrapping_difference(event.amount.minor_units, event.offset_money.minor_units),
      event.cash_back.minor_units));
  to.set_clawed_back(event.clawed_back.count);
  to.set_given_back(event.given_back.count);
  to.set_booked_loss(event.booked_loss.count);
  fill_totals(*to.mutable_totals(), event.totals);
}

void fill_what(stored::Declined& to, const domain::Declined& event,
               const domain::OrderContent& content, NameWriter& names) {
  auto& order = *to.mutable_order();
  fill_origin(*order.mutable_origin(), event.origin, event.header.received_at, names);
  order.set_order_id(event.id);
  order.set_late(event.late);
  fill_content(order, content, event.origin.store, names);
  for (const auto& check : event.checks) fill_check(*order.add_checks(), check, names);
}

void fill_what(stored::Declined& to, const domain::Declined& event,
               const domain::RefundContent& content, NameWriter& names) {
  auto& refund = *to.mutable_refund();
  fill_origin(*refund.mutable_origin(), event.origin, event.header.received_at, names);
  refund.set_refund_id(event.id);
  refund.set_order_venue(names.number_unless(event.order_venue, event.origin.venue));
  refund.set_order_id(event.order_id);
  to.set_late(event.late);
  fill_content(refund, content, event.header.received_at);
  for (const auto& check : event.checks) fill_check(*refund.add_checks(), check, names);
}

void fill_body(stored::TimePassed&, const domain::TimePassed&, NameWriter&) {}

void fill_body(stored::Held& to, const domain::Held& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_hold_id(event.hold_id);
  to.set_points(event.content.points.count);
  to.set_lapses_after(
      wrapping_difference(event.lapses_at.unix_ms, event.header.received_at.unix_ms));
}

void fill_body(stored::Released& to, const domain::Released& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_hold_id(event.hold_id);
  to.set_occurred_before(
      wrapping_difference(event.header.received_at.unix_ms, event.occurred_at.unix_ms));
  to.set_points(event.points.count);
}

void fill_body(stored::Granted& to, const domain::Granted& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_grant_id(event.grant_id);
  to.set_points(event.content.points.count);
  to.set_party(names.number(event.content.party));
  to.set_expires_on(event.content.expires_on.since_epoch);
  to.set_reason(event.content.reason);
}

void fill_body(stored::GrantRevoked& to, const domain::GrantRevoked& event, NameWriter& names) {
  fill_origin(*to.mutable_origin(), event.origin, event.header.received_at, names);
  to.set_revocation_id(event.revocation_id);
  to.set_grant_id(event.grant_id);
  to.set_occurred_before(
      wrapping_difference(event.header.received_at.unix_ms, event.occurred_at.unix_ms));
  to.set_reason(event.reason);
  to.set_points(event.points.count);
  to.set_booked_loss(event.booked_loss.count);
}

void fill_body(stored::Reviewed& to, const domain::Reviewed& event, NameWriter& /*names*/) {
  to.set_order_high(event.order.high);
  to.set_order_low(event.order.low);
  to.set_order_occurred_at(event.order_occurred_at.unix_ms);
  to.set_approved(event.approved);
  to.set_reason(event.reason);
}

void fill_body(stored::TierGiven& to, const domain::TierGiven& event, NameWriter& /*names*/) {
  to.set_reason(event.reason);
}

void fill_header(stored::MemberEvent& to, const domain::EventHeader& header) {
  to.set_received_at(header.received_at.unix_ms);
  to.set_program_version(header.program_version);
  to.set_policy_version(header.policy_version);
}

template <typename Body, typename Happened>
void fill_with_effects(stored::MemberEvent& to, const Happened& event, Body& body) {
  NameWriter names(to.mutable_names());
  fill_header(to, event.header);
  fill_body(body, event, names);
  fill(*to.mutable_effects(), event.effects, event.after, event.header.received_at, names);
}

template <typename Happened>
void fill_link(stored::IdentityLink& to, const Happened& event) {
  to.set_kind(static_cast<std::uint32_t>(event.kind));
  to.set_identity_high(event.identity.high);
  to.set_identity_low(event.identity.low);
}

}  // namespace

void fill(stored::MemberEvent& to, const domain::IdentityLinked& event) {
  fill_header(to, event.header);
  fill_link(*to.mutable_identity_linked(), event);
}

void fill(stored::MemberEvent& to, const domain::IdentityUnlinked& event) {
  fill_header(to, event.header);
  fill_link(*to.mutable_identity_unlinked(), event);
}

void fill(stored::MemberEvent& to, const domain::Enrolled& event) {
  fill_header(to, event.header);
  to.mutable_enrolled()->set_member_id(event.member_id);
}

void fill(stored::MemberEvent& to, const domain::CheckedOut& event) {
  fill_with_effects(to, event, *to.mutable_checked_out());
}

void fill(stored::MemberEvent& to, const domain::Refunded& event) {
  fill_with_effects(to, event, *to.mutable_refunded());
}

void fill(stored::MemberEvent& to, const domain::TimePassed& event) {
  fill_with_effects(to, event, *to.mutable_time_passed());
}

void fill(stored::MemberEvent& to, const domain::Held& event) {
  fill_with_effects(to, event, *to.mutable_held());
}

void fill(stored::MemberEvent& to, const domain::Released& event) {
  fill_with_effects(to, event, *to.mutable_released());
}

void fill(stored::MemberEvent& to, const domain::Granted& event) {
  fill_with_effects(to, event, *to.mutable_granted());
}

void fill(stored::MemberEvent& to, const domain::GrantRevoked& event) {
  fill_with_effects(to, event, *to.mutable_grant_revoked());
}

void fill(stored::MemberEvent& to, const domain::Reviewed& event) {
  fill_with_effects(to, event, *to.mutable_reviewed());
}

void fill(stored::MemberEvent& to, const domain::TierGiven& event) {
  fill_with_effects(to, event, *to.mutable_tier_given());
}

void fill(stored::MemberEvent& to, const domain::Declined& event) {
  NameWriter names(to.mutable_names());
  fill_header(to, event.header);
  std::visit([&](const auto& content) { fill_what(*to.mutable_declined(), event, content, names); },
             event.content);
  fill(*to.mutable_effects(), {}, event.after, event.header.received_at, names);
}

}  // namespace wutong::persistence
