#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/shard_answers.h"

// Snapshots, history and order book, written behind; and the mark that says how far they are whole.

namespace wutong {
namespace {

constexpr std::size_t book_buckets_per_flush = 256;
/// For each bucket so many changes wait at most, or a round begins; a change takes about 100 bytes of memory.
constexpr std::size_t book_changes_per_bucket_max = 32;
/// Of one member that no flush covers; with more it is flushed without waiting for its round, since each
/// call looks through all of them. A corporate card has thousands of checkouts in an interval.
constexpr std::size_t unflushed_records_max = 64;
constexpr std::size_t directory_changes_per_flush = 256;
constexpr std::size_t flush_bytes_max = 512 * 1024;
constexpr std::int64_t flush_retry_ns = 50'000'000;
constexpr std::int64_t ms_of_day = 86'400'000;

}  // namespace

void Shard::touch_dirty(MemberActor& member, domain::Position position) {
  if (!member.unflushed) {
    member.unflushed = std::make_unique<Unflushed>(Unflushed{.first = position});
    if (dirty_.empty() && !round_.up_to) {
      round_.next_at_ns =
          std::max(round_.next_at_ns, now_ns() + parts_.options.flush_interval_ms * 1'000'000);
    }
    dirty_[position] = member.key;
  } else if (member.unflushed->flushing && member.unflushed->first_after.epoch == 0) {
    member.unflushed->first_after = position;
  }
  if (member.unflushed->flushing) return;
  if (member.records.size() <= records_kept + unflushed_records_max) return;
  if (!std::exchange(member.unflushed->crowded, true)) crowded_.push_back(member.key);
}

bool Shard::flush_is_due() const {
  if (must_hurry()) return true;
  return round_.up_to ? round_is_behind() : now_ns() >= round_.next_at_ns;
}

bool Shard::round_is_behind() const {
  // The ledger does one thing at a time: what a round writes at once, appends wait for. So it is spread
  // over half the time that there is.
  const auto round_ns = parts_.options.flush_interval_ms * 1'000'000 / 2;
  const auto elapsed = now_ns() - round_.began_ns;
  return elapsed >= round_ns || static_cast<std::int64_t>(round_.flushed) * round_ns <=
                                    static_cast<std::int64_t>(round_.members) * elapsed;
}

bool Shard::must_hurry() const {
  if (stopping_ || round_.room_wanted) return true;
  if (2 * tail_bytes_ >
      static_cast<std::uint64_t>(parts_.options.tail_bytes_max) / parts_.info.shards) {
    return true;
  }
  return book_->unflushed_count() >
         book_changes_per_bucket_max * std::size_t{parts_.info.book_buckets};
}

void Shard::pump_flush() {
  if (state_ != State::owner) return;
  if (!flush_.request) build_flush();
  if (!flush_.request || flush_.awaited) return;
  // A snapshot may tell of events that are still on their way; it follows them.
  if (log_->committed() < flush_.needs || now_ns() < flush_.again_at_ns) return;
  if (flushes_on_their_way_ == 0) send_flush();
}

void Shard::build_flush() {
  const bool is_due = flush_is_due();
  if (!is_due && crowded_.empty()) return;
  FlushRequest request{
      .epoch = log_->head().position.epoch, .writer = log_->head().writer, .expected = mark_};
  flush_.members.clear();
  flush_.needs = {};
  const auto wall_ms = parts_.clocks.wall_ms();
  const auto bytes = add_crowded_to_flush(request, wall_ms);
  if (is_due) add_round_to_flush(request, bytes, wall_ms);
  request.next = {.position = mark_after(), .flush = mark_.flush + 1};
  if (request.snapshots.empty() && request.book.empty() && request.identities.empty()) {
    if (!is_due) return;
    end_round();
    if (request.next.position <= mark_.position) return;
  }
  flush_.needs = std::max(flush_.needs, request.next.position);
  if (flush_.needs.epoch == request.epoch) request.highest_sequence = flush_.needs.sequence;
  flush_.request = std::move(request);
  flush_.again_at_ns = 0;
}

std::size_t Shard::add_crowded_to_flush(FlushRequest& request, std::int64_t wall_ms) {
  // The other half is the round's.
  const std::size_t members_max = (parts_.options.flush_members_max + 1) / 2;
  std::size_t bytes = 0;
  while (!crowded_.empty() && flush_.members.size() < members_max && bytes < flush_bytes_max / 2) {
    const auto key = crowded_.back();
    crowded_.pop_back();
    const auto found = members_.find(key.value);
    if (found == members_.end()) continue;
    auto& member = *static_cast<MemberActor*>(found->second->get());
    // A round may have come before.
    if (!member.unflushed || !member.unflushed->crowded) continue;
    bytes += add_to_flush(member, request, wall_ms);
  }
  return bytes;
}

void Shard::add_round_to_flush(FlushRequest& request, std::size_t bytes, std::int64_t wall_ms) {
  if (!round_.up_to) {
    round_.up_to = log_->last();
    round_.began_ns = now_ns();
    round_.members = dirty_.size();
    round_.flushed = 0;
  }
  for (const auto& [position, key] : dirty_) {
    const bool full = flush_.members.size() >= parts_.options.flush_members_max;
    if (position > *round_.up_to || full || bytes > flush_bytes_max) break;
    auto& member = *static_cast<MemberActor*>(members_.at(key.value)->get());
    if (!member.unflushed->flushing) bytes += add_to_flush(member, request, wall_ms);
  }
  add_book_to_flush(request, wall_ms);
  add_directory_to_flush(request);
  activate_tail_members();
}

void Shard::end_round() {
  if (!tail_dirty_.empty()) {
    // Members are on their way into memory for it. Those who are there may have become dirty since it
    // began, and stand in their way.
    round_.up_to = log_->last();
    return;
  }
  round_.up_to.reset();
  round_.room_wanted = false;
  round_.next_at_ns =
      std::max(now_ns(), round_.began_ns + parts_.options.flush_interval_ms * 1'000'000);
}

void Shard::activate_tail_members() {
  // Whom nobody has asked for yet. They take the room that there is, and make more once flushed.
  std::uint32_t looked_at = 0;
  for (const auto& [position, key] : tail_dirty_) {
    if (++looked_at > parts_.options.flush_members_max) return;
    const auto found = members_.find(key.value);
    if (found != members_.end()) continue;
    auto* member = make_resident(key);
    if (member == nullptr) return;
    activate(*member);
  }
}

void Shard::add_book_to_flush(FlushRequest& request, std::int64_t wall_ms) {
  const auto changes = book_->to_flush(*round_.up_to, book_buckets_per_flush);
  flush_.book_entries = changes.size();
  for (const auto& change : changes) {
    flush_.needs = std::max(flush_.needs, change.position);
    auto& book = request.book;
    if (book.empty() || book.back().month != change.month || book.back().bucket != change.bucket) {
      const auto expire_at = expiry_of({}, wall_ms);
      const auto [set, is_first] =
          bucket_expiries_.try_emplace({change.month, change.bucket}, expire_at);
      book.push_back({.month = change.month,
                      .bucket = change.bucket,
                      .entries = {},
                      .expire_at_unix_ms = expire_at,
                      .expiry_stands = !is_first && set->second == expire_at});
      set->second = expire_at;
    }
    parts_.codec.append_book_entry(book.back().entries, change.entry);
  }
}

void Shard::add_directory_to_flush(FlushRequest& request) {
  const auto changes = directory_->to_flush(*round_.up_to, directory_changes_per_flush);
  flush_.directory_changes = changes.size();
  std::map<domain::IdentityKey, std::string> claims;
  for (const auto& change : changes) {
    flush_.needs = std::max(flush_.needs, change.position);
    claims[change.identity] =
        change.member ? parts_.codec.claim_bytes(*change.member) : std::string();
  }
  for (auto& [identity, claim] : claims) {
    request.identities.push_back({.identity = identity, .claim = std::move(claim)});
  }
}

std::int64_t Shard::expiry_of(domain::Instant filed_at, std::int64_t wall_ms) const {
  if (parts_.info.clock == LedgerClock::caller) return 0;
  const auto at_the_earliest =
      std::max(filed_at.unix_ms, wall_ms) + parts_.info.history_days * ms_of_day;
  // The same all day long, so that it is set once a day.
  return (at_the_earliest / ms_of_day + 1) * ms_of_day;
}

std::span<const PackedRecord> Shard::unpacked(const MemberActor& member) {
  const auto count = member.records.size();
  if (unpacked_.size() < count) unpacked_.resize(count);
  auto record = unpacked_.begin();
  for (const auto entry : member.records) entry.unpack_to(*record++, *press_);
  return std::span(unpacked_).first(count);
}

std::size_t Shard::add_to_flush(MemberActor& member, FlushRequest& request, std::int64_t wall_ms) {
  const auto records = unpacked(member);
  const auto dropped = records.size() > records_kept ? records.size() - records_kept : 0;
  SnapshotView snapshot{.member = member.state,
                        .records = records.subspan(dropped),
                        .receipts_complete_from = member.receipts_complete_from};
  // As if they had left memory already, so that the same journal gives the same bytes.
  for (const auto& record : records.first(dropped)) {
    snapshot.receipts_complete_from =
        std::max(snapshot.receipts_complete_from, record.filed_at + domain::Duration{1});
  }
  request.snapshots.push_back(
      {.member = member.key, .snapshot = parts_.codec.snapshot_bytes(snapshot)});
  auto bytes = request.snapshots.back().snapshot.size();
  std::map<std::int32_t, HistoryAppend> months;
  for (const auto& record : records) {
    if (record.position < member.unflushed->first) continue;
    const auto month = domain::utc_month(record.filed_at);
    auto& append = months[month];
    append.member = member.key;
    append.month = month;
    append.expire_at_unix_ms =
        std::max(append.expire_at_unix_ms, expiry_of(record.filed_at, wall_ms));
    parts_.codec.append_record(append.records, record);
  }
  for (auto& [month, append] : months) {
    const HistoryExpiry expiry{.month = month, .expire_at_unix_ms = append.expire_at_unix_ms};
    append.expiry_stands = member.history_expiry == expiry;
    member.history_expiry = expiry;
    bytes += append.records.size();
    request.history.push_back(std::move(append));
  }
  member.unflushed->flushing = true;
  member.unflushed->first_after = {};
  member.unflushed->crowded = false;
  flush_.needs = std::max(flush_.needs, member.state.position);
  flush_.members.emplace_back(member.key, member.unflushed->first);
  return bytes;
}

domain::Position Shard::mark_after() const {
  auto least = log_->last();
  const auto stay_before = [&](domain::Position first) {
    // Nothing has a sequence of 0, so the position before lies after all of the epoch before.
    least = std::min(least, {.epoch = first.epoch, .sequence = first.sequence - 1});
  };
  absl::flat_hash_set<std::pair<std::uint64_t, std::uint64_t>> covered;
  for (const auto& [key, first] : flush_.members) covered.emplace(first.epoch, first.sequence);
  for (const auto& [position, key] : dirty_) {
    if (covered.contains({position.epoch, position.sequence})) continue;
    stay_before(position);
    break;
  }
  if (!tail_dirty_.empty()) stay_before(tail_dirty_.begin()->first);
  if (const auto first = book_->first_unflushed_after(flush_.book_entries)) stay_before(*first);
  if (const auto first = directory_->first_unflushed_after(flush_.directory_changes)) {
    stay_before(*first);
  }
  if (!unsettled_.empty()) stay_before(unsettled_.first_position());
  return std::max(least, mark_.position);
}

void Shard::send_flush() {
  flush_.awaited = true;
  ++flushes_on_their_way_;
  parts_.journal.flush(*flush_.request, answer_with<FlushAnswered, FlushOutcome>(FlushAnswered{}));
}

void Shard::on_flush(const FlushAnswered& answered) {
  flush_.awaited = false;
  if (state_ != State::owner || !flush_.request) return;
  if (!answered.result) {
    if (answered.result.error().fault == LedgerFault::broken) {
      halt("flush refused: " + answered.result.error().detail);
      return;
    }
    flush_.again_at_ns = now_ns() + flush_retry_ns;
    return;
  }
  switch (*answered.result) {
    case FlushOutcome::done:
      on_flushed();
      return;
    case FlushOutcome::fenced:
      // Another owner's head, or an old one of ours that the ledger fell back to: the head tells which.
      flush_.again_at_ns = now_ns() + flush_retry_ns;
      if (!log_->under_way() && !ownership_.reading_head) {
        ownership_.reading_head = true;
        ask_head(0);
      }
      return;
    case FlushOutcome::ahead:
    case FlushOutcome::other:
      give_up("the ledger lost events or a flush");
      return;
  }
}

void Shard::on_flushed() {
  mark_ = flush_.request->next;
  add(parts_.stats.flushes);
  add(parts_.stats.flushed_members, flush_.members.size());
  flush_.request.reset();
  for (const auto& [key, first] : flush_.members) {
    dirty_.erase(first);
    round_.flushed += round_.up_to && first <= *round_.up_to ? 1 : 0;
    const auto found = members_.find(key.value);
    if (found == members_.end()) continue;
    auto& member = *static_cast<MemberActor*>(found->second->get());
    auto& unflushed = *member.unflushed;
    if (unflushed.first_after.epoch == 0) {
      member.unflushed.reset();
    } else {
      unflushed.flushing = false;
      unflushed.first = std::exchange(unflushed.first_after, {});
      dirty_[unflushed.first] = key;
    }
    drop_old_records(member);
    press_records(member);
  }
  flush_.members.clear();
  book_->flushed(flush_.book_entries);
  flush_.book_entries = 0;
  directory_->flushed(flush_.directory_changes);
  flush_.directory_changes = 0;
  while (!tail_pieces_.empty() && tail_pieces_.front().last <= mark_.position) {
    tail_bytes_ -= tail_pieces_.front().bytes;
    tail_pieces_.pop_front();
  }
  round_.room_wanted = false;
}

void Shard::press_records(MemberActor& member) {
  std::optional<domain::Position> before;
  if (member.unflushed) before = member.unflushed->first;
  member.records.press_before(before, *press_);
}

void Shard::drop_old_records(MemberActor& member) {
  // What the first call has read of the history and what is in memory make up the whole only together.
  const auto* work = member.work.get();
  if (work != nullptr &&
      (work->reading_history || (!work->calls.empty() && work->calls.front().history_read))) {
    return;
  }
  auto& records = member.records;
  std::size_t dropped = 0;
  for (const auto record : records) {
    const bool in_ledger = !member.unflushed || record.position < member.unflushed->first;
    if (records.size() - dropped <= records_kept || !in_ledger) break;
    member.receipts_complete_from =
        std::max(member.receipts_complete_from, record.filed_at + domain::Duration{1});
    ++dropped;
  }
  if (dropped == 0) return;
  ++member.drops;
  records.drop_first(dropped);
}

}  // namespace wutong
