#include "persistence/codec_parts.h"

namespace wutong::persistence {
namespace {

void fill_movement(stored::Movement& to, const domain::Movement& movement, NameWriter& names) {
  to.set_reason(static_cast<std::uint32_t>(movement.reason));
  to.set_line(movement.line);
  to.set_lot_serial(movement.lot_serial);
  to.set_party(names.number(movement.party));
  to.set_price(movement.price.thousandths);
  to.set_expires_on(movement.expires_on.since_epoch);
  to.set_points(movement.points.count);
  to.set_available_from(movement.available_from.unix_ms);
  to.set_counterparty(names.number_unless(movement.counterparty, movement.party));
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

domain::HoldChange read_hold_change(const stored::HoldChange& from, Reader& reader) {
  reader.known(from);
  return {
      .hold = {from.hold_high(), from.hold_low()},
      .lapses_at = {from.lapses_at()},
      .lot_serial = from.lot_serial(),
      .points = {from.points()},
  };
}

void fill_pending(stored::PendingChange& to, const domain::PendingChange& change,
                  NameWriter& names) {
  to.set_order_high(change.order.high);
  to.set_order_low(change.order.low);
  to.set_order_occurred_at(change.order_occurred_at.unix_ms);
  to.set_line(change.line);
  to.set_party(names.number(change.party));
  to.set_price(change.price.thousandths);
  to.set_expires_on(change.expires_on.since_epoch);
  to.set_available_from(change.available_from.unix_ms);
  to.set_points(change.points.count);
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

void fill(stored::TierSpan& to, const domain::TierSpan& span, NameWriter& names) {
  to.set_source(static_cast<std::uint32_t>(span.source));
  to.set_from(span.from.since_epoch);
  to.set_until(span.until.since_epoch);
  to.set_tier(names.number(span.tier));
}

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

void fill(stored::Effects& to, const domain::Effects& effects, const domain::Balances& after,
          domain::Instant received_at, NameWriter& names) {
  for (const auto& movement : effects.movements)
    fill_movement(*to.add_movements(), movement, names);
  for (const auto& change : effects.debts) {
    auto& debt = *to.add_debts();
    debt.set_order_high(change.order.high);
    debt.set_order_low(change.order.low);
    debt.set_order_occurred_at(change.order_occurred_at.unix_ms);
    debt.set_line(change.line);
    debt.set_party(names.number(change.party));
    debt.set_points(change.points.count);
  }
  for (const auto& count : effects.expired_counts) {
    auto& expired = *to.add_expired_counts();
    expired.set_lot_serial(count.lot_serial);
    expired.set_line(count.line);
    expired.set_points(count.points.count);
  }
  for (const auto& change : effects.holds) {
    auto& hold = *to.add_holds();
    hold.set_hold_high(change.hold.high);
    hold.set_hold_low(change.hold.low);
    hold.set_lapses_at(change.lapses_at.unix_ms);
    hold.set_lot_serial(change.lot_serial);
    hold.set_points(change.points.count);
  }
  for (const auto& change : effects.pending) {
    fill_pending(*to.add_pending_awards(), change, names);
  }
  for (const auto& move : effects.counters) {
    auto& counter = *to.add_counters();
    counter.set_measure(static_cast<std::uint32_t>(move.measure));
    counter.set_day(move.day.since_epoch - utc_day(received_at));
    counter.set_delta(move.delta);
    counter.set_window(stored_window(move.window));
    counter.set_shadow(names.number(move.shadow));
  }
  for (const auto& move : effects.sliding) {
    auto& sliding = *to.add_sliding();
    sliding.set_measure(static_cast<std::uint32_t>(move.measure));
    sliding.set_seconds(static_cast<std::uint32_t>(move.seconds));
    sliding.set_delta(move.delta);
    sliding.set_shadow(names.number(move.shadow));
  }
  for (const auto& span : effects.tiers) fill(*to.add_tiers(), span, names);
  to.set_available(after.available.count);
  to.set_debt(after.debt.count);
  to.set_held(after.held.count);
  to.set_pending(after.pending.count);
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
