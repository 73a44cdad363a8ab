#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "persistence/codec.h"
#include "persistence/codec_parts.h"
#include "wutong/stored/v1/snapshot.pb.h"

/// Snapshots.
namespace wutong::persistence {
namespace {

constexpr std::size_t day_ends = 5;
constexpr std::size_t lapse_ends = 9;
static_assert(lapse_ends == snapshot_beginning_bytes);

constexpr std::int64_t ms_of_minute = 60'000;
/// The last minute that can be told, in the year 10136.
constexpr std::int64_t last_minute = std::numeric_limits<std::uint32_t>::max();

void append_number(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<char>((number >> shift) & 0xff));
  }
}

/// REQUIRES: there are so many bytes.
std::uint32_t number_before(std::string_view bytes, std::size_t end) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[end - 4 + i])) << (8 * i);
  }
  return number;
}

/// Rounded up: before it the member would be looked at in vain.
std::uint32_t minute_of(domain::Instant lapses_at) {
  const auto ms = std::clamp<std::int64_t>(lapses_at.unix_ms, 0, last_minute * ms_of_minute);
  return static_cast<std::uint32_t>((ms + ms_of_minute - 1) / ms_of_minute);
}

void append_prefix(std::string& out, const domain::Member& member) {
  const auto next = domain::next_due(member);
  out.push_back(member.holds.empty() ? snapshot_version : snapshot_version_with_holds);
  append_number(out, static_cast<std::uint32_t>(next.expires_on.since_epoch));
  if (!member.holds.empty()) append_number(out, minute_of(next.lapses_at));
}

/// Nothing if the snapshot is of a version that is not known, or was cut.
std::optional<std::size_t> prefix_bytes_of(std::string_view snapshot) {
  if (snapshot.empty()) return std::nullopt;
  const auto bytes = snapshot[0] == snapshot_version ? day_ends : lapse_ends;
  const bool known = snapshot[0] == snapshot_version || snapshot[0] == snapshot_version_with_holds;
  if (!known || snapshot.size() < bytes) return std::nullopt;
  return bytes;
}

void fill_lot(stored::Lot& to, const domain::Lot& lot, NameWriter& names) {
  to.set_serial(lot.serial);
  to.set_party(names.number(lot.party));
  to.set_price(lot.price.thousandths);
  to.set_expires_on(lot.expires_on.since_epoch);
  to.set_points(lot.points.count);
  to.set_available_from(lot.available_from.unix_ms);
  to.set_expired_uncounted(lot.expired_uncounted.count);
  to.set_held(lot.held.count);
}

domain::Lot read_lot(const stored::Lot& from, Reader& reader) {
  reader.known(from);
  return {
      .serial = from.serial(),
      .party = reader.name<domain::PartyId>(from.party()),
      .price = {from.price()},
      .expires_on = {from.expires_on()},
      .available_from = {from.available_from()},
      .points = {from.points()},
      .held = {from.held()},
      .expired_uncounted = {from.expired_uncounted()},
  };
}

void fill_debt(stored::Debt& to, const domain::Debt& debt, NameWriter& names) {
  to.set_order_high(debt.order.high);
  to.set_order_low(debt.order.low);
  to.set_order_occurred_at(debt.order_occurred_at.unix_ms);
  to.set_line(debt.line);
  to.set_party(names.number(debt.party));
  to.set_points(debt.points.count);
}

domain::Debt read_debt(const stored::Debt& from, Reader& reader) {
  reader.known(from);
  return {
      .order = {from.order_high(), from.order_low()},
      .order_occurred_at = {from.order_occurred_at()},
      .line = from.line(),
      .party = reader.name<domain::PartyId>(from.party()),
      .points = {from.points()},
  };
}

void fill_hold(stored::HeldPoints& to, const domain::HeldPoints& part) {
  to.set_hold_high(part.hold.high);
  to.set_hold_low(part.hold.low);
  to.set_lapses_at(part.lapses_at.unix_ms);
  to.set_lot_serial(part.lot_serial);
  to.set_points(part.points.count);
}

