#include "persistence/codec_parts.h"

namespace wutong::persistence {
namespace {

void write_movement(WireWriter& out, const domain::Movement& movement, NameWriter& names) {
  using Stored = stored::Movement;
  auto to =
      out.open_numbers<stored::Effects::kMovementsFieldNumber, Stored::kCounterpartyFieldNumber>();
  to.number<Stored::kReasonFieldNumber>(movement.reason);
  to.number<Stored::kLineFieldNumber>(movement.line);
  to.number<Stored::kLotSerialFieldNumber>(movement.lot_serial);
  to.number<Stored::kPartyFieldNumber>(names.number(movement.party));
  to.number<Stored::kPriceFieldNumber>(movement.price.thousandths);
  to.number<Stored::kExpiresOnFieldNumber>(movement.expires_on.since_epoch);
  to.zigzag<Stored::kPointsFieldNumber>(movement.points.count);
  to.number<Stored::kAvailableFromFieldNumber>(movement.available_from.unix_ms);
  to.number<Stored::kCounterpartyFieldNumber>(
      names.number_unless(movement.counterparty, movement.party));
  out.close(to);
}

domain::Movement read_movement(const stored::Movement& from, Reader& reader) {
  reader.known(from);
  const auto party = reader.name<domain::PartyId>(from.party());
  return {
      .reason = reader.enumerator(from.reason(), domain::Reason::earn, domain::Reason::revoke),
      .line = from.line(),
      .lot_serial = from.lot_serial(),
      .party = party,
      .price = {from.price()},
      .expires_on = {from.expires_on()},
      .available_from = {from.available_from()},
      .points = {from.points()},
      .counterparty = reader.name_unless(from.counterparty(), party),
  };
}

void write_debt_change(WireWriter& out, const domain::DebtChange& change, NameWriter& names) {
  using Stored = stored::DebtChange;
  auto to = out.open_numbers<stored::Effects::kDebtsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kOrderHighFieldNumber>(change.order.high);
  to.fixed32<Stored::kOrderLowFieldNumber>(change.order.low);
  to.number<Stored::kOrderOccurredAtFieldNumber>(change.order_occurred_at.unix_ms);
  to.number<Stored::kLineFieldNumber>(change.line);
  to.number<Stored::kPartyFieldNumber>(names.number(change.party));
  to.zigzag<Stored::kPointsFieldNumber>(change.points.count);
  out.close(to);
}

domain::DebtChange read_debt_change(const stored::DebtChange& from, Reader& reader) {
  reader.known(from);
  return {
      .order = {from.order_high(), from.order_low()},
      .order_occurred_at = {from.order_occurred_at()},
      .line = from.line(),
      .party = reader.name<domain::PartyId>(from.party()),
      .points = {from.points()},
  };
}

void write_expired_count(WireWriter& out, const domain::ExpiredCount& count) {
  using Stored = stored::ExpiredCount;
  auto to =
      out.open_numbers<stored::Effects::kExpiredCountsFieldNumber, Stored::kPointsFieldNumber>();
  to.number<Stored::kLotSerialFieldNumber>(count.lot_serial);
  to.number<Stored::kLineFieldNumber>(count.line);
  to.number<Stored::kPointsFieldNumber>(count.points.count);
  out.close(to);
}

void write_hold_change(WireWriter& out, const domain::HoldChange& change) {
  using Stored = stored::HoldChange;
  auto to = out.open_numbers<stored::Effects::kHoldsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kHoldHighFieldNumber>(change.hold.high);
  to.fixed32<Stored::kHoldLowFieldNumber>(change.hold.low);
  to.number<Stored::kLapsesAtFieldNumber>(change.lapses_at.unix_ms);
  to.number<Stored::kLotSerialFieldNumber>(change.lot_serial);
  to.zigzag<Stored::kPointsFieldNumber>(change.points.count);
  out.close(to);
}

domain::HoldChange read_hold_change(const stored::HoldChange& from, Reader& reader) {
  reader.known(from);
  return {
      .hold = {from.hold_high(), from.hold_low()},
      .lapses_at = {from.lapses_at()},
      .lot_serial = from.lot_serial(),
      .points = {from.points()},
  };
}

void write_pending(WireWriter& out, const domain::PendingChange& change, NameWriter& names) {
  using Stored = stored::PendingChange;
  auto to =
      out.open_numbers<stored::Effects::kPendingAwardsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kOrderHighFieldNumber>(change.order.high);
  to.fixed32<Stored::kOrderLowFieldNumber>(change.order.low);
  to.number<Stored::kOrderOccurredAtFieldNumber>(change.order_occurred_at.unix_ms);
  to.number<Stored::kLineFieldNumber>(change.line);
  to.number<Stored::kPartyFieldNumber>(names.number(change.party));
  to.number<Stored::kPriceFieldNumber>(change.price.thousandths);
  to.number<Stored::kExpiresOnFieldNumber>(change.expires_on.since_epoch);
  to.number<Stored::kAvailableFromFieldNumber>(change.available_from.unix_ms);
  to.zigzag<Stored::kPointsFieldNumber>(change.points.count);
  out.close(to);
}

domain::PendingChange read_pending(const stored::PendingChange& from, Reader& reader) {
  reader.known(from);
  return {
      .order = {from.order_high(), from.order_low()},
      .order_occurred_at = {from.order_occurred_at()},
      .line = from.line(),
      .party = reader.name<domain::PartyId>(from.party()),
      .price = {from.price()},
      .expires_on = {from.expires_on()},
      .available_from = {from.available_from()},
      .points = {from.points()},
  };
}

void write_counter(WireWriter& out, const domain::CounterMove& move, std::int64_t base_day,
                   NameWriter& names) {
  using Stored = stored::CounterMove;
  auto to = out.open_numbers<stored::Effects::kCountersFieldNumber, Stored::kShadowFieldNumber>();
  to.number<Stored::kMeasureFieldNumber>(move.measure);
  to.zigzag<Stored::kDayFieldNumber>(move.day.since_epoch - base_day);
  to.zigzag<Stored::kDeltaFieldNumber>(move.delta);
  to.number<Stored::kWindowFieldNumber>(stored_window(move.window));
  to.number<Stored::kShadowFieldNumber>(names.number(move.shadow));
  out.close(to);
}

domain::CounterMove read_counter(const stored::CounterMove& from, std::int64_t base_day,
                                 Reader& reader) {
  reader.known(from);
  return {
      .measure = read_measure(from.measure(), reader),
      .window = read_window(from.window(), reader),
      .day = reader.day(wrapping_sum(from.day(), base_day)),
      .delta = from.delta(),
      .shadow = reader.name<domain::LimitId>(from.shadow()),
  };
}

void write_sliding(WireWriter& out, const domain::SlidingMove& move, NameWriter& names) {
  using Stored = stored::SlidingMove;
  auto to = out.open_numbers<stored::Effects::kSlidingFieldNumber, Stored::kShadowFieldNumber>();
  to.number<Stored::kMeasureFieldNumber>(move.measure);
  to.number<Stored::kSecondsFieldNumber>(static_cast<std::uint32_t>(move.seconds));
  to.zigzag<Stored::kDeltaFieldNumber>(move.delta);
  to.number<Stored::kShadowFieldNumber>(names.number(move.shadow));
  out.close(to);
}

domain::SlidingMove read_sliding(const stored::SlidingMove& from, Reader& reader) {
  reader.known(from);
  return {
      .measure = read_measure(from.measure(), reader),
      .seconds = read_seconds(from.seconds(), reader),
      .delta = from.delta(),
      .shadow = reader.name<domain::LimitId>(from.shadow()),
  };
}

}  // namespace

domain::TierSpan read(const stored::TierSpan& from, Reader& reader) {
  reader.known(from);
  return {
      .source =
          reader.enumerator(from.source(), domain::TierSource::reached, domain::TierSource::given),
      .from = {from.from()},
      .until = {from.until()},
      .tier = reader.name<domain::TierId>(from.tier()),
  };
}

void write(WireWriter& out, const domain::Effects& effects, const domain::Balances& after,
           domain::Instant received_at, NameWriter& names) {
  using Stored = stored::Effects;
  const auto message = out.open_field<stored::MemberEvent::kEffectsFieldNumber>();
  for (const auto& movement : effects.movements) write_movement(out, movement, names);
  for (const auto& change : effects.debts) names.number(change.party);
  for (const auto& change : effects.pending) names.number(change.party);
  const auto base_day = utc_day(received_at);
  for (const auto& move : effects.counters) write_counter(out, move, base_day, names);
  auto balances = out.fields(4);
  balances.number<Stored::kAvailableFieldNumber>(after.available.count);
  balances.number<Stored::kDebtFieldNumber>(after.debt.count);
  balances.number<Stored::kHeldFieldNumber>(after.held.count);
  balances.number<Stored::kPendingFieldNumber>(after.pending.count);
  out.end(balances);
  for (const auto& change : effects.debts) write_debt_change(out, change, names);
  for (const auto& count : effects.expired_counts) write_expired_count(out, count);
  for (const auto& change : effects.holds) write_hold_change(out, change);
  for (const auto& change : effects.pending) write_pending(out, change, names);
  for (const auto& move : effects.sliding) names.number(move.shadow);
  for (const auto& span : effects.tiers) write_tier<Stored::kTiersFieldNumber>(out, span, names);
  for (const auto& move : effects.sliding) write_sliding(out, move, names);
  out.close(message);
}

void read(const stored::Effects& from, domain::Instant received_at, Reader& reader,
          domain::Effects& effects, domain::Balances& after) {
  reader.known(from);
  effects.movements.reserve(static_cast<std::size_t>(from.movements_size()));
  for (const auto& movement : from.movements()) {
    effects.movements.push_back(read_movement(movement, reader));
  }
  effects.debts.reserve(static_cast<std::size_t>(from.debts_size()));
  for (const auto& debt : from.debts()) effects.debts.push_back(read_debt_change(debt, reader));
  effects.expired_counts.reserve(static_cast<std::size_t>(from.expired_counts_size()));
  for (const auto& count : from.expired_counts()) {
    reader.known(count);
    effects.expired_counts.push_back({count.lot_serial(), count.line(), {count.points()}});
  }
  effects.holds.reserve(static_cast<std::size_t>(from.holds_size()));
  for (const auto& hold : from.holds()) effects.holds.push_back(read_hold_change(hold, reader));
  effects.pending.reserve(static_cast<std::size_t>(from.pending_awards_size()));
  for (const auto& change : from.pending_awards()) {
    effects.pending.push_back(read_pending(change, reader));
  }
  effects.counters.reserve(static_cast<std::size_t>(from.counters_size()));
  for (const auto& counter : from.counters()) {
    effects.counters.push_back(read_counter(counter, utc_day(received_at), reader));
  }
  effects.sliding.reserve(static_cast<std::size_t>(from.sliding_size()));
  for (const auto& move : from.sliding()) effects.sliding.push_back(read_sliding(move, reader));
  effects.tiers.reserve(static_cast<std::size_t>(from.tiers_size()));
  for (const auto& span : from.tiers()) effects.tiers.push_back(read(span, reader));
  after = {.available = {from.available()},
           .held = {from.held()},
           .pending = {from.pending()},
           .debt = {from.debt()}};
}

}  // namespace wutong::persistence
