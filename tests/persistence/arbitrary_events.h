#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "actors/codec.h"
#include "tests/persistence/arbitrary_effects.h"

/// Values of every stored type with every field set at random, the extremes included: a codec may
/// assume nothing of what the domain decides.
namespace wutong::persistence::testing {

inline domain::AwardLine any_award() {
  return {.kind = any_of(domain::AwardKind::base, domain::AwardKind::fixed),
          .promotion = any_name<domain::PromotionId>(),
          .party = any_name<domain::PartyId>(),
          .points = {any()},
          .cut = {any()},
          .pending = {any()},
          .threshold = {any()},
          .lost_below_threshold = any_bool()};
}

inline domain::RiskCheck any_check() {
  return {.limit = any_name<domain::LimitId>(),
          .mode = any_of(domain::LimitMode::live, domain::LimitMode::off),
          .effect = *gen::element(domain::LimitEffect::flag, domain::LimitEffect::cap,
                                  domain::LimitEffect::decline),
          .value_before = any(),
          .value_asked = any(),
          .bound = any(),
          .exceeded = any_bool()};
}

inline domain::CheckedOut any_checked_out() {
  domain::CheckedOut event;
  event.header = any_header();
  event.key = any_key();
  event.order_id = any_text();
  event.origin = any_origin();
  event.content = {.occurred_at = {any()},
                   .currency = any_text(),
                   .amount = {any()},
                   .excluded_from_earning = {any()},
                   .excluded_from_offset = {any()},
                   .points_to_use = {any()},
                   .hold_id = any_text(),
                   .tenders_fingerprint = any<std::uint64_t>(),
                   .lines_fingerprint = any<std::uint64_t>(),
                   .store = any_name<domain::StoreId>()};
  event.lines = several([] {
    return domain::LineAmount{any<std::uint32_t>(), {any()}, any_bool()};
  });
  event.late = any_bool();
  event.tax = {any()};
  event.eligible = {any()};
  event.tier = any_name<domain::TierId>();
  event.awards = several(any_award);
  event.offset_money = {any()};
  event.cash_due = {any()};
  event.checks = several(any_check);
  event.effects = any_effects();
  event.after = any_balances();
  return event;
}

inline domain::Refunded any_refunded() {
  const auto any_points = [] { return domain::Points{any()}; };
  domain::Refunded event;
  event.header = any_header();
  event.key = any_key();
  event.refund_id = any_text();
  event.origin = any_origin();
  event.order_venue = any_name<domain::VenueId>();
  event.order_id = any_text();
  event.order_occurred_at = {any()};
  event.content = {.order = any_key(),
                   .occurred_at = {any()},
                   .scope = any<std::uint8_t>(),
                   .amount = {any()},
                   .excluded = {any()},
                   .lines_fingerprint = any<std::uint64_t>()};
  event.reason = any_text();
  event.amount = {any()};
  event.excluded = {any()};
  event.offset_money = {any()};
  event.cash_back = {any()};
  event.clawed_back = {any()};
  event.given_back = {any()};
  event.booked_loss = {any()};
  event.checks = several(any_check);
  event.totals = {.amount = {any()},
                  .excluded = {any()},
                  .offset_money = {any()},
                  .lines = several(any<std::uint32_t>),
                  .clawed_back = several(any_points),
                  .given_back = several(any_points)};
  event.effects = any_effects();
  event.after = any_balances();
  return event;
}

inline domain::Held any_held() {
  return {.header = any_header(),
          .key = any_key(),
          .hold_id = any_text(),
          .origin = any_origin(),
          .content = {.occurred_at = {any()}, .points = {any()}},
          .lapses_at = {any()},
          .effects = any_effects(),
          .after = any_balances()};
}

inline domain::Released any_released() {
  return {.header = any_header(),
          .key = any_key(),
          .origin = any_origin(),
          .hold = any_key(),
          .hold_id = any_text(),
          .hold_occurred_at = {any()},
          .occurred_at = {any()},
          .points = {any()},
          .effects = any_effects(),
          .after = any_balances()};
}

inline domain::Granted any_granted() {
  return {.header = any_header(),
          .key = any_key(),
          .grant_id = any_text(),
          .origin = any_origin(),
          .content = {.occurred_at = {any()},
                      .points = {any()},
                      .party = any_name<domain::PartyId>(),
                      .expires_on = {any<std::int32_t>()},
                      .reason = any_text()},
          .effects = any_effects(),
          .after = any_balances()};
}

inline domain::GrantRevoked any_grant_revoked() {
  return {.header = any_header(),
          .key = any_key(),
          .revocation_id = any_text(),
          .origin = any_origin(),
          .grant = any_key(),
          .grant_id = any_text(),
          .grant_occurred_at = {any()},
          .occurred_at = {any()},
          .reason = any_text(),
          .points = {any()},
          .booked_loss = {any()},
          .effects = any_effects(),
          .after = any_balances()};
}

inline domain::Declined any_declined() {
  domain::Declined event{.header = any_header(),
                         .key = any_key(),
                         .id = any_text(),
                         .origin = any_origin(),
                         .content = {},
                         .order_venue = {},
                         .order_id = {},
                         .order_occurred_at = {},
                         .late = any_bool(),
                         .checks = several(any_check),
                         .after = any_balances()};
  if (any_bool()) {
    event.content = any_checked_out().content;
    return event;
  }
  const auto refund = any_refunded();
  event.content = refund.content;
  event.order_venue = refund.order_venue;
  event.order_id = refund.order_id;
  event.order_occurred_at = refund.order_occurred_at;
  return event;
}

inline domain::Record any_record() {
  switch (*gen::inRange(0, 7)) {
    case 5:
      return any_declined();
    case 0:
      return any_refunded();
    case 3:
      return any_granted();
    case 4:
      return any_grant_revoked();
    case 1:
      return any_held();
    case 2:
      return any_released();
    default:
      return any_checked_out();
  }
}

inline domain::IdentityKind any_kind() {
  return any_of(domain::IdentityKind::phone, domain::IdentityKind::open_id);
}
inline domain::IdentityKey any_identity() { return {any<std::uint64_t>(), any<std::uint64_t>()}; }

inline domain::Event any_event() {
  switch (*gen::inRange(0, 8)) {
    case 0:
      return domain::Enrolled{any_header(), any_text()};
    case 1:
      return domain::TimePassed{any_header(), any_effects(), any_balances()};
    case 2:
      return domain::TierGiven{any_header(), any_text(), any_effects(), any_balances()};
    case 4:
      return domain::IdentityLinked{any_header(), any_kind(), any_identity()};
    case 5:
      return domain::IdentityUnlinked{any_header(), any_kind(), any_identity()};
    case 3:
      return domain::Reviewed{any_header(), any_key(),     {any()},       any_bool(),
                              any_text(),   any_effects(), any_balances()};
    default:
      return std::visit([](auto record) { return domain::Event(std::move(record)); }, any_record());
  }
}

inline LogEvent any_log_event() {
  switch (*gen::inRange(0, 8)) {
    case 3:
      return IdentityClaimed{any_header(), any_identity(), {any<std::uint64_t>()}};
    case 4:
      return IdentityFreed{any_header(), any_identity(), {any<std::uint64_t>()}};
    case 0:
      return OrderSettled{any_header(), any_key(), {any<std::uint64_t>()}, any<std::int32_t>()};
    case 1:
      return OrderFreed{any_header(), any_key(), {any<std::uint64_t>()}, any<std::int32_t>()};
    case 2:
      return Taken{any_header(), any_text()};
    default:
      return MemberEvent{{any<std::uint64_t>()}, any_event()};
  }
}

inline PackedRecord any_packed() {
  PackedRecord record{any_key(), {}, any_position(), {any()}, any_bool(), any_text()};
  record.order = any_bool() ? record.key : any_key();
  return record;
}

inline Snapshot any_snapshot() {
  Snapshot snapshot;
  auto& member = snapshot.member;
  member.id = any_text();
  member.status = any_of(domain::MemberStatus::active, domain::MemberStatus::closed);
  member.position = any_position();
  member.last_event_at = {any()};
  member.next_lot_serial = any<std::uint32_t>();
  member.lots = several([] {
    return domain::Lot{.serial = any<std::uint32_t>(),
                       .party = any_name<domain::PartyId>(),
                       .price = {any()},
                       .expires_on = {any<std::int32_t>()},
                       .available_from = {any()},
                       .points = {any()},
                       .held = {any()},
                       .expired_uncounted = {any()}};
  });
  member.holds = several([] {
    return domain::HeldPoints{any_key(), {any()}, any<std::uint32_t>(), {any()}};
  });
  member.debts = several([] {
    return domain::Debt{
        any_key(), {any()}, any<std::uint32_t>(), any_name<domain::PartyId>(), {any()}};
  });
  member.pending = several(any_pending<domain::PendingAward>);
  member.counters = several([] {
    return domain::Counter{
        any_measure(), any_window(), {any<std::int32_t>()}, any(), any_name<domain::LimitId>()};
  });
  member.sliding = several([] {
    return domain::SlidingCount{
        any_measure(), any_seconds(), {any()}, any(), any_name<domain::LimitId>()};
  });
  member.tiers = several(any_tier);
  member.identities = several([] {
    return domain::LinkedIdentity{any_kind(), any_identity(), {any()}};
  });
  snapshot.records = several(any_packed);
  snapshot.receipts_complete_from = {any()};
  return snapshot;
}

}  // namespace wutong::persistence::testing
