#include "actors/shard_sweep.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "actors/broken_promise.h"
#include "actors/domain/calendar.h"
#include "actors/shard_answers.h"

namespace wutong {
namespace {

/// With more members than this still to begin with, and more than the next burst takes, the next page
/// waits.
constexpr std::size_t waiting_max = 64;
/// Calls that wait in the shard: with more it is busy.
constexpr std::uint64_t calls_queued_max = 64;
/// Members are begun with so seldom, and so many at once: their reads travel together, their events are
/// one batch and their snapshots one flush. One by one, each event would be an append of its own, and
/// hold up the checkouts that come while it is on its way.
constexpr std::int64_t burst_interval_ns = 1'000'000'000;
/// What a late burst may catch up on.
constexpr std::int64_t credit_ns = burst_interval_ns + 200'000'000;
/// A shard that keeps a page so long, beyond the time that its members take at their rate, leaves them
/// to the next walk, so that the others' go on.
constexpr std::int64_t late_max_ns = 10'000'000'000;
constexpr std::int64_t note_again_ns = 5'000'000'000;
constexpr std::size_t passivations_per_tick = 64;
constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

caf::typed_response_promise<SweepTaken> ShardSweep::take(const SweepPage& page) {
  auto promise = shard_.make_response_promise<SweepTaken>();
  const bool serves = shard_.state_ == Shard::State::owner && !shard_.stopping_;
  if (answer_wanted_) answer();
  if (page.part == SweepPart::first) {
    waiting_.clear();
    whole_ = true;
    walk_began_ = page.walk_began;
  }
  whole_ = whole_ && serves && !page.missed_some && page.walk_began == walk_began_;
  answer_ = promise;
  answer_wanted_ = true;
  part_ = page.part;
  waits_for_.reset();
  if (!serves) {
    answer();
    return promise;
  }
  look_at(page);
  leave_at_ns_ =
      shard_.now_ns() + late_max_ns + static_cast<std::int64_t>(waiting_.size()) * period_ns();
  answer_if_ready();
  return promise;
}

void ShardSweep::look_at(const SweepPage& page) {
  shard_.refresh_rules();
  const domain::Instant now{shard_.parts_.clocks.wall_ms()};
  const auto today = domain::business_day(now, shard_.rules_.program->zone);
  auto& stats = shard_.parts_.stats;
  add(stats.sweep_members_met, page.entries.size());
  for (const auto& entry : page.entries) {
    auto next_due = entry.next_due;
    const auto* member = shard_.find_member(entry.member);
    if (member != nullptr && member->loaded) next_due = domain::next_due(member->state);
    if (!domain::is_due(next_due, today, now)) continue;
    add(stats.sweep_members_due);
    waiting_.push_back(entry.member);
  }
}

void ShardSweep::tick(std::int64_t now_ns) {
  if (shard_.state_ != Shard::State::owner) return;
  ask_how_far(now_ns);
  passivate_some();
  if (!is_busy()) begin_some(now_ns);
  answer_if_ready();
  if (answer_wanted_ && now_ns > leave_at_ns_) {
    add(shard_.parts_.stats.sweep_members_left, waiting_.size());
    waiting_.clear();
    whole_ = false;
    answer();
  }
}

std::int64_t ShardSweep::period_ns() const {
  const auto rate = shard_.parts_.options.sweep_members_per_second;
  return std::max<std::int64_t>(
      1, ns_per_second * shard_.parts_.info.shards / std::max<std::int64_t>(1, rate));
}

std::int64_t ShardSweep::next_burst_after(std::int64_t now_ns) const {
  const auto& parts = shard_.parts_;
  const auto phase_ns = burst_interval_ns * parts.number / parts.info.shards;
  const auto begun = (now_ns - phase_ns) / burst_interval_ns;
  return (begun + 1) * burst_interval_ns + phase_ns;
}

void ShardSweep::begin_some(std::int64_t now_ns) {
  next_at_ns_ = std::max(next_at_ns_, now_ns - (waiting_.empty() ? 0 : credit_ns));
  if (now_ns < next_burst_ns_) return;
  if (!waiting_.empty()) next_burst_ns_ = next_burst_after(now_ns);
  while (!waiting_.empty() && next_at_ns_ <= now_ns && brought_.size() < resident_max()) {
    if (!begin(waiting_.front())) return;
    waiting_.pop_front();
    next_at_ns_ += period_ns();
  }
}

bool ShardSweep::begin(domain::MemberKey key) {
  // Not by `resident`, which would take it for one that a till has touched.
  auto* member = shard_.find_member(key);
  if (member == nullptr) {
    member = shard_.make_resident(key);
    if (member == nullptr) return false;
    member->touched = false;
    brought_.push_back(key);
  }
  auto& work = shard_.work_of(*member);
  if (!std::exchange(work.time_passes, true)) ++deciding_;
  shard_.make_runnable(*member);
  return true;
}

void ShardSweep::let_time_pass(MemberActor& member) {
  member.work->time_passes = false;
  --deciding_;
  // Whoever is left out is found by the next walk.
  if (!shard_.parts_.clock_agrees.load(std::memory_order_relaxed)) {
    whole_ = false;
    return answer_if_ready();
  }
  const auto wall_ms = shard_.parts_.clocks.wall_ms();
  const auto now = std::max(domain::Instant{wall_ms}, member.state.last_event_at);
  try {
    if (shard_.let_time_pass(member, now)) add(shard_.parts_.stats.sweep_events);
  } catch (const BrokenPromiseError& broken) {
    if (shard_.committing_) throw;
    whole_ = false;
    add(shard_.parts_.stats.broken_promises);
    shard_.log(LogLevel::critical, absl::StrCat("a member was not swept: ", broken.what()));
  }
  answer_if_ready();
}

void ShardSweep::passivate_some() {
  for (auto left = std::min(brought_.size(), passivations_per_tick); left > 0; --left) {
    const auto key = brought_.front();
    brought_.pop_front();
    const auto* found = shard_.find_member(key);
    if (found == nullptr) continue;
    const auto& member = *found;
    // A till has come for it: one like any other from now on.
    if (member.touched) continue;
    if (member.loaded && !member.work && !member.unflushed) {
      shard_.passivate(key);
    } else {
      brought_.push_back(key);
    }
  }
}

bool ShardSweep::is_busy() const {
  const auto& parts = shard_.parts_;
  const auto share_of = [&](std::int64_t bound) {
    return static_cast<std::uint64_t>(bound) / parts.info.shards;
  };
  if (!parts.clock_agrees.load(std::memory_order_relaxed)) return true;
  if (shard_.calls_queued_ > calls_queued_max) return true;
  if (shard_.log_->bytes_waiting() > parts.options.batch_bytes_max) return true;
  if (2 * shard_.tail_bytes_ > share_of(parts.options.tail_bytes_max)) return true;
  if (parts.stats.log_bytes.load(std::memory_order_relaxed) >
      share_of(parts.options.log_bytes_max)) {
    return true;
  }
  // Memory is full of members who cannot leave it.
  const auto members_max = parts.options.resident_members_max / parts.info.shards;
  return shard_.members_.size() >= members_max &&
         2 * (shard_.dirty_.size() + shard_.busy_.size()) > members_max;
}

std::size_t ShardSweep::resident_max() const {
  const auto& options = shard_.parts_.options;
  const auto of_members = options.resident_members_max / shard_.parts_.info.shards / 2;
  const auto of_sweep = options.sweep_resident_members_max / shard_.parts_.info.shards;
  return std::max<std::size_t>(1, std::min<std::size_t>(of_members, of_sweep));
}

void ShardSweep::answer_if_ready() {
  if (!answer_wanted_) return;
  switch (part_) {
    case SweepPart::first:
      // The walk looks at snapshots only, and they are written behind.
      if (!waits_for_) waits_for_ = shard_.log_->last();
      if (!snapshots_tell_until(*waits_for_)) return;
      break;
    case SweepPart::page:
      if (waiting_.size() > waiting_welcome()) return;
      break;
    case SweepPart::last:
      if (!waiting_.empty() || deciding_ > 0) return;
      // What was decided must stand before anybody is told that the shard is swept.
      if (!waits_for_) waits_for_ = shard_.log_->last();
      if (shard_.log_->committed() < *waits_for_) return;
      if (whole_) note({.from_unix_ms = walk_began_.unix_ms});
      break;
  }
  answer();
}

bool ShardSweep::snapshots_tell_until(domain::Position position) const {
  const auto tells = [&](const auto& unflushed) {
    return unflushed.empty() || unflushed.begin()->first > position;
  };
  return tells(shard_.dirty_) && tells(shard_.tail_dirty_);
}

std::size_t ShardSweep::waiting_welcome() const {
  const auto& parts = shard_.parts_;
  const std::size_t burst = parts.options.sweep_members_per_second / parts.info.shards;
  return std::max(waiting_max, std::min(burst, resident_max()));
}

void ShardSweep::answer() {
  answer_wanted_ = false;
  answer_.deliver(SweepTaken{.serves = shard_.state_ == Shard::State::owner});
}

void ShardSweep::ask_how_far(std::int64_t now_ns) {
  if (noted_ || now_ns < note_at_ns_) return;
  if (!shard_.parts_.clock_agrees.load(std::memory_order_relaxed)) return;
  note_at_ns_ = now_ns + note_again_ns;
  // A shard that never was swept counts from here on.
  note({.from_unix_ms = shard_.parts_.clocks.wall_ms(), .only_first = true});
}

void ShardSweep::note(SweptNote swept) {
  if (shard_.parts_.info.clock == LedgerClock::caller) return;
  shard_.parts_.journal.note_swept(swept,
                                   shard_.answer_with<SweptNoted, std::int64_t>(SweptNoted{}));
}

void ShardSweep::on_noted(const SweptNoted& noted) {
  if (!noted.result) {
    if (noted.result.error().fault == LedgerFault::broken) {
      shard_.log(LogLevel::error, absl::StrCat("sweep: ", noted.result.error().detail));
    }
    return;
  }
  noted_ = true;
  set(shard_.parts_.stats.swept_from_unix_ms, static_cast<std::uint64_t>(*noted.result));
}

void ShardSweep::leave() {
  whole_ = false;
  waiting_.clear();
  answer_if_ready();
}

void ShardSweep::drop() {
  whole_ = false;
  waiting_.clear();
  deciding_ = 0;
  brought_.clear();
  note_at_ns_ = 0;
  noted_ = false;
  if (answer_wanted_) answer();
}

}  // namespace wutong
