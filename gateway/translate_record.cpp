#include "gateway/translate_record.h"

#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "gateway/receipt_parts.h"
#include "gateway/shape.h"
#include "wutong/v1/receipt.pb.h"

namespace wutong {
namespace {

/// Of a message with more than 127 bytes, as those are that hold others.
constexpr std::size_t long_message = 2;

std::int64_t sum(const std::vector<domain::Points>& parts) {
  return std::accumulate(
      parts.begin(), parts.end(), std::int64_t{0},
      [](std::int64_t total, domain::Points part) { return total + part.count; });
}

/// A `v1::CheckoutRecord`: what was asked for, and of an order that took effect, `event`, what it did.
void write_checkout(WireWriter& out, std::string_view id, const domain::Origin& origin,
                    const domain::OrderContent& content, bool late,
                    const domain::CheckedOut* event) {
  using Told = v1::CheckoutRecord;
  auto to = out.fields(1, id.size());
  to.bytes<Told::kOrderIdFieldNumber>(id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, origin); });
  to = out.fields(7, content.currency.size());
  to.number<Told::kOccurredAtUnixMsFieldNumber>(content.occurred_at.unix_ms);
  to.bytes<Told::kCurrencyFieldNumber>(content.currency);
  to.number<Told::kAmountMinorFieldNumber>(content.amount.minor_units);
  if (event != nullptr) to.number<Told::kTaxMinorFieldNumber>(event->tax.minor_units);
  to.number<Told::kExcludedFromEarningMinorFieldNumber>(content.excluded_from_earning.minor_units);
  to.number<Told::kExcludedFromOffsetMinorFieldNumber>(content.excluded_from_offset.minor_units);
  if (event != nullptr) to.number<Told::kEligibleMinorFieldNumber>(event->eligible.minor_units);
  out.end(to);
  if (event != nullptr) {
    std::int64_t earned = 0;
    std::uint32_t line = 0;
    for (const domain::AwardLine& award : event->awards) {
      out.message<Told::kAwardsFieldNumber>(
          [&] { write_award(out, award, line, &event->effects); });
      earned += award.points.count;
      ++line;
    }
    to = out.fields(2);
    to.number<Told::kPointsEarnedFieldNumber>(earned);
    to.number<Told::kPointsUsedFieldNumber>(content.points_to_use.count);
    out.end(to);
    for (const domain::Movement& movement : event->effects.movements) {
      if (movement.reason != domain::Reason::use) continue;
      out.message<Told::kLotsUsedFieldNumber>([&] { write_movement(out, movement); });
    }
    to = out.fields(2);
    to.number<Told::kOffsetMoneyMinorFieldNumber>(event->offset_money.minor_units);
    to.number<Told::kCashDueMinorFieldNumber>(event->cash_due.minor_units);
    out.end(to);
  }
  to = out.fields(2, content.hold_id.size());
  to.number<Told::kLateFieldNumber>(late);
  to.bytes<Told::kHoldIdFieldNumber>(content.hold_id);
  out.end(to);
}

/// The first fields of a `v1::RefundRecord`, of a refund or of one that was declined: what was asked.
template <typename Happened>
void write_refund_asked(WireWriter& out, const Happened& event, std::string_view id,
                        domain::Instant occurred_at, domain::Money amount, domain::Money excluded) {
  using Told = v1::RefundRecord;
  auto to = out.fields(1, id.size());
  to.bytes<Told::kRefundIdFieldNumber>(id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, event.origin); });
  out.message<Told::kOrderFieldNumber>(
      [&] { write_order_ref(out, event.order_venue.text(), event.order_id); });
  to = out.fields(4);
  to.number<Told::kOrderOccurredAtUnixMsFieldNumber>(event.order_occurred_at.unix_ms);
  to.number<Told::kOccurredAtUnixMsFieldNumber>(occurred_at.unix_ms);
  to.number<Told::kAmountMinorFieldNumber>(amount.minor_units);
  to.number<Told::kExcludedMinorFieldNumber>(excluded.minor_units);
  out.end(to);
}

/// The fields of the message that the record has for the event's kind.
void write_what(WireWriter& out, const domain::CheckedOut& event) {
  write_checkout(out, event.order_id, event.origin, event.content, event.late, &event);
}

