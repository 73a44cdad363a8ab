#include <absl/strings/str_cat.h>

#include <algorithm>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <optional>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/domain/keeping.h"
#include "actors/shard_answers.h"

// Bringing members into memory and out again, and finding their records.

namespace wutong {
namespace {

constexpr std::int64_t ms_of_day = 86'400'000;
constexpr int passivation_tries = 64;
constexpr std::size_t spare_work_max = 1'024;

}  // namespace

MemberActor* Shard::find_member(domain::MemberKey key) {
  const auto* handle = members_.find(key.value);
  return handle == nullptr ? nullptr : static_cast<MemberActor*>((*handle)->get());
}

MemberActor* Shard::resident(domain::MemberKey key) {
  auto* member = find_member(key);
  if (member != nullptr) member->touched = true;
  return member;
}

MemberActor* Shard::make_resident(domain::MemberKey key) {
  if (auto* member = resident(key)) return member;
  if (!make_room()) return nullptr;
  caf::actor_config config;
  auto handle = caf::make_actor<MemberActor, caf::strong_actor_ptr>(
      system().next_actor_id(), system().node(), &system(), config, caf::strong_actor_ptr{ctrl()},
      key);
  auto* member = static_cast<MemberActor*>(handle->get());
  member->touched = true;
  members_.add(key.value, std::move(handle));
  passivation_order_.push_back(key.value);
  if (passivation_order_.size() > 2 * members_.size() + 1024) {
    // Mostly places of members that are gone: callers who ask for nobody must not fill the memory.
    passivation_order_.clear();
    members_.for_each(
        [&](std::uint64_t value, const MemberHandle&) { passivation_order_.push_back(value); });
  }
  return member;
}

bool Shard::make_room() {
  const auto members_max =
      std::max<std::uint64_t>(1, parts_.options.resident_members_max / parts_.info.shards);
  if (members_.size() < members_max) return true;
  // Second chance: whoever was touched since its last turn here goes to the back once. Where all that
  // are looked at were, the first of them goes all the same.
  std::optional<std::uint64_t> spare;
  for (int tries = 0; tries < passivation_tries && !passivation_order_.empty(); ++tries) {
    const auto key = passivation_order_.front();
    passivation_order_.pop_front();
    auto* found = find_member({key});
    if (found == nullptr) continue;
    auto& member = *found;
    const bool busy = member.work || member.unflushed || !member.loaded;
    if (busy || member.touched) {
      if (!busy) {
        member.touched = false;
        if (!spare) spare = key;
      }
      passivation_order_.push_back(key);
      continue;
    }
    passivate({key});
    return true;
  }
  if (spare) {
    passivate({*spare});
    return true;
  }
  // All that was looked at is dirty or under way: flush first, so that the next call finds room.
  flush_.want_room();
  return false;
}

void Shard::passivate(domain::MemberKey key) {
  // The place in `passivation_order_` goes when its turn comes.
  if (members_.take(key.value)) add(parts_.stats.passivations);
}

MemberWork& Shard::work_of(MemberActor& member) {
  if (!member.work) {
    if (spare_work_.empty()) {
      member.work = std::make_unique<MemberWork>();
    } else {
      member.work = std::move(spare_work_.back());
      spare_work_.pop_back();
    }
    member.work->busy_at = busy_.size();
    busy_.push_back(&member);
  }
  return *member.work;
}

void Shard::drop_work_if_idle(MemberActor& member) {
  const auto* work = member.work.get();
  if (work == nullptr || !work->calls.empty() || !work->inquiries.empty() ||
      !work->holder_inquiries.empty() || work->reading_snapshot || work->reading_history ||
      work->runnable || work->time_passes) {
    return;
  }
  busy_.back()->work->busy_at = work->busy_at;
  busy_[work->busy_at] = busy_.back();
  busy_.pop_back();
  const bool has_old_records = std::exchange(member.work->has_old_records, false);
  // Nothing is left in it, so it is as good as new.
  if (spare_work_.size() < spare_work_max) {
    spare_work_.push_back(std::move(member.work));
  } else {
    member.work.reset();
  }
  if (has_old_records) drop_old_records(member);
  // Nobody: a caller asked for a member that does not exist. It must not take a member's room.
  if (member.loaded && member.state.empty() && !member.unflushed) {
    passivate(member.key);
  }
}

void Shard::activate(MemberActor& member) {
  auto& work = work_of(member);
  if (member.loaded || work.reading_snapshot) return;
  work.reading_snapshot = true;
  SnapshotRead read;
  read.member = member.key;
  parts_.journal.read_snapshot(
      member.key, answer_with<SnapshotRead, std::optional<std::string>>(std::move(read)));
}

void Shard::on_snapshot(SnapshotRead& read) {
  const auto* kept = members_.find(read.member.value);
  if (kept == nullptr) return;
  const auto handle = *kept;
  auto& member = *static_cast<MemberActor*>(handle->get());
  if (!reads_hold()) return;
  auto& work = work_of(member);
  work.reading_snapshot = false;
  if (!read.result) {
    retry_.push_back(read.member.value);
    return;
  }
  Snapshot snapshot;
  if (*read.result) {
    auto decoded = parts_.codec.snapshot_of(**read.result);
    if (!decoded) {
      halt(absl::StrCat("a snapshot cannot be read: ", decoded.error().detail));
      return;
    }
    snapshot = std::move(*decoded);
  }
  on_loaded(member, std::move(snapshot));
  make_runnable(member);
}

void Shard::on_loaded(MemberActor& member, Snapshot snapshot) {
  member.state = std::move(snapshot.member);
  for (const auto& record : snapshot.records) member.records.add(record);
  member.records.press_before(std::nullopt, *press_);
  member.receipts_complete_from = snapshot.receipts_complete_from;
  member.loaded = true;
  add(parts_.stats.activations);
  const auto tail = tail_.find(member.key.value);
  if (tail == tail_.end()) return;
  // The mark may lie before the snapshot: what that covers has been applied already.
  tail_dirty_.erase(domain::header_of(tail->second.front()).position);
  for (const auto& event : tail->second) {
    const auto position = domain::header_of(event).position;
    if (position <= member.state.position) continue;
    domain::apply(member.state, event);
    if (const auto record = domain::record_of(event)) {
      member.records.add(parts_.codec.pack(*record));
    }
    if (!member.unflushed)
      member.unflushed = std::make_unique<Unflushed>(Unflushed{.first = position});
  }
  tail_.erase(tail);
  if (member.unflushed) dirty_[member.unflushed->first] = member.key;
}

std::int32_t Shard::oldest_month(std::int64_t now_ms) const {
  const auto days = std::int64_t{parts_.info.history_days} + domain::backdating_days_max + 2;
  return domain::utc_month({now_ms - days * ms_of_day});
}

std::vector<std::int32_t> Shard::retained_months(const MemberActor& member) const {
  const bool by_callers = parts_.info.clock == LedgerClock::caller;
  const auto now = by_callers
                       ? member.state.last_event_at.unix_ms
                       : std::max(parts_.clocks.wall_ms(), member.state.last_event_at.unix_ms);
  std::vector<std::int32_t> months;
  for (auto month = domain::utc_month({now + ms_of_day}); month >= oldest_month(now); --month) {
    months.push_back(month);
  }
  return months;
}

void Shard::read_history(MemberActor& member, std::vector<std::int32_t> months,
                         std::optional<domain::RecordKey> inquired) {
  work_of(member).reading_history = true;
  add(parts_.stats.history_reads);
  HistoryRead read;
  read.member = member.key;
  read.inquired = inquired;
  parts_.journal.read_history(member.key, std::move(months),
                              answer_with<HistoryRead, std::vector<std::string>>(std::move(read)));
}

void Shard::on_history(HistoryRead& read) {
  const auto* kept = members_.find(read.member.value);
  if (kept == nullptr) return;
  const auto handle = *kept;
  auto& member = *static_cast<MemberActor*>(handle->get());
  if (!reads_hold()) return;
  auto& work = work_of(member);
  work.reading_history = false;
  if (!read.result) {
    retry_.push_back(read.member.value);
    return;
  }
  std::vector<PackedRecord> recalled;
  for (const auto& history : *read.result) {
    auto records = parts_.codec.records_of(history);
    if (!records) {
      halt(absl::StrCat("a history cannot be read: ", records.error().detail));
      return;
    }
    std::move(records->begin(), records->end(), std::back_inserter(recalled));
  }
  if (read.inquired) {
    const bool took_effect =
        std::any_of(recalled.begin(), recalled.end(), [&](const PackedRecord& record) {
          return record.key == *read.inquired && !record.declined;
        });
    answer_inquiry_with(member, *read.inquired, took_effect);
  } else if (!work.calls.empty()) {
    work.calls.front().history_read = true;
    work.calls.front().recalled = std::move(recalled);
  }
  make_runnable(member);
}

namespace {

/// An id may have been used again once the order book had forgotten it: it names the latest. Declines
/// take no id.
void keep_latest(std::vector<domain::Record>& records, domain::RecordKey order,
                 domain::RecordKey key) {
  const auto position_of = [](const domain::Record& record) {
    return std::visit([](const auto& happened) { return happened.header.position; }, record);
  };
  domain::Position latest_order;
  domain::Position latest;
  for (const auto& record : records) {
    if (std::holds_alternative<domain::Declined>(record)) continue;
    if (domain::key_of(record) == order) latest_order = position_of(record);
    if (domain::key_of(record) == key) latest = position_of(record);
  }
  std::erase_if(records, [&](const domain::Record& record) {
    const auto filed = domain::filed_under(record);
    return (filed.beside.value_or(filed.key) == order && position_of(record) < latest_order) ||
           (filed.key == key && position_of(record) < latest);
  });
}

}  // namespace

bool Shard::put_records(MemberActor& member, const WaitingCall& waiting, domain::RecordKey order,
                        domain::RecordKey key) {
  auto& records = member.state.records;
  records.clear();
  std::vector<PackedRecord> chosen;
  for (const auto& record : waiting.recalled) {
    if (record.order == order || record.key == key) chosen.push_back(record);
  }
  member.records.for_each_of(order, key, [&](const RecentRecords::Entry& entry) {
    chosen.push_back(entry.packed(*press_));
  });
  if (chosen.empty()) return true;
  std::sort(chosen.begin(), chosen.end(),
            [](const auto& a, const auto& b) { return a.position < b.position; });
  // A flush that was repeated after a take-over may have filed a record twice.
  chosen.erase(std::unique(chosen.begin(), chosen.end(),
                           [](const auto& a, const auto& b) { return a.position == b.position; }),
               chosen.end());
  for (const auto& record : chosen) {
    auto unpacked = parts_.codec.unpack(record);
    if (!unpacked) {
      log(LogLevel::critical, absl::StrCat("a record cannot be read: ", unpacked.error().detail));
      domain::drop_records(member.state);
      return false;
    }
    records.push_back(std::move(*unpacked));
  }
  keep_latest(records, order, key);
  return true;
}

void Shard::tighten(MemberActor& member) {
  std::optional<domain::Position> before;
  if (member.unflushed) before = member.unflushed->first;
  member.records.press_before(before, *press_);
  domain::trim(member.state);
}

void Shard::drop_old_records(MemberActor& member) {
  // What the first call has read of the history and what is in memory make up the whole only together.
  auto* work = member.work.get();
  if (work != nullptr &&
      (work->reading_history || (!work->calls.empty() && work->calls.front().history_read))) {
    work->has_old_records = true;
    return;
  }
  auto& records = member.records;
  if (records.size() <= records_kept) return;
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