domain::HeldPoints read_hold(const stored::HeldPoints& from, Reader& reader) {
  reader.known(from);
  return {
      .hold = {from.hold_high(), from.hold_low()},
      .lapses_at = {from.lapses_at()},
      .lot_serial = from.lot_serial(),
      .points = {from.points()},
  };
}

void fill_pending(stored::PendingAward& to, const domain::PendingAward& award, NameWriter& names) {
  to.set_order_high(award.order.high);
  to.set_order_low(award.order.low);
  to.set_order_occurred_at(award.order_occurred_at.unix_ms);
  to.set_line(award.line);
  to.set_party(names.number(award.party));
  to.set_price(award.price.thousandths);
  to.set_expires_on(award.expires_on.since_epoch);
  to.set_available_from(award.available_from.unix_ms);
  to.set_points(award.points.count);
}

domain::PendingAward read_pending(const stored::PendingAward& from, Reader& reader) {
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

domain::Counter read_counter(const stored::Counter& from, Reader& reader) {
  reader.known(from);
  return {
      .measure = read_measure(from.measure(), reader),
      .window = read_window(from.window(), reader),
      .day = {from.day()},
      .value = from.value(),
      .shadow = reader.name<domain::LimitId>(from.shadow()),
  };
}

void fill_sliding(stored::SlidingCount& to, const domain::SlidingCount& count, NameWriter& names) {
  to.set_measure(static_cast<std::uint32_t>(count.measure));
  to.set_seconds(static_cast<std::uint32_t>(count.seconds));
  to.set_last(count.last.unix_ms);
  to.set_value(count.value);
  to.set_shadow(names.number(count.shadow));
}

domain::SlidingCount read_sliding(const stored::SlidingCount& from, Reader& reader) {
  reader.known(from);
  return {
      .measure = read_measure(from.measure(), reader),
      .seconds = read_seconds(from.seconds(), reader),
      .last = {from.last()},
      .value = from.value(),
      .shadow = reader.name<domain::LimitId>(from.shadow()),
  };
}

void fill_identity(stored::LinkedIdentity& to, const domain::LinkedIdentity& linked) {
  to.set_kind(static_cast<std::uint32_t>(linked.kind));
  to.set_identity_high(linked.identity.high);
  to.set_identity_low(linked.identity.low);
  to.set_linked_at(linked.linked_at.unix_ms);
}

domain::LinkedIdentity read_identity(const stored::LinkedIdentity& from, Reader& reader) {
  reader.known(from);
  return {.kind = read_kind(from.kind(), reader),
          .identity = {from.identity_high(), from.identity_low()},
          .linked_at = {from.linked_at()}};
}

void fill_snapshot(stored::Snapshot& to, const Snapshot& snapshot) {
  const auto& member = snapshot.member;
  NameWriter names(to.mutable_names());
  to.set_epoch(member.position.epoch);
  to.set_sequence(member.position.sequence);
  to.set_member_id(member.id);
  to.set_status(static_cast<std::uint32_t>(member.status));
  to.set_last_event_at(member.last_event_at.unix_ms);
  to.set_next_lot_serial(member.next_lot_serial);
  for (const auto& lot : member.lots) fill_lot(*to.add_lots(), lot, names);
  for (const auto& debt : member.debts) fill_debt(*to.add_debts(), debt, names);
  for (const auto& part : member.holds) fill_hold(*to.add_holds(), part);
  for (const auto& award : member.pending) fill_pending(*to.add_pending_awards(), award, names);
  for (const auto& counter : member.counters) {
    auto& stored_counter = *to.add_counters();
    stored_counter.set_measure(static_cast<std::uint32_t>(counter.measure));
    stored_counter.set_day(counter.day.since_epoch);
    stored_counter.set_value(counter.value);
    stored_counter.set_window(stored_window(counter.window));
    stored_counter.set_shadow(names.number(counter.shadow));
  }
  for (const auto& count : member.sliding) fill_sliding(*to.add_sliding(), count, names);
  for (const auto& span : member.tiers) fill(*to.add_tiers(), span, names);
  for (const auto& linked : member.identities) fill_identity(*to.add_identities(), linked);
  for (const auto& record : snapshot.records) fill(*to.add_records(), record);
  to.set_receipts_complete_from(snapshot.receipts_complete_from.unix_ms);
}

domain::Member read_member(const stored::Snapshot& from, Reader& reader) {
  domain::Member member;
  member.id = from.member_id();
  member.status =
      reader.enumerator(from.status(), domain::MemberStatus::active, domain::MemberStatus::closed);
  member.position = {from.epoch(), from.sequence()};
  member.last_event_at = {from.last_event_at()};
  member.next_lot_serial = from.next_lot_serial();
  member.lots.reserve(static_cast<std::size_t>(from.lots_size()));
  for (const auto& lot : from.lots()) member.lots.push_back(read_lot(lot, reader));
  member.debts.reserve(static_cast<std::size_t>(from.debts_size()));
  for (const auto& debt : from.debts()) member.debts.push_back(read_debt(debt, reader));
  member.holds.reserve(static_cast<std::size_t>(from.holds_size()));
  for (const auto& part : from.holds()) member.holds.push_back(read_hold(part, reader));
  member.pending.reserve(static_cast<std::size_t>(from.pending_awards_size()));
  for (const auto& award : from.pending_awards()) {
    member.pending.push_back(read_pending(award, reader));
  }
  member.counters.reserve(static_cast<std::size_t>(from.counters_size()));
  for (const auto& counter : from.counters()) {
    member.counters.push_back(read_counter(counter, reader));
  }
  member.sliding.reserve(static_cast<std::size_t>(from.sliding_size()));
  for (const auto& count : from.sliding()) member.sliding.push_back(read_sliding(count, reader));
  member.tiers.reserve(static_cast<std::size_t>(from.tiers_size()));
  for (const auto& span : from.tiers()) member.tiers.push_back(read(span, reader));
  member.identities.reserve(static_cast<std::size_t>(from.identities_size()));
  for (const auto& linked : from.identities()) {
    member.identities.push_back(read_identity(linked, reader));
  }
  return member;
}

CodecResult<Snapshot> read_snapshot(const stored::Snapshot& from) {
  Reader reader(from.names());
  reader.known(from);
  Snapshot snapshot;
  snapshot.member = read_member(from, reader);
  if (reader.fault() != nullptr) return codec_error(reader.fault());
  snapshot.records.reserve(static_cast<std::size_t>(from.records_size()));
  for (const auto& stored_record : from.records()) {
    auto record = packed_of(stored_record);
    if (!record) return tl::unexpected(std::move(record).error());
    snapshot.records.push_back(*std::move(record));
  }
  snapshot.receipts_complete_from = {from.receipts_complete_from()};
  return snapshot;
}

}  // namespace