void write_what(WireWriter& out, const domain::Refunded& event) {
  using Told = v1::RefundRecord;
  write_refund_asked(out, event, event.refund_id, event.content.occurred_at, event.amount,
                     event.excluded);
  auto to = out.fields(8, event.reason.size());
  to.number<Told::kOffsetMoneyMinorFieldNumber>(event.offset_money.minor_units);
  to.number<Told::kCashBackMinorFieldNumber>(event.cash_back.minor_units);
  to.number<Told::kClawedBackFieldNumber>(event.clawed_back.count);
  to.number<Told::kGivenBackFieldNumber>(event.given_back.count);
  to.number<Told::kTotalAmountMinorFieldNumber>(event.totals.amount.minor_units);
  to.number<Told::kTotalClawedBackFieldNumber>(sum(event.totals.clawed_back));
  to.number<Told::kTotalGivenBackFieldNumber>(sum(event.totals.given_back));
  to.bytes<Told::kReasonFieldNumber>(event.reason);
  out.end(to);
}

void write_what(WireWriter& out, const domain::Held& event) {
  using Told = v1::HoldRecord;
  auto to = out.fields(1, event.hold_id.size());
  to.bytes<Told::kHoldIdFieldNumber>(event.hold_id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, event.origin); });
  to = out.fields(3);
  to.number<Told::kOccurredAtUnixMsFieldNumber>(event.content.occurred_at.unix_ms);
  to.number<Told::kPointsFieldNumber>(event.content.points.count);
  to.number<Told::kLapsesAtUnixMsFieldNumber>(event.lapses_at.unix_ms);
  out.end(to);
}

void write_what(WireWriter& out, const domain::Released& event) {
  using Told = v1::ReleaseRecord;
  auto to = out.fields(1, event.hold_id.size());
  to.bytes<Told::kHoldIdFieldNumber>(event.hold_id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, event.origin); });
  to = out.fields(3);
  to.number<Told::kHoldOccurredAtUnixMsFieldNumber>(event.hold_occurred_at.unix_ms);
  to.number<Told::kOccurredAtUnixMsFieldNumber>(event.occurred_at.unix_ms);
  to.number<Told::kPointsFieldNumber>(event.points.count);
  out.end(to);
}

void write_what(WireWriter& out, const domain::Granted& event) {
  using Told = v1::GrantRecord;
  const auto party = event.content.party.text();
  std::string expires_on;
  for (const domain::Movement& movement : event.effects.movements) {
    if (movement.reason == domain::Reason::grant) expires_on = shape::text_of(movement.expires_on);
  }
  auto to = out.fields(1, event.grant_id.size());
  to.bytes<Told::kGrantIdFieldNumber>(event.grant_id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, event.origin); });
  to = out.fields(5, party.size() + expires_on.size() + event.content.reason.size());
  to.number<Told::kOccurredAtUnixMsFieldNumber>(event.content.occurred_at.unix_ms);
  to.number<Told::kPointsFieldNumber>(event.content.points.count);
  to.bytes<Told::kPartyFieldNumber>(party);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  to.bytes<Told::kReasonFieldNumber>(event.content.reason);
  out.end(to);
}

void write_what(WireWriter& out, const domain::GrantRevoked& event) {
  using Told = v1::RevocationRecord;
  auto to = out.fields(1, event.revocation_id.size());
  to.bytes<Told::kRevocationIdFieldNumber>(event.revocation_id);
  out.end(to);
  out.message<Told::kOriginFieldNumber>([&] { write_origin(out, event.origin); });
  to = out.fields(5, event.grant_id.size() + event.reason.size());
  to.bytes<Told::kGrantIdFieldNumber>(event.grant_id);
  to.number<Told::kGrantOccurredAtUnixMsFieldNumber>(event.grant_occurred_at.unix_ms);
  to.number<Told::kOccurredAtUnixMsFieldNumber>(event.occurred_at.unix_ms);
  to.number<Told::kPointsFieldNumber>(event.points.count);
  to.bytes<Told::kReasonFieldNumber>(event.reason);
  out.end(to);
}

/// The record's field for what happened: orders and refunds stand before the other fields, what came
/// later into the schema behind them.
template <typename Happened>
constexpr int what_field = 0;
template <>
constexpr int what_field<domain::CheckedOut> = v1::ReceiptRecord::kCheckoutFieldNumber;
template <>
constexpr int what_field<domain::Refunded> = v1::ReceiptRecord::kRefundFieldNumber;
template <>
constexpr int what_field<domain::Held> = v1::ReceiptRecord::kHoldFieldNumber;
template <>
constexpr int what_field<domain::Released> = v1::ReceiptRecord::kReleaseFieldNumber;
template <>
constexpr int what_field<domain::Granted> = v1::ReceiptRecord::kGrantFieldNumber;
template <>
constexpr int what_field<domain::GrantRevoked> = v1::ReceiptRecord::kRevocationFieldNumber;

