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

void write_lot(WireWriter& out, const domain::Lot& lot, NameWriter& names) {
  using Stored = stored::Lot;
  auto to = out.open_numbers<stored::Snapshot::kLotsFieldNumber, Stored::kHeldFieldNumber>();
  to.number<Stored::kSerialFieldNumber>(lot.serial);
  to.number<Stored::kPartyFieldNumber>(names.number(lot.party));
  to.number<Stored::kPriceFieldNumber>(lot.price.thousandths);
  to.number<Stored::kExpiresOnFieldNumber>(lot.expires_on.since_epoch);
  to.number<Stored::kPointsFieldNumber>(lot.points.count);
  to.number<Stored::kAvailableFromFieldNumber>(lot.available_from.unix_ms);
  to.number<Stored::kExpiredUncountedFieldNumber>(lot.expired_uncounted.count);
  to.number<Stored::kHeldFieldNumber>(lot.held.count);
  out.close(to);
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

void write_debt(WireWriter& out, const domain::Debt& debt, NameWriter& names) {
  using Stored = stored::Debt;
  auto to = out.open_numbers<stored::Snapshot::kDebtsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kOrderHighFieldNumber>(debt.order.high);
  to.fixed32<Stored::kOrderLowFieldNumber>(debt.order.low);
  to.number<Stored::kOrderOccurredAtFieldNumber>(debt.order_occurred_at.unix_ms);
  to.number<Stored::kLineFieldNumber>(debt.line);
  to.number<Stored::kPartyFieldNumber>(names.number(debt.party));
  to.number<Stored::kPointsFieldNumber>(debt.points.count);
  out.close(to);
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

void write_hold(WireWriter& out, const domain::HeldPoints& part) {
  using Stored = stored::HeldPoints;
  auto to = out.open_numbers<stored::Snapshot::kHoldsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kHoldHighFieldNumber>(part.hold.high);
  to.fixed32<Stored::kHoldLowFieldNumber>(part.hold.low);
  to.number<Stored::kLapsesAtFieldNumber>(part.lapses_at.unix_ms);
  to.number<Stored::kLotSerialFieldNumber>(part.lot_serial);
  to.number<Stored::kPointsFieldNumber>(part.points.count);
  out.close(to);
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

void write_pending(WireWriter& out, const domain::PendingAward& award, NameWriter& names) {
  using Stored = stored::PendingAward;
  auto to =
      out.open_numbers<stored::Snapshot::kPendingAwardsFieldNumber, Stored::kPointsFieldNumber>();
  to.fixed64<Stored::kOrderHighFieldNumber>(award.order.high);
  to.fixed32<Stored::kOrderLowFieldNumber>(award.order.low);
  to.number<Stored::kOrderOccurredAtFieldNumber>(award.order_occurred_at.unix_ms);
  to.number<Stored::kLineFieldNumber>(award.line);
  to.number<Stored::kPartyFieldNumber>(names.number(award.party));
  to.number<Stored::kPriceFieldNumber>(award.price.thousandths);
  to.number<Stored::kExpiresOnFieldNumber>(award.expires_on.since_epoch);
  to.number<Stored::kAvailableFromFieldNumber>(award.available_from.unix_ms);
  to.number<Stored::kPointsFieldNumber>(award.points.count);
  out.close(to);
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

void write_counter(WireWriter& out, const domain::Counter& counter, NameWriter& names) {
  using Stored = stored::Counter;
  auto to = out.open_numbers<stored::Snapshot::kCountersFieldNumber, Stored::kShadowFieldNumber>();
  to.number<Stored::kMeasureFieldNumber>(counter.measure);
  to.number<Stored::kDayFieldNumber>(counter.day.since_epoch);
  to.zigzag<Stored::kValueFieldNumber>(counter.value);
  to.number<Stored::kWindowFieldNumber>(stored_window(counter.window));
  to.number<Stored::kShadowFieldNumber>(names.number(counter.shadow));
  out.close(to);
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

void write_sliding(WireWriter& out, const domain::SlidingCount& count, NameWriter& names) {
  using Stored = stored::SlidingCount;
  auto to = out.open_numbers<stored::Snapshot::kSlidingFieldNumber, Stored::kShadowFieldNumber>();
  to.number<Stored::kMeasureFieldNumber>(count.measure);
  to.number<Stored::kSecondsFieldNumber>(static_cast<std::uint32_t>(count.seconds));
  to.number<Stored::kLastFieldNumber>(count.last.unix_ms);
  to.zigzag<Stored::kValueFieldNumber>(count.value);
  to.number<Stored::kShadowFieldNumber>(names.number(count.shadow));
  out.close(to);
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

void write_identity(WireWriter& out, const domain::LinkedIdentity& linked) {
  using Stored = stored::LinkedIdentity;
  auto to =
      out.open_numbers<stored::Snapshot::kIdentitiesFieldNumber, Stored::kLinkedAtFieldNumber>();
  to.number<Stored::kKindFieldNumber>(linked.kind);
  to.fixed64<Stored::kIdentityHighFieldNumber>(linked.identity.high);
  to.fixed64<Stored::kIdentityLowFieldNumber>(linked.identity.low);
  to.number<Stored::kLinkedAtFieldNumber>(linked.linked_at.unix_ms);
  out.close(to);
}

domain::LinkedIdentity read_identity(const stored::LinkedIdentity& from, Reader& reader) {
  reader.known(from);
  return {.kind = read_kind(from.kind(), reader),
          .identity = {from.identity_high(), from.identity_low()},
          .linked_at = {from.linked_at()}};
}

/// All fields from the lots on. Names are numbered in the order of `Member`, debts before counters: so it
/// was first done, and equal members must give equal bytes.
void write_rest(WireWriter& out, const SnapshotView& snapshot, NameWriter& names) {
  using Stored = stored::Snapshot;
  const auto& member = snapshot.member;
  for (const auto& lot : member.lots) write_lot(out, lot, names);
  for (const auto& debt : member.debts) names.number(debt.party);
  for (const auto& award : member.pending) names.number(award.party);
  for (const auto& counter : member.counters) write_counter(out, counter, names);
  for (const auto& record : snapshot.records) {
    const auto opened = out.open_field<Stored::kRecordsFieldNumber>(usual_length_bytes);
    write(out, record);
    out.close(opened);
  }
  auto complete_from = out.fields(1);
  complete_from.number<Stored::kReceiptsCompleteFromFieldNumber>(
      snapshot.receipts_complete_from.unix_ms);
  out.end(complete_from);
  for (const auto& debt : member.debts) write_debt(out, debt, names);
  for (const auto& part : member.holds) write_hold(out, part);
  for (const auto& award : member.pending) write_pending(out, award, names);
  for (const auto& count : member.sliding) names.number(count.shadow);
  for (const auto& span : member.tiers) write_tier<Stored::kTiersFieldNumber>(out, span, names);
  for (const auto& count : member.sliding) write_sliding(out, count, names);
  for (const auto& linked : member.identities) write_identity(out, linked);
}

/// The fields before them: the names are known only once all have been used.
void write_front(WireWriter& out, const domain::Member& member, const NameWriter& names) {
  using Stored = stored::Snapshot;
  auto to = out.fields(6, member.id.size());
  to.number<Stored::kEpochFieldNumber>(member.position.epoch);
  to.number<Stored::kSequenceFieldNumber>(member.position.sequence);
  to.bytes<Stored::kMemberIdFieldNumber>(member.id);
  to.number<Stored::kStatusFieldNumber>(member.status);
  to.number<Stored::kLastEventAtFieldNumber>(member.last_event_at.unix_ms);
  to.number<Stored::kNextLotSerialFieldNumber>(member.next_lot_serial);
  out.end(to);
  names.write<Stored::kNamesFieldNumber>(out);
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

std::string StoredCodec::snapshot_bytes(const SnapshotView& snapshot) const {
  WireWriter out;
  NameWriter names;
  write_rest(out, snapshot, names);
  const auto rest_bytes = out.size();
  const auto message = out.open(usual_length_bytes);
  write_front(out, snapshot.member, names);
  out.close(message, rest_bytes);

  std::string bytes;
  bytes.reserve(lapse_ends + out.size());
  append_prefix(bytes, snapshot.member);
  bytes.append(out.piece(rest_bytes, out.size())).append(out.piece(0, rest_bytes));
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
