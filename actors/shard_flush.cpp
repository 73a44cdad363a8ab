#include "actors/shard_flush.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/domain/ensure.h"
#include "actors/shard_answers.h"

// Snapshots, history and order book, written behind; and the mark that says how far they are whole.

namespace wutong {
namespace {

/// So much goes with a flush while a round is on time: calls wait for whatever is written at once. One that is
/// late takes what it is behind by, up to the bounds.
constexpr std::size_t members_on_time = 16;
constexpr std::size_t book_buckets_on_time = 16;
constexpr std::size_t book_buckets_per_flush = 64;
/// Of one member that no flush covers; with more it is flushed without waiting for its round, since each
/// call looks through all of them. A corporate card has thousands of checkouts in an interval.
constexpr std::size_t unflushed_records_max = 64;
constexpr std::size_t directory_changes_per_flush = 256;
constexpr std::size_t flush_bytes_max = 512 * 1024;
constexpr std::int64_t flush_retry_ns = 50'000'000;
constexpr std::int64_t ms_of_day = 86'400'000;

}  // namespace

void ShardFlush::touch(MemberActor& member, domain::Position position) {
  if (!member.unflushed) {
    member.unflushed = std::make_unique<Unflushed>(Unflushed{.first = position});
    if (shard_.dirty_.empty() && !round_.up_to) {
      round_.next_at_ns = std::max(round_.next_at_ns, shard_.now_ns() + first_wait_ns());
    }
    shard_.dirty_[position] = member.key;
  } else if (member.flushing && member.unflushed->first_after.epoch == 0) {
    member.unflushed->first_after = position;
  }
  if (member.flushing) return;
  if (member.records.size() <= Shard::records_kept + unflushed_records_max) return;
  if (!std::exchange(member.crowded, true)) crowded_.push_back(member.key);
}

void ShardFlush::pump() {
  if (shard_.state_ != Shard::State::owner) return;
  if (!under_way_.request) build();
  if (!under_way_.request || under_way_.awaited) return;
  // A snapshot may tell of events that are still on their way; it follows them.
  if (shard_.log_->committed() < under_way_.needs || shard_.now_ns() < under_way_.again_at_ns)
    return;
  if (on_their_way_ == 0) send();
}

void ShardFlush::build() {
  const bool round_is_due = is_round_due();
  if (!round_is_due && crowded_.empty()) return;
  FlushRequest request{.epoch = shard_.log_->head().position.epoch,
                       .writer = shard_.log_->head().writer,
                       .expected = shard_.mark_};
  under_way_.members.clear();
  under_way_.needs = {};
  const auto wall_ms = shard_.parts_.clocks.wall_ms();
  const auto bytes = add_crowded(request, wall_ms);
  if (round_is_due) add_round(request, bytes, wall_ms);
  request.next = {.position = mark_after(), .flush = shard_.mark_.flush + 1};
  if (request.snapshots.empty() && request.book.empty() && request.identities.empty()) {
    if (!round_is_due) return;
    end_round();
    if (request.next.position <= shard_.mark_.position) return;
  }
  under_way_.needs = std::max(under_way_.needs, request.next.position);
  if (under_way_.needs.epoch == request.epoch) request.highest_sequence = under_way_.needs.sequence;
  under_way_.request = std::move(request);
  under_way_.again_at_ns = 0;
}

std::size_t ShardFlush::add_crowded(FlushRequest& request, std::int64_t wall_ms) {
  // The other half is the round's.
  const std::size_t at_most = (shard_.parts_.options.flush_members_max + 1) / 2;
  const auto members_max = std::min(std::max(crowded_.size() / 4, members_on_time / 2), at_most);
  std::size_t bytes = 0;
  while (!crowded_.empty() && under_way_.members.size() < members_max &&
         bytes < flush_bytes_max / 2) {
    const auto key = crowded_.back();
    crowded_.pop_back();
    auto* found = shard_.find_member(key);
    if (found == nullptr) continue;
    auto& member = *found;
    // A round may have come before.
    if (!member.crowded) continue;
    bytes += add_member(member, request, wall_ms);
  }
  return bytes;
}

void ShardFlush::add_round(FlushRequest& request, std::size_t bytes, std::int64_t wall_ms) {
  if (!round_.up_to) {
    round_.up_to = shard_.log_->last();
    round_.began_ns = shard_.now_ns();
    round_.bytes_since = 0;
    round_.members = {.all = shard_.dirty_.size()};
    round_.changes = {.all = shard_.book_->begin_round()};
  }
  const std::size_t members_max = shard_.parts_.options.flush_members_max;
  const auto members_due = std::min(due_now(round_.members, members_on_time, members_max),
                                    members_max - under_way_.members.size());
  std::size_t members = 0;
  for (const auto& [position, key] : shard_.dirty_) {
    if (position > *round_.up_to || members == members_due || bytes > flush_bytes_max) break;
    auto* dirty = shard_.find_member(key);
    ENSURE(dirty != nullptr, "a member left memory before its flush");
    auto& member = *dirty;
    if (member.flushing) continue;
    bytes += add_member(member, request, wall_ms);
    ++members;
  }
  add_book(request, wall_ms);
  add_directory(request);
  activate_tail_members();
}

void ShardFlush::end_round() {
  if (!shard_.tail_dirty_.empty()) {
    // Members are on their way into memory for it. Those who are there may have become dirty since it
    // began, and stand in their way.
    round_.up_to = shard_.log_->last();
    round_.changes = {.all = shard_.book_->begin_round()};
    return;
  }
  round_.up_to.reset();
  round_.room_wanted = false;
  round_.next_at_ns = std::max(
      shard_.now_ns(), round_.began_ns + shard_.parts_.options.flush_interval_ms * 1'000'000);
}

void ShardFlush::activate_tail_members() {
  // Whom nobody has asked for yet. They take the room that there is, and make more once flushed.
  std::uint32_t looked_at = 0;
  for (const auto& [position, key] : shard_.tail_dirty_) {
    if (++looked_at > shard_.parts_.options.flush_members_max) return;
    if (shard_.find_member(key) != nullptr) continue;
    auto* member = shard_.make_resident(key);
    if (member == nullptr) return;
    shard_.activate(*member);
  }
}

void ShardFlush::add_book(FlushRequest& request, std::int64_t wall_ms) {
  const auto changes_of_bucket = 1 + round_.changes.all / shard_.parts_.info.book_buckets;
  const auto due = due_now(round_.changes, book_buckets_on_time * changes_of_bucket,
                           book_buckets_per_flush * changes_of_bucket);
  const auto changes = shard_.book_->to_flush(due / changes_of_bucket);
  under_way_.book_entries = changes.size();
  for (const auto& change : changes) {
    under_way_.needs = std::max(under_way_.needs, change.position);
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
    shard_.parts_.codec.append_book_entry(book.back().entries, change.entry);
  }
}

void ShardFlush::add_directory(FlushRequest& request) {
  const auto changes = shard_.directory_->to_flush(*round_.up_to, directory_changes_per_flush);
  under_way_.directory_changes = changes.size();
  std::map<domain::IdentityKey, std::string> claims;
  for (const auto& change : changes) {
    under_way_.needs = std::max(under_way_.needs, change.position);
    claims[change.identity] =
        change.member ? shard_.parts_.codec.claim_bytes(*change.member) : std::string();
  }
  for (auto& [identity, claim] : claims) {
    request.identities.push_back({.identity = identity, .claim = std::move(claim)});
  }
}

std::int64_t ShardFlush::expiry_of(domain::Instant filed_at, std::int64_t wall_ms) const {
  if (shard_.parts_.info.clock == LedgerClock::caller) return 0;
  const auto at_the_earliest =
      std::max(filed_at.unix_ms, wall_ms) + shard_.parts_.info.history_days * ms_of_day;
  // The same all day long, so that it is set once a day.
  return (at_the_earliest / ms_of_day + 1) * ms_of_day;
}

std::span<const PackedRecord> ShardFlush::unpacked(const MemberActor& member) {
  const auto count = member.records.size();
  if (unpacked_.size() < count) unpacked_.resize(count);
  auto record = unpacked_.begin();
  for (const auto entry : member.records) entry.unpack_to(*record++, *shard_.press_);
  return std::span(unpacked_).first(count);
}

std::size_t ShardFlush::add_member(MemberActor& member, FlushRequest& request,
                                   std::int64_t wall_ms) {
  const auto records = unpacked(member);
  const auto dropped =
      records.size() > Shard::records_kept ? records.size() - Shard::records_kept : 0;
  SnapshotView snapshot{.member = member.state,
                        .records = records.subspan(dropped),
                        .receipts_complete_from = member.receipts_complete_from};
  // As if they had left memory already, so that the same journal gives the same bytes.
  for (const auto& record : records.first(dropped)) {
    snapshot.receipts_complete_from =
        std::max(snapshot.receipts_complete_from, record.filed_at + domain::Duration{1});
  }
  request.snapshots.push_back(
      {.member = member.key, .snapshot = shard_.parts_.codec.snapshot_bytes(snapshot)});
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
    shard_.parts_.codec.append_record(append.records, record);
  }
  for (auto& [month, append] : months) {
    const HistoryExpiry expiry{.month = month, .expire_at_unix_ms = append.expire_at_unix_ms};
    append.expiry_stands = member.history_expiry == expiry;
    member.history_expiry = expiry;
    bytes += append.records.size();
    request.history.push_back(std::move(append));
  }
  member.flushing = true;
  member.crowded = false;
  member.unflushed->first_after = {};
  under_way_.needs = std::max(under_way_.needs, member.state.position);
  under_way_.members.emplace_back(member.key, member.unflushed->first);
  return bytes;
}