template <typename Happened>
constexpr bool stands_first = what_field<Happened> != 0 &&
                              what_field<Happened> < v1::ReceiptRecord::kBalancesAfterFieldNumber;

/// Nothing but what was asked for.
void write_declined(WireWriter& out, const domain::Declined& event,
                    const domain::OrderContent& content) {
  out.message<v1::ReceiptRecord::kCheckoutFieldNumber>(
      [&] { write_checkout(out, event.id, event.origin, content, event.late, nullptr); },
      long_message);
}
void write_declined(WireWriter& out, const domain::Declined& event,
                    const domain::RefundContent& content) {
  out.message<v1::ReceiptRecord::kRefundFieldNumber>(
      [&] {
        write_refund_asked(out, event, event.id, content.occurred_at, content.amount,
                           content.excluded);
      },
      long_message);
}

void write_movements(WireWriter& out, const domain::Effects& effects) {
  using Told = v1::ReceiptRecord;
  std::int64_t expired = 0;
  for (const domain::Movement& movement : effects.movements) {
    out.message<Told::kMovementsFieldNumber>([&] { write_movement(out, movement); });
    if (movement.reason == domain::Reason::expire) expired += std::abs(movement.points.count);
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
  auto to = out.fields(4);
  to.number<Told::kExpiredFieldNumber>(expired);
  to.number<Told::kDebtIncurredFieldNumber>(incurred);
  to.number<Told::kDebtRepaidFieldNumber>(repaid);
  to.number<Told::kClawedBackAsExpiredFieldNumber>(expired_before);
  out.end(to);
  for (const domain::Movement& movement : effects.movements) {
    out.message<Told::kPostingsFieldNumber>([&] { write_posting(out, movement); });
  }
}

/// A `v1::Position`.
void write_position(WireWriter& out, const domain::Position& position, std::uint32_t shard) {
  using Told = v1::Position;
  auto to = out.fields(Told::kSequenceFieldNumber);
  to.number<Told::kShardFieldNumber>(shard);
  to.number<Told::kEpochFieldNumber>(position.epoch);
  to.number<Told::kSequenceFieldNumber>(position.sequence);
  out.end(to);
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
void write_happened(WireWriter& out, const Happened& event, std::uint32_t shard) {
  using Told = v1::ReceiptRecord;
  constexpr bool declined = std::is_same_v<Happened, domain::Declined>;
  auto to = out.fields(1);
  to.number<Told::kOutcomeFieldNumber>(declined ? v1::OUTCOME_DECLINED : v1::OUTCOME_ACCEPTED);
  out.end(to);
  out.message<Told::kPositionFieldNumber>(
      [&] { write_position(out, event.header.position, shard); });
  if constexpr (declined) {
    std::visit([&](const auto& content) { write_declined(out, event, content); }, event.content);
  } else if constexpr (stands_first<Happened>) {
    out.message<what_field<Happened>>([&] { write_what(out, event); }, long_message);
  }
  out.message<Told::kBalancesAfterFieldNumber>([&] { write_balances(out, event.after); });
  to = out.fields(3);
  to.number<Told::kReceivedAtUnixMsFieldNumber>(event.header.received_at.unix_ms);
  to.number<Told::kProgramVersionFieldNumber>(event.header.program_version);
  to.number<Told::kPolicyVersionFieldNumber>(event.header.policy_version);
  out.end(to);
  if constexpr (Moving<Happened>) write_movements(out, event.effects);
  if constexpr (Checked<Happened>) {
    for (const domain::RiskCheck& check : event.checks) {
      out.message<Told::kRiskChecksFieldNumber>([&] { write_check(out, check); });
    }
  }
  if constexpr (!declined && !stands_first<Happened>) {
    out.message<what_field<Happened>>([&] { write_what(out, event); }, long_message);
  }
  if constexpr (TakingBack<Happened>) {
    to = out.fields(1);
    to.number<Told::kBookedLossFieldNumber>(event.booked_loss.count);
    out.end(to);
  }
}

}  // namespace

void write_record(WireWriter& out, const domain::Record& record, std::uint32_t shard) {
  std::visit([&](const auto& event) { write_happened(out, event, shard); }, record);
}

}  // namespace wutong