std::string StoredCodec::snapshot_bytes(const Snapshot& snapshot) const {
  thread_local stored::Snapshot message;
  message.Clear();
  fill_snapshot(message, snapshot);
  std::string bytes;
  append_prefix(bytes, snapshot.member);
  append_delimited(bytes, message);
  return bytes;
}

CodecResult<Snapshot> StoredCodec::snapshot_of(std::string_view bytes) const {
  const auto prefix_bytes = prefix_bytes_of(bytes);
  if (!prefix_bytes) return codec_error("a snapshot of a version that is not known, or cut");

  auto rest = bytes.substr(*prefix_bytes);
  const auto piece = take_delimited(rest);
  if (!piece || !rest.empty()) return codec_error("a snapshot that was cut or has too much");
  thread_local stored::Snapshot message;
  if (!parse(message, *piece)) return codec_error("a snapshot that is no message");
  return read_snapshot(message);
}

CodecResult<domain::NextDue> StoredCodec::next_due_in(std::string_view beginning) const {
  const auto prefix_bytes = prefix_bytes_of(beginning);
  if (!prefix_bytes) return codec_error("a snapshot of a version that is not known, or cut");
  const auto day = static_cast<std::int32_t>(number_before(beginning, day_ends));
  if (*prefix_bytes == day_ends) return domain::NextDue{{day}, domain::never};
  const std::int64_t minute = number_before(beginning, lapse_ends);
  return domain::NextDue{{day}, {minute * ms_of_minute}};
}

}  // namespace wutong::persistence
