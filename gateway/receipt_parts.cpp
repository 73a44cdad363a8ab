#include "gateway/receipt_parts.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "gateway/shape.h"
#include "wutong/v1/receipt.pb.h"

namespace wutong {
namespace {

/// In postings, the group's pool of points.
constexpr std::string_view pool = "POOL";

v1::MovementReason told(domain::Reason reason) {
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

v1::RuleKind told(domain::AwardKind kind) {
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

v1::LimitEffect told(domain::LimitEffect effect) {
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

v1::LimitMode told(domain::LimitMode mode) {
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

}  // namespace

void write_origin(WireWriter& out, const domain::Origin& origin) {
  using Told = v1::Origin;
  const auto venue = origin.venue.text();
  const auto store = origin.store.text();
  const auto date =
      origin.till_business_date ? shape::text_of(*origin.till_business_date) : std::string();
  auto to =
      out.fields(Told::kBusinessDateFieldNumber,
                 venue.size() + store.size() + origin.terminal.size() + origin.cashier.size() +
                     origin.printed_receipt_number.size() + date.size());
  to.bytes<Told::kVenueFieldNumber>(venue);
  to.bytes<Told::kStoreFieldNumber>(store);
  to.bytes<Told::kTerminalFieldNumber>(origin.terminal);
  to.bytes<Told::kCashierFieldNumber>(origin.cashier);
  to.number<Told::kChannelFieldNumber>(origin.channel);
  to.number<Told::kOfflineFieldNumber>(origin.offline);
  to.bytes<Told::kPrintedReceiptNumberFieldNumber>(origin.printed_receipt_number);
  to.bytes<Told::kBusinessDateFieldNumber>(date);
  out.end(to);
}

void write_order_ref(WireWriter& out, std::string_view venue, std::string_view order_id) {
  using Told = v1::OrderRef;
  auto to = out.fields(Told::kOrderIdFieldNumber, venue.size() + order_id.size());
  to.bytes<Told::kVenueFieldNumber>(venue);
  to.bytes<Told::kOrderIdFieldNumber>(order_id);
  out.end(to);
}

void write_movement(WireWriter& out, const domain::Movement& movement) {
  using Told = v1::LotMovement;
  const auto party = movement.party.text();
  const auto expires_on = shape::text_of(movement.expires_on);
  auto to = out.fields(Told::kExpiresOnFieldNumber, party.size() + expires_on.size());
  to.number<Told::kReasonFieldNumber>(told(movement.reason));
  to.number<Told::kPointsFieldNumber>(std::abs(movement.points.count));
  to.number<Told::kLotSerialFieldNumber>(movement.lot_serial);
  to.number<Told::kLineFieldNumber>(movement.line);
  to.bytes<Told::kPartyFieldNumber>(party);
  to.number<Told::kPriceThousandthsFieldNumber>(movement.price.thousandths);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  out.end(to);
}

void write_posting(WireWriter& out, const domain::Movement& movement) {
  using Told = v1::Posting;
  const bool into = movement.points.count >= 0;
  const auto party = movement.counterparty.text();
  auto to = out.fields(Told::kReasonFieldNumber, party.size() + pool.size());
  to.bytes<Told::kFromFieldNumber>(into ? party : pool);
  to.bytes<Told::kToFieldNumber>(into ? pool : party);
  to.number<Told::kAmountThousandthsFieldNumber>(std::abs(movement.points.count) *
                                                 movement.price.thousandths);
  to.number<Told::kReasonFieldNumber>(told(movement.reason));
  out.end(to);
}

void write_balances(WireWriter& out, const domain::Balances& balances) {
  using Told = v1::Balances;
  auto to = out.fields(Told::kDebtFieldNumber);
  to.number<Told::kAvailableFieldNumber>(balances.available.count);
  to.number<Told::kHeldFieldNumber>(balances.held.count);
  to.number<Told::kPendingFieldNumber>(balances.pending.count);
  to.number<Told::kDebtFieldNumber>(balances.debt.count);
  out.end(to);
}

void write_award(WireWriter& out, const domain::AwardLine& award, std::uint32_t line,
                 const domain::Effects* effects) {
  using Told = v1::AwardLine;
  std::uint32_t lot_serial = 0;
  std::string expires_on;
  if (effects != nullptr) {
    const auto& movements = effects->movements;
    const auto earned =
        std::find_if(movements.begin(), movements.end(), [line](const domain::Movement& movement) {
          return movement.reason == domain::Reason::earn && movement.line == line;
        });
    if (earned != movements.end()) {
      lot_serial = earned->lot_serial;
      expires_on = shape::text_of(earned->expires_on);
    }
  }
  const auto promotion = award.promotion.text();
  const auto party = award.party.text();
  auto to =
      out.fields(Told::kExpiresOnFieldNumber, promotion.size() + party.size() + expires_on.size());
  to.number<Told::kKindFieldNumber>(told(award.kind));
  to.number<Told::kPointsFieldNumber>(award.points.count);
  to.bytes<Told::kPromotionFieldNumber>(promotion);
  to.bytes<Told::kPartyFieldNumber>(party);
  to.number<Told::kCutFieldNumber>(award.cut.count);
  to.number<Told::kThresholdMinorFieldNumber>(award.threshold.minor_units);
  to.number<Told::kLostBelowThresholdFieldNumber>(award.lost_below_threshold);
  to.number<Told::kLotSerialFieldNumber>(lot_serial);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  out.end(to);
}

void write_check(WireWriter& out, const domain::RiskCheck& check) {
  using Told = v1::RiskCheck;
  const auto limit = check.limit.text();
  auto to = out.fields(Told::kBoundFieldNumber, limit.size());
  to.bytes<Told::kLimitFieldNumber>(limit);
  to.number<Told::kModeFieldNumber>(told(check.mode));
  to.number<Told::kEffectFieldNumber>(told(check.effect));
  to.number<Told::kExceededFieldNumber>(check.exceeded);
  to.number<Told::kValueBeforeFieldNumber>(check.value_before);
  to.number<Told::kValueAskedFieldNumber>(check.value_asked);
  to.number<Told::kBoundFieldNumber>(check.bound);
  out.end(to);
}

void write_standing(WireWriter& out, const Standing& standing) {
  using Told = v1::Standing;
  out.message<Told::kBalancesFieldNumber>([&] { write_balances(out, standing.now); });
  const bool expiring = standing.expiring.points > domain::Points{};
  const auto expires_on = expiring ? shape::text_of(standing.expiring.last_day) : std::string();
  auto to = out.fields(Told::kExpiresOnFieldNumber, expires_on.size());
  to.number<Told::kRefundableMinorFieldNumber>(standing.refundable.minor_units);
  to.number<Told::kExpiringFieldNumber>(standing.expiring.points.count);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  out.end(to);
}

}  // namespace wutong
