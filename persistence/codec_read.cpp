#include <limits>
#include <utility>

#include "persistence/codec_parts.h"

/// Messages into events; `codec_write.cpp` is the way there.
namespace wutong::persistence {
namespace {

domain::Origin read_origin(const stored::Origin& from, domain::Instant received_at,
                           Reader& reader) {
  reader.known(from);
  domain::Origin origin{
      .venue = reader.name<domain::VenueId>(from.venue()),
      .store = reader.name<domain::StoreId>(from.store()),
      .terminal = from.terminal(),
      .cashier = from.cashier(),
      .channel = reader.enumerator(from.channel(), domain::Channel::unspecified,
                                   domain::Channel::back_office),
      .offline = from.offline(),
      .printed_receipt_number = from.printed_receipt_number(),
      .till_business_date = {},
  };
  if (from.has_till_business_date()) {
    origin.till_business_date =
        reader.day(wrapping_sum(from.till_business_date(), utc_day(received_at)));
  }
  return origin;
}

domain::AwardLine read_award(const stored::AwardLine& from, Reader& reader) {
  reader.known(from);
  return {
      .kind = reader.enumerator(from.kind(), domain::AwardKind::base, domain::AwardKind::fixed),
      .promotion = reader.name<domain::PromotionId>(from.promotion()),
      .party = reader.name<domain::PartyId>(from.party()),
      .points = {from.points()},
      .cut = {from.cut()},
      .pending = {from.pending()},
      .threshold = {from.threshold()},
      .lost_below_threshold = from.lost_below_threshold(),
  };
}

domain::LimitEffect read_effect(std::uint32_t effect, Reader& reader) {
  if (effect == 3) reader.fail("a review, which this version does not know");
  return reader.enumerator(effect, domain::LimitEffect::flag, domain::LimitEffect::decline);
}

domain::RiskCheck read_check(const stored::RiskCheck& from, Reader& reader) {
  reader.known(from);
  return {
      .limit = reader.name<domain::LimitId>(from.limit()),
      .mode = reader.enumerator(from.mode(), domain::LimitMode::live, domain::LimitMode::off),
      .effect = read_effect(from.effect(), reader),
      .value_before = from.value_before(),
      .value_asked = from.value_asked(),
      .bound = from.bound(),
      .exceeded = from.exceeded(),
  };
}

domain::OrderContent read_content(const stored::CheckedOut& from, domain::Instant occurred_at,
                                  domain::StoreId usual_store, Reader& reader) {
  return {
      .occurred_at = occurred_at,
      .currency = from.currency(),
      .amount = {from.amount()},
      .excluded_from_earning = {from.excluded_from_earning()},
      .excluded_from_offset = {from.excluded_from_offset()},
      .points_to_use = {from.points_to_use()},
      .hold_id = from.hold_id(),
      .tenders_fingerprint = from.tenders_fingerprint(),
      .lines_fingerprint = from.lines_fingerprint(),
      .store = reader.name_unless(from.content_store(), usual_store),
  };
}

domain::CheckedOut read_body(const stored::CheckedOut& from, const domain::EventHeader& header,
                             const Filing& filing, Reader& reader) {
  reader.known(from);
  domain::CheckedOut event;
  event.header = header;
  event.key = filing.key;
  event.order_id = from.order_id();
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.content = read_content(from, filing.filed_at, event.origin.store, reader);
  event.lines.reserve(static_cast<std::size_t>(from.lines_size()));
  for (const auto& line : from.lines()) {
    reader.known(line);
    event.lines.push_back({line.number(), {line.amount()}, line.excluded()});
  }
  event.tier = reader.name<domain::TierId>(from.tier());
  event.awards.reserve(static_cast<std::size_t>(from.awards_size()));
  for (const auto& award : from.awards()) event.awards.push_back(read_award(award, reader));
  event.checks.reserve(static_cast<std::size_t>(from.checks_size()));
  for (const auto& check : from.checks()) event.checks.push_back(read_check(check, reader));
  event.late = from.late();
  event.tax = {from.tax()};
  event.offset_money = {from.offset_money()};
  const auto goods = wrapping_difference(from.amount(), from.offset_money());
  event.eligible = {wrapping_difference(wrapping_difference(goods, from.excluded_from_earning()),
                                        from.not_eligible())};
  event.cash_due = {wrapping_difference(goods, from.not_cash())};
  return event;
}

domain::RefundTotals read_totals(const stored::RefundTotals& from, Reader& reader) {
  reader.known(from);
  domain::RefundTotals totals;
  totals.amount = {from.amount()};
  totals.excluded = {from.excluded()};
  totals.offset_money = {from.offset_money()};
  totals.lines.assign(from.lines().begin(), from.lines().end());
  totals.clawed_back.reserve(static_cast<std::size_t>(from.clawed_back_size()));
  for (const auto points : from.clawed_back()) totals.clawed_back.push_back({points});
  totals.given_back.reserve(static_cast<std::size_t>(from.given_back_size()));
  for (const auto points : from.given_back()) totals.given_back.push_back({points});
  return totals;
}

domain::Refunded read_body(const stored::Refunded& from, const domain::EventHeader& header,
                           const Filing& filing, Reader& reader) {
  reader.known(from);
  if (from.scope() > std::numeric_limits<std::uint8_t>::max()) reader.fail("a scope out of range");
  domain::Refunded event;
  event.header = header;
  event.key = filing.key;
  event.refund_id = from.refund_id();
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.order_venue = reader.name_unless(from.order_venue(), event.origin.venue);
  event.order_id = from.order_id();
  event.order_occurred_at = filing.filed_at;
  event.content = {
      .order = filing.order,
      .occurred_at = {wrapping_difference(header.received_at.unix_ms, from.occurred_before())},
      .scope = static_cast<std::uint8_t>(from.scope()),
      .amount = {from.content_amount()},
      .excluded = {from.content_excluded()},
      .lines_fingerprint = from.lines_fingerprint(),
  };
  event.checks.reserve(static_cast<std::size_t>(from.checks_size()));
  for (const auto& check : from.checks()) event.checks.push_back(read_check(check, reader));
  event.reason = from.reason();
  event.amount = {from.amount()};
  event.excluded = {from.excluded()};
  event.offset_money = {from.offset_money()};
  event.cash_back = {wrapping_difference(wrapping_difference(from.amount(), from.offset_money()),
                                         from.not_cash())};
  event.clawed_back = {from.clawed_back()};
  event.given_back = {from.given_back()};
  event.booked_loss = {from.booked_loss()};
  event.totals = read_totals(from.totals(), reader);
  return event;
}

domain::Declined read_body(const stored::Declined& from, const domain::EventHeader& header,
                           const Filing& filing, Reader& reader) {
  reader.known(from);
  if (from.has_order() == from.has_refund()) reader.fail("a decline of nothing, or of two");
  domain::Declined event;
  event.header = header;
  event.key = filing.key;
  if (from.has_refund()) {
    auto refund = read_body(from.refund(), header, filing, reader);
    event.id = std::move(refund.refund_id);
    event.origin = std::move(refund.origin);
    event.content = refund.content;
    event.order_venue = refund.order_venue;
    event.order_id = std::move(refund.order_id);
    event.order_occurred_at = refund.order_occurred_at;
    event.late = from.late();
    event.checks = std::move(refund.checks);
  } else {
    auto order = read_body(from.order(), header, filing, reader);
    event.id = std::move(order.order_id);
    event.origin = std::move(order.origin);
    event.content = std::move(order.content);
    event.late = order.late;
    event.checks = std::move(order.checks);
  }
  return event;
}

domain::TimePassed read_body(const stored::TimePassed& from, const domain::EventHeader& header,
                             const Filing& /*filing*/, Reader& reader) {
  reader.known(from);
  domain::TimePassed event;
  event.header = header;
  return event;
}

domain::Held read_body(const stored::Held& from, const domain::EventHeader& header,
                       const Filing& filing, Reader& reader) {
  reader.known(from);
  domain::Held event;
  event.header = header;
  event.key = filing.key;
  event.hold_id = from.hold_id();
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.content = {.occurred_at = filing.filed_at, .points = {from.points()}};
  event.lapses_at = {wrapping_sum(from.lapses_after(), header.received_at.unix_ms)};
  return event;
}

domain::Released read_body(const stored::Released& from, const domain::EventHeader& header,
                           const Filing& filing, Reader& reader) {
  reader.known(from);
  domain::Released event;
  event.header = header;
  event.key = filing.key;
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.hold = filing.order;
  event.hold_id = from.hold_id();
  event.hold_occurred_at = filing.filed_at;
  event.occurred_at = {wrapping_difference(header.received_at.unix_ms, from.occurred_before())};
  event.points = {from.points()};
  return event;
}

domain::Granted read_body(const stored::Granted& from, const domain::EventHeader& header,
                          const Filing& filing, Reader& reader) {
  reader.known(from);
  domain::Granted event;
  event.header = header;
  event.key = filing.key;
  event.grant_id = from.grant_id();
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.content = {
      .occurred_at = filing.filed_at,
      .points = {from.points()},
      .party = reader.name<domain::PartyId>(from.party()),
      .expires_on = {from.expires_on()},
      .reason = from.reason(),
  };
  return event;
}

domain::GrantRevoked read_body(const stored::GrantRevoked& from, const domain::EventHeader& header,
                               const Filing& filing, Reader& reader) {
  reader.known(from);
  domain::GrantRevoked event;
  event.header = header;
  event.key = filing.key;
  event.revocation_id = from.revocation_id();
  event.origin = read_origin(from.origin(), header.received_at, reader);
  event.grant = filing.order;
  event.grant_id = from.grant_id();
  event.grant_occurred_at = filing.filed_at;
  event.occurred_at = {wrapping_difference(header.received_at.unix_ms, from.occurred_before())};
  event.reason = from.reason();
  event.points = {from.points()};
  event.booked_loss = {from.booked_loss()};
  return event;
}

domain::Reviewed read_body(const stored::Reviewed& from, const domain::EventHeader& header,
                           const Filing& /*filing*/, Reader& reader) {
  reader.known(from);
  domain::Reviewed event;
  event.header = header;
  event.order = {from.order_high(), from.order_low()};
  event.order_occurred_at = {from.order_occurred_at()};
  event.approved = from.approved();
  event.reason = from.reason();
  return event;
}

domain::TierGiven read_body(const stored::TierGiven& from, const domain::EventHeader& header,
                            const Filing& /*filing*/, Reader& reader) {
  reader.known(from);
  domain::TierGiven event;
  event.header = header;
  event.reason = from.reason();
  return event;
}

/// How many kinds of event the message says it is.
int kinds_of(const stored::MemberEvent& from) {
  return from.has_checked_out() + from.has_refunded() + from.has_enrolled() +
         from.has_time_passed() + from.has_held() + from.has_released() + from.has_reviewed() +
         from.has_tier_given() + from.has_granted() + from.has_grant_revoked() +
         from.has_declined() + from.has_identity_linked() + from.has_identity_unlinked();
}

template <typename Happened>
Happened read_link(const stored::IdentityLink& from, const domain::EventHeader& header,
                   Reader& reader) {
  reader.known(from);
  return {.header = header,
          .kind = read_kind(from.kind(), reader),
          .identity = {from.identity_high(), from.identity_low()}};
}

}  // namespace

CodecResult<domain::Event> event_of(const stored::MemberEvent& from, const Filing& filing) {
  Reader reader(from.names());
  reader.known(from);
  const domain::EventHeader header{
      .position = filing.position,
      .received_at = {from.received_at()},
      .program_version = from.program_version(),
      .policy_version = from.policy_version(),
  };
  if (kinds_of(from) != 1) return codec_error("not exactly one kind of event");

  domain::Event event;
  const auto read_as = [&]<typename Body>(const Body& body) {
    using Happened = decltype(read_body(body, header, filing, reader));
    auto& happened = event.emplace<Happened>(read_body(body, header, filing, reader));
    domain::Effects ignored;
    domain::Effects* effects = &ignored;
    if constexpr (requires { happened.effects; }) effects = &happened.effects;
    read(from.effects(), header.received_at, reader, *effects, happened.after);
  };
  if (from.has_checked_out()) {
    read_as(from.checked_out());
  } else if (from.has_refunded()) {
    read_as(from.refunded());
  } else if (from.has_time_passed()) {
    read_as(from.time_passed());
  } else if (from.has_held()) {
    read_as(from.held());
  } else if (from.has_released()) {
    read_as(from.released());
  } else if (from.has_granted()) {
    read_as(from.granted());
  } else if (from.has_grant_revoked()) {
    read_as(from.grant_revoked());
  } else if (from.has_reviewed()) {
    read_as(from.reviewed());
  } else if (from.has_tier_given()) {
    read_as(from.tier_given());
  } else if (from.has_declined()) {
    read_as(from.declined());
  } else if (from.has_identity_linked()) {
    event = read_link<domain::IdentityLinked>(from.identity_linked(), header, reader);
  } else if (from.has_identity_unlinked()) {
    event = read_link<domain::IdentityUnlinked>(from.identity_unlinked(), header, reader);
  } else {
    reader.known(from.enrolled());
    event.emplace<domain::Enrolled>(domain::Enrolled{header, from.enrolled().member_id()});
  }
  if (reader.fault() != nullptr) return codec_error(reader.fault());
  return event;
}

}  // namespace wutong::persistence