domain::Position ShardFlush::mark_after() const {
  auto least = shard_.log_->last();
  const auto stay_before = [&](domain::Position first) {
    // Nothing has a sequence of 0, so the position before lies after all of the epoch before.
    least = std::min(least, {.epoch = first.epoch, .sequence = first.sequence - 1});
  };
  absl::flat_hash_set<std::pair<std::uint64_t, std::uint64_t>> covered;
  for (const auto& [key, first] : under_way_.members) covered.emplace(first.epoch, first.sequence);
  for (const auto& [position, key] : shard_.dirty_) {
    if (covered.contains({position.epoch, position.sequence})) continue;
    stay_before(position);
    break;
  }
  if (!shard_.tail_dirty_.empty()) stay_before(shard_.tail_dirty_.begin()->first);
  if (const auto first = shard_.book_->first_unflushed()) stay_before(*first);
  if (const auto first = shard_.directory_->first_unflushed_after(under_way_.directory_changes)) {
    stay_before(*first);
  }
  if (!shard_.unsettled_.empty()) stay_before(shard_.unsettled_.first_position());
  return std::max(least, shard_.mark_.position);
}

void ShardFlush::send() {
  under_way_.awaited = true;
  ++on_their_way_;
  shard_.parts_.journal.flush(*under_way_.request,
                              shard_.answer_with<FlushAnswered, FlushOutcome>(FlushAnswered{}));
}

