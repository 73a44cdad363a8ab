#include "actors/domain/content.h"

#include "actors/domain/fingerprint.h"

namespace wutong::domain {

OrderContent content_of(const Checkout& checkout) {
  return {.occurred_at = checkout.occurred_at,
          .currency = checkout.currency,
          .amount = checkout.amount,
          .excluded_from_earning = checkout.excluded_from_earning,
          .excluded_from_offset = checkout.excluded_from_offset,
          .points_to_use = checkout.points_to_use,
          .hold_id = checkout.hold_id,
          .tenders_fingerprint = fingerprint_of(checkout.tenders),
          .lines_fingerprint = fingerprint_of(checkout.lines),
          .store = checkout.origin.store};
}

RefundContent content_of(const Refund& refund) {
  RefundContent content{.order = refund.order, .occurred_at = refund.occurred_at};
  if (const auto* part = std::get_if<RefundOfAmount>(&refund.scope)) {
    content.scope = 1;
    content.amount = part->amount;
    content.excluded = part->excluded;
  } else if (const auto* lines = std::get_if<RefundOfLines>(&refund.scope)) {
    content.scope = 2;
    content.lines_fingerprint = fingerprint_of(lines->numbers);
  } else {
    content.scope = 3;
  }
  return content;
}

HoldContent content_of(const Hold& hold) {
  return {.occurred_at = hold.occurred_at, .points = hold.points};
}

GrantContent content_of(const Grant& grant) {
  return {.occurred_at = grant.occurred_at,
          .points = grant.points,
          .party = grant.party,
          .expires_on = grant.expires_on.value_or(Day{}),
          .reason = grant.reason};
}

Field first_difference(const OrderContent& known, const OrderContent& asked) {
  if (known.occurred_at != asked.occurred_at) return Field::occurred_at;
  if (known.currency != asked.currency) return Field::currency;
  if (known.amount != asked.amount) return Field::amount;
  if (known.excluded_from_earning != asked.excluded_from_earning) return Field::excluded;
  if (known.excluded_from_offset != asked.excluded_from_offset) return Field::excluded_from_offset;
  if (known.points_to_use != asked.points_to_use) return Field::points_to_use;
  if (known.hold_id != asked.hold_id) return Field::hold_id;
  if (known.tenders_fingerprint != asked.tenders_fingerprint) return Field::tenders;
  if (known.lines_fingerprint != asked.lines_fingerprint) return Field::lines;
  if (known.store != asked.store) return Field::store;
  return Field::none;
}

Field first_difference(const RefundContent& known, const RefundContent& asked) {
  if (known.order != asked.order) return Field::order_id;
  if (known.occurred_at != asked.occurred_at) return Field::occurred_at;
  if (known.scope != asked.scope) return Field::refund_scope;
  if (known.amount != asked.amount) return Field::amount;
  if (known.excluded != asked.excluded) return Field::excluded;
  if (known.lines_fingerprint != asked.lines_fingerprint) return Field::lines;
  return Field::none;
}

Field first_difference(const HoldContent& known, const HoldContent& asked) {
  if (known.occurred_at != asked.occurred_at) return Field::occurred_at;
  if (known.points != asked.points) return Field::points;
  return Field::none;
}

Field first_difference(const GrantContent& known, const GrantContent& asked) {
  if (known.occurred_at != asked.occurred_at) return Field::occurred_at;
  if (known.points != asked.points) return Field::points;
  if (known.party != asked.party) return Field::party;
  if (known.expires_on != asked.expires_on) return Field::expires_on;
  if (known.reason != asked.reason) return Field::reason;
  return Field::none;
}

}  // namespace wutong::domain
