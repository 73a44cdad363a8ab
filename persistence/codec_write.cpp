#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include "persistence/codec_parts.h"

/// Events into bytes; `codec_read.cpp` is the way back. Where names are numbered ahead of the field that
/// they stand in, the fields were once filled in another order than they are written in, and what is
/// stored must come out again with the same bytes.
namespace wutong::persistence {
namespace {

/// In all messages that tell where a command came from.
constexpr int origin_field = stored::CheckedOut::kOriginFieldNumber;
static_assert(origin_field == stored::Refunded::kOriginFieldNumber &&
              origin_field == stored::Held::kOriginFieldNumber &&
              origin_field == stored::Released::kOriginFieldNumber &&
              origin_field == stored::Granted::kOriginFieldNumber &&
              origin_field == stored::GrantRevoked::kOriginFieldNumber);

std::size_t text_bytes(const domain::Origin& origin) {
  return origin.terminal.size() + origin.cashier.size() + origin.printed_receipt_number.size();
}
/// The origin itself and its fields.
constexpr std::size_t origin_fields = 1 + stored::Origin::kTillBusinessDateFieldNumber;

[[nodiscard]] FieldWriter write_origin(FieldWriter to, const domain::Origin& origin,
                                       domain::Instant received_at, NameWriter& names) {
  using Stored = stored::Origin;
  char* const message = to.open<origin_field>();
  to.number<Stored::kVenueFieldNumber>(names.number(origin.venue));
  to.number<Stored::kStoreFieldNumber>(names.number(origin.store));
  to.bytes<Stored::kTerminalFieldNumber>(origin.terminal);
  to.bytes<Stored::kCashierFieldNumber>(origin.cashier);
  to.number<Stored::kChannelFieldNumber>(origin.channel);
  to.number<Stored::kOfflineFieldNumber>(origin.offline);
  to.bytes<Stored::kPrintedReceiptNumberFieldNumber>(origin.printed_receipt_number);
  if (origin.till_business_date) {
    to.present_zigzag<Stored::kTillBusinessDateFieldNumber>(origin.till_business_date->since_epoch -
                                                            utc_day(received_at));
  }
  to.close(message);
  return to;
}

void write_award(WireWriter& out, const domain::AwardLine& award, NameWriter& names) {
  using Stored = stored::AwardLine;
  auto to = out.open_numbers<stored::CheckedOut::kAwardsFieldNumber, Stored::kPendingFieldNumber>();
  to.number<Stored::kKindFieldNumber>(award.kind);
  to.number<Stored::kPromotionFieldNumber>(names.number(award.promotion));
  to.number<Stored::kPartyFieldNumber>(names.number(award.party));
  to.number<Stored::kPointsFieldNumber>(award.points.count);
  to.number<Stored::kThresholdFieldNumber>(award.threshold.minor_units);
  to.number<Stored::kCutFieldNumber>(award.cut.count);
  to.number<Stored::kLostBelowThresholdFieldNumber>(award.lost_below_threshold);
  to.number<Stored::kPendingFieldNumber>(award.pending.count);
  out.close(to);
}

template <int Field>
void write_check(WireWriter& out, const domain::RiskCheck& check, NameWriter& names) {
  using Stored = stored::RiskCheck;
  WireWriter::Numbers to = out.open_numbers<Field, Stored::kExceededFieldNumber>();
  to.number<Stored::kLimitFieldNumber>(names.number(check.limit));
  to.number<Stored::kModeFieldNumber>(check.mode);
  to.number<Stored::kEffectFieldNumber>(check.effect);
  to.zigzag<Stored::kValueBeforeFieldNumber>(check.value_before);
  to.zigzag<Stored::kValueAskedFieldNumber>(check.value_asked);
  to.zigzag<Stored::kBoundFieldNumber>(check.bound);
  to.number<Stored::kExceededFieldNumber>(check.exceeded);
  out.close(to);
}

void write_line(WireWriter& out, const domain::LineAmount& line) {
  using Stored = stored::LineAmount;
  auto to = out.open_numbers<stored::CheckedOut::kLinesFieldNumber, Stored::kExcludedFieldNumber>();
  to.number<Stored::kNumberFieldNumber>(line.number);
  to.number<Stored::kAmountFieldNumber>(line.amount.minor_units);
  to.number<Stored::kExcludedFieldNumber>(line.excluded);
  out.close(to);
}

/// The fields in which an order that took effect differs from one that was declined.
struct OrderOutcome {
  domain::Money tax;
  domain::Money offset_money;
  std::int64_t not_eligible = 0;
  std::int64_t not_cash = 0;
  domain::TierId tier;
};

/// Of what the program says of an ordinary order only the difference needs space.
OrderOutcome outcome_of(const domain::CheckedOut& event) {
  const auto& content = event.content;
  const auto goods =
      wrapping_difference(content.amount.minor_units, event.offset_money.minor_units);
  const auto usual_eligible = wrapping_difference(goods, content.excluded_from_earning.minor_units);
  return {.tax = event.tax,
          .offset_money = event.offset_money,
          .not_eligible = wrapping_difference(usual_eligible, event.eligible.minor_units),
          .not_cash = wrapping_difference(goods, event.cash_due.minor_units),
          .tier = event.tier};
}
OrderOutcome outcome_of(const domain::Declined&) { return {}; }

/// The fields of a `stored::CheckedOut`, of an order or of one that was declined.
template <typename Happened>
void write_order(WireWriter& out, const Happened& event, std::string_view id,
                 const domain::OrderContent& content, NameWriter& names) {
  using Stored = stored::CheckedOut;
  constexpr bool took_effect = std::same_as<Happened, domain::CheckedOut>;
  const OrderOutcome outcome = outcome_of(event);
  FieldWriter to = out.fields(2 + origin_fields, id.size() + text_bytes(event.origin));
  to.bytes<Stored::kOrderIdFieldNumber>(id);
  to = write_origin(to, event.origin, event.header.received_at, names);
  const auto content_store = names.number_unless(content.store, event.origin.store);
  const auto tier = names.number(outcome.tier);
  to.number<Stored::kAmountFieldNumber>(content.amount.minor_units);
  out.end(to);
  if constexpr (took_effect) {
    for (const auto& award : event.awards) write_award(out, award, names);
  }
  to = out.fields(7, content.currency.size());
  to.bytes<Stored::kCurrencyFieldNumber>(content.currency);
  to.fixed64<Stored::kTendersFingerprintFieldNumber>(content.tenders_fingerprint);
  to.fixed64<Stored::kLinesFingerprintFieldNumber>(content.lines_fingerprint);
  to.number<Stored::kTaxFieldNumber>(outcome.tax.minor_units);
  to.number<Stored::kPointsToUseFieldNumber>(content.points_to_use.count);
  to.number<Stored::kOffsetMoneyFieldNumber>(outcome.offset_money.minor_units);
  to.zigzag<Stored::kNotEligibleFieldNumber>(outcome.not_eligible);
  out.end(to);
  for (const auto& check : event.checks) write_check<Stored::kChecksFieldNumber>(out, check, names);
  if constexpr (took_effect) {
    for (const auto& line : event.lines) write_line(out, line);
  }
  to = out.fields(7, content.hold_id.size());
  to.number<Stored::kExcludedFromEarningFieldNumber>(content.excluded_from_earning.minor_units);
  to.number<Stored::kExcludedFromOffsetFieldNumber>(content.excluded_from_offset.minor_units);
  to.bytes<Stored::kHoldIdFieldNumber>(content.hold_id);
  to.number<Stored::kLateFieldNumber>(event.late);
  to.zigzag<Stored::kNotCashFieldNumber>(outcome.not_cash);
  to.number<Stored::kContentStoreFieldNumber>(content_store);
  to.number<Stored::kTierFieldNumber>(tier);
  out.end(to);
}

void write_body(WireWriter& out, const domain::CheckedOut& event, NameWriter& names) {
  write_order(out, event, event.order_id, event.content, names);
}

void write_totals(WireWriter& out, const domain::RefundTotals& totals) {
  using Stored = stored::RefundTotals;
  const auto count_of = [](domain::Points points) { return points.count; };
  const auto message = out.open_field<stored::Refunded::kTotalsFieldNumber>();
  auto sums = out.fields(3);
  sums.number<Stored::kAmountFieldNumber>(totals.amount.minor_units);
  sums.number<Stored::kExcludedFieldNumber>(totals.excluded.minor_units);
  sums.number<Stored::kOffsetMoneyFieldNumber>(totals.offset_money.minor_units);
  out.end(sums);
  out.packed<Stored::kClawedBackFieldNumber>(totals.clawed_back, count_of);
  out.packed<Stored::kGivenBackFieldNumber>(totals.given_back, count_of);
  out.packed<Stored::kLinesFieldNumber>(totals.lines, [](std::uint32_t number) { return number; });
  out.close(message);
}

/// The first fields of a `stored::Refunded`, of a refund or of one that was declined: what was asked.
template <typename Happened>
void write_asked(WireWriter& out, const Happened& event, std::string_view id,
                 const domain::RefundContent& content, NameWriter& names) {
  using Stored = stored::Refunded;
  const auto received_at = event.header.received_at;
  FieldWriter to =
      out.fields(8 + origin_fields, id.size() + text_bytes(event.origin) + event.order_id.size());
  to.bytes<Stored::kRefundIdFieldNumber>(id);
  to = write_origin(to, event.origin, received_at, names);
  to.number<Stored::kOrderVenueFieldNumber>(
      names.number_unless(event.order_venue, event.origin.venue));
  to.bytes<Stored::kOrderIdFieldNumber>(event.order_id);
  to.zigzag<Stored::kOccurredBeforeFieldNumber>(
      wrapping_difference(received_at.unix_ms, content.occurred_at.unix_ms));
  to.number<Stored::kScopeFieldNumber>(content.scope);
  to.number<Stored::kContentAmountFieldNumber>(content.amount.minor_units);
  to.number<Stored::kContentExcludedFieldNumber>(content.excluded.minor_units);
  to.fixed64<Stored::kLinesFingerprintFieldNumber>(content.lines_fingerprint);
  out.end(to);
}

void write_body(WireWriter& out, const domain::Refunded& event, NameWriter& names) {
  using Stored = stored::Refunded;
  write_asked(out, event, event.refund_id, event.content, names);
  auto to = out.fields(5, event.reason.size());
  to.bytes<Stored::kReasonFieldNumber>(event.reason);
  to.number<Stored::kAmountFieldNumber>(event.amount.minor_units);
  to.number<Stored::kExcludedFieldNumber>(event.excluded.minor_units);
  to.number<Stored::kOffsetMoneyFieldNumber>(event.offset_money.minor_units);
  to.zigzag<Stored::kNotCashFieldNumber>(wrapping_difference(
      wrapping_difference(event.amount.minor_units, event.offset_money.minor_units),
      event.cash_back.minor_units));
  out.end(to);
  write_totals(out, event.totals);
  to = out.fields(2);
  to.number<Stored::kClawedBackFieldNumber>(event.clawed_back.count);
  to.number<Stored::kGivenBackFieldNumber>(event.given_back.count);
  out.end(to);
  for (const auto& check : event.checks) write_check<Stored::kChecksFieldNumber>(out, check, names);
  to = out.fields(1);
  to.number<Stored::kBookedLossFieldNumber>(event.booked_loss.count);
  out.end(to);
}

void write_declined(WireWriter& out, const domain::Declined& event,
                    const domain::OrderContent& content, NameWriter& names) {
  const auto message = out.open_field<stored::Declined::kOrderFieldNumber>();
  write_order(out, event, event.id, content, names);
  out.close(message);
}

void write_declined(WireWriter& out, const domain::Declined& event,
                    const domain::RefundContent& content, NameWriter& names) {
  using Stored = stored::Refunded;
  const auto message = out.open_field<stored::Declined::kRefundFieldNumber>();
  write_asked(out, event, event.id, content, names);
  for (const auto& check : event.checks) write_check<Stored::kChecksFieldNumber>(out, check, names);
  out.close(message);
  auto to = out.fields(1);
  to.number<stored::Declined::kLateFieldNumber>(event.late);
  out.end(to);
}

void write_body(WireWriter& out, const domain::Declined& event, NameWriter& names) {
  std::visit([&](const auto& content) { write_declined(out, event, content, names); },
             event.content);
}

void write_body(WireWriter&, const domain::TimePassed&, NameWriter&) {}

void write_body(WireWriter& out, const domain::Held& event, NameWriter& names) {
  using Stored = stored::Held;
  const auto received_at = event.header.received_at;
  auto to = out.fields(3 + origin_fields, event.hold_id.size() + text_bytes(event.origin));
  to.bytes<Stored::kHoldIdFieldNumber>(event.hold_id);
  to = write_origin(to, event.origin, received_at, names);
  to.number<Stored::kPointsFieldNumber>(event.content.points.count);
  to.zigzag<Stored::kLapsesAfterFieldNumber>(
      wrapping_difference(event.lapses_at.unix_ms, received_at.unix_ms));
  out.end(to);
}

void write_body(WireWriter& out, const domain::Released& event, NameWriter& names) {
  using Stored = stored::Released;
  const auto received_at = event.header.received_at;
  auto to = out.fields(3 + origin_fields, event.hold_id.size() + text_bytes(event.origin));
  to.bytes<Stored::kHoldIdFieldNumber>(event.hold_id);
  to = write_origin(to, event.origin, received_at, names);
  to.zigzag<Stored::kOccurredBeforeFieldNumber>(
      wrapping_difference(received_at.unix_ms, event.occurred_at.unix_ms));
  to.number<Stored::kPointsFieldNumber>(event.points.count);
  out.end(to);
}

void write_body(WireWriter& out, const domain::Granted& event, NameWriter& names) {
  using Stored = stored::Granted;
  const auto& content = event.content;
  auto to = out.fields(5 + origin_fields,
                       event.grant_id.size() + text_bytes(event.origin) + content.reason.size());
  to.bytes<Stored::kGrantIdFieldNumber>(event.grant_id);
  to = write_origin(to, event.origin, event.header.received_at, names);
  to.number<Stored::kPointsFieldNumber>(content.points.count);
  to.number<Stored::kPartyFieldNumber>(names.number(content.party));
  to.number<Stored::kExpiresOnFieldNumber>(content.expires_on.since_epoch);
  to.bytes<Stored::kReasonFieldNumber>(content.reason);
  out.end(to);
}

void write_body(WireWriter& out, const domain::GrantRevoked& event, NameWriter& names) {
  using Stored = stored::GrantRevoked;
  const auto received_at = event.header.received_at;
  auto to = out.fields(6 + origin_fields, event.revocation_id.size() + text_bytes(event.origin) +
                                              event.grant_id.size() + event.reason.size());
  to.bytes<Stored::kRevocationIdFieldNumber>(event.revocation_id);
  to = write_origin(to, event.origin, received_at, names);
  to.bytes<Stored::kGrantIdFieldNumber>(event.grant_id);
  to.zigzag<Stored::kOccurredBeforeFieldNumber>(
      wrapping_difference(received_at.unix_ms, event.occurred_at.unix_ms));
  to.bytes<Stored::kReasonFieldNumber>(event.reason);
  to.number<Stored::kPointsFieldNumber>(event.points.count);
  to.number<Stored::kBookedLossFieldNumber>(event.booked_loss.count);
  out.end(to);
}

void write_body(WireWriter& out, const domain::Reviewed& event, NameWriter&) {
  using Stored = stored::Reviewed;
  auto to = out.fields(5, event.reason.size());
  to.fixed64<Stored::kOrderHighFieldNumber>(event.order.high);
  to.fixed32<Stored::kOrderLowFieldNumber>(event.order.low);
  to.number<Stored::kOrderOccurredAtFieldNumber>(event.order_occurred_at.unix_ms);
  to.number<Stored::kApprovedFieldNumber>(event.approved);
  to.bytes<Stored::kReasonFieldNumber>(event.reason);
  out.end(to);
}

void write_body(WireWriter& out, const domain::TierGiven& event, NameWriter&) {
  auto to = out.fields(1, event.reason.size());
  to.bytes<stored::TierGiven::kReasonFieldNumber>(event.reason);
  out.end(to);
}

void write_body(WireWriter& out, const domain::Enrolled& event, NameWriter&) {
  auto to = out.fields(1, event.member_id.size());
  to.bytes<stored::Enrolled::kMemberIdFieldNumber>(event.member_id);
  out.end(to);
}

template <typename Happened>
requires std::same_as<Happened, domain::IdentityLinked> ||
    std::same_as<Happened, domain::IdentityUnlinked>
void write_body(WireWriter& out, const Happened& event, NameWriter&) {
  using Stored = stored::IdentityLink;
  auto to = out.fields(3);
  to.number<Stored::kKindFieldNumber>(event.kind);
  to.fixed64<Stored::kIdentityHighFieldNumber>(event.identity.high);
  to.fixed64<Stored::kIdentityLowFieldNumber>(event.identity.low);
  out.end(to);
}

/// Which field of the event its body is.
template <typename Happened>
constexpr int body_field = 0;
using StoredEvent = stored::MemberEvent;
template <>
constexpr int body_field<domain::CheckedOut> = StoredEvent::kCheckedOutFieldNumber;
template <>
constexpr int body_field<domain::Refunded> = StoredEvent::kRefundedFieldNumber;
template <>
constexpr int body_field<domain::Enrolled> = StoredEvent::kEnrolledFieldNumber;
template <>
constexpr int body_field<domain::TimePassed> = StoredEvent::kTimePassedFieldNumber;
template <>
constexpr int body_field<domain::Held> = StoredEvent::kHeldFieldNumber;
template <>
constexpr int body_field<domain::Released> = StoredEvent::kReleasedFieldNumber;
template <>
constexpr int body_field<domain::Reviewed> = StoredEvent::kReviewedFieldNumber;
template <>
constexpr int body_field<domain::TierGiven> = StoredEvent::kTierGivenFieldNumber;
template <>
constexpr int body_field<domain::Granted> = StoredEvent::kGrantedFieldNumber;
template <>
constexpr int body_field<domain::GrantRevoked> = StoredEvent::kGrantRevokedFieldNumber;
template <>
constexpr int body_field<domain::Declined> = StoredEvent::kDeclinedFieldNumber;
template <>
constexpr int body_field<domain::IdentityLinked> = StoredEvent::kIdentityLinkedFieldNumber;
template <>
constexpr int body_field<domain::IdentityUnlinked> = StoredEvent::kIdentityUnlinkedFieldNumber;

template <typename Happened>
WrittenEvent write_happened(WireWriter& out, const Happened& event) {
  NameWriter names;
  write_body(out, event, names);
  const auto body_end = out.size();

  const auto received_at = event.header.received_at;
  if constexpr (requires { event.effects; }) {
    write(out, event.effects, event.after, received_at, names);
  } else if constexpr (requires { event.after; }) {
    write(out, {}, event.after, received_at, names);
  }
  auto body = out.fields(1);
  body.length<body_field<Happened>>(body_end);
  out.end(body);
  const auto effects_end = out.size();

  names.write<StoredEvent::kNamesFieldNumber>(out);
  auto header = out.fields(3);
  header.number<StoredEvent::kReceivedAtFieldNumber>(received_at.unix_ms);
  header.number<StoredEvent::kProgramVersionFieldNumber>(event.header.program_version);
  header.number<StoredEvent::kPolicyVersionFieldNumber>(event.header.policy_version);
  out.end(header);
  return {.body_end = body_end, .effects_end = effects_end, .front_end = out.size()};
}

}  // namespace

WrittenEvent write_event(WireWriter& out, const domain::Event& event) {
  return std::visit([&](const auto& happened) { return write_happened(out, happened); }, event);
}

WrittenEvent write_event(WireWriter& out, const domain::Record& record) {
  return std::visit([&](const auto& happened) { return write_happened(out, happened); }, record);
}

}  // namespace wutong::persistence