void ShardFlush::on_answer(const FlushAnswered& answered) {
  under_way_.awaited = false;
  if (shard_.state_ != Shard::State::owner || !under_way_.request) return;
  if (!answered.result) {
    if (answered.result.error().fault == LedgerFault::broken) {
      shard_.halt("flush refused: " + answered.result.error().detail);
      return;
    }
    under_way_.again_at_ns = shard_.now_ns() + flush_retry_ns;
    return;
  }
  switch (*answered.result) {
    case FlushOutcome::done:
      on_done();
      return;
    case FlushOutcome::fenced:
      // Another owner's head, or an old one of ours that the ledger fell back to: the head tells which.
      under_way_.again_at_ns = shard_.now_ns() + flush_retry_ns;
      if (!shard_.log_->under_way() && !shard_.ownership_.reading_head) {
        shard_.ownership_.reading_head = true;
        shard_.ask_head(0);
      }
      return;
    case FlushOutcome::ahead:
    case FlushOutcome::other:
      shard_.give_up("the ledger lost events or a flush");
      return;
  }
}

void ShardFlush::on_done() {
  shard_.mark_ = under_way_.request->next;
  add(shard_.parts_.stats.flushes);
  add(shard_.parts_.stats.flushed_members, under_way_.members.size());
  under_way_.request.reset();
  for (const auto& [key, first] : under_way_.members) {
    shard_.dirty_.erase(first);
    round_.members.flushed += round_.up_to && first <= *round_.up_to ? 1 : 0;
    auto* found = shard_.find_member(key);
    if (found == nullptr) continue;
    auto& member = *found;
    member.flushing = false;
    auto& unflushed = *member.unflushed;
    if (unflushed.first_after.epoch == 0) {
      member.unflushed.reset();
    } else {
      unflushed.first = std::exchange(unflushed.first_after, {});
      shard_.dirty_[unflushed.first] = key;
    }
    shard_.drop_old_records(member);
    shard_.tighten(member);
  }
  under_way_.members.clear();
  shard_.book_->flushed();
  round_.changes.flushed += under_way_.book_entries;
  under_way_.book_entries = 0;
  shard_.directory_->flushed(under_way_.directory_changes);
  under_way_.directory_changes = 0;
  while (!shard_.tail_pieces_.empty() &&
         shard_.tail_pieces_.front().last <= shard_.mark_.position) {
    shard_.tail_bytes_ -= shard_.tail_pieces_.front().bytes;
    shard_.tail_pieces_.pop_front();
  }
  round_.room_wanted = false;
}

void ShardFlush::drop() {
  under_way_.request.reset();
  under_way_.members.clear();
  under_way_.book_entries = 0;
  under_way_.directory_changes = 0;
  round_.up_to.reset();
  round_.room_wanted = false;
  crowded_.clear();
  bucket_expiries_.clear();
}

}  // namespace wutong
