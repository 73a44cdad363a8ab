#include "actors/sweep_walk.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <caf/send.hpp>
#include <chrono>
#include <utility>

namespace wutong {
namespace {

/// As many as Redis looks at in about a tenth of a millisecond.
constexpr std::uint32_t keys_per_page = 100;
/// The first walk lets the shards be taken first.
constexpr std::int64_t first_walk_ns = 10'000'000'000;
constexpr std::int64_t retry_ns = 1'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

SweepWalk::SweepWalk(caf::actor_config& config, SweepWalkParts parts)
    : caf::event_based_actor(config), parts_(parts) {}

caf::behavior SweepWalk::make_behavior() {
  const auto now_ns = parts_.clocks.boot_ns();
  go_on_at(now_ns + std::min(first_walk_ns, parts_.options.sweep_interval_ms * ns_per_ms));
  return {
      [this](SweepStep step) {
        if (step.walk != walk_) return;
        if (under_way_) {
          ask_for_page();
        } else {
          begin();
        }
      },
      [this](SnapshotsWalked& walked) {
        if (walked.life == walk_) on_page(walked);
      },
  };
}

void SweepWalk::go_on_at(std::int64_t at_ns) {
  const auto wait_ns = std::max<std::int64_t>(0, at_ns - parts_.clocks.boot_ns());
  delayed_send(this, std::chrono::nanoseconds(wait_ns), SweepStep{.walk = walk_});
}

void SweepWalk::begin() {
  ++walk_;
  under_way_ = true;
  began_ns_ = parts_.clocks.boot_ns();
  began_ = {parts_.clocks.wall_ms()};
  cursor_ = 0;
  server_generation_ = 0;
  unreadable_told_ = false;
  tell_all(SweepPart::first);
}

void SweepWalk::tell_all(SweepPart part) {
  part_ = part;
  taking_ = 0;
  served_ = false;
  for (std::uint32_t shard = 0; shard < parts_.shards.size(); ++shard) {
    tell(shard, {.part = part, .walk_began = began_});
  }
}

void SweepWalk::tell(std::uint32_t shard, SweepPage page) {
  ++taking_;
  const auto answered = [this, walk = walk_](bool serves) {
    if (walk != walk_) return;
    served_ = served_ || serves;
    on_taken();
  };
  // For as long as it takes: a shard that has ended answers with an error, and one that waits has a
  // reason to.
  request(parts_.shards[shard], caf::infinite, std::move(page))
      .then([answered](const SweepTaken& taken) { answered(taken.serves); },
            [answered](const caf::error&) { answered(false); });
}

void SweepWalk::on_taken() {
  if (--taking_ > 0) return;
  if (part_ == SweepPart::first) {
    // Another gateway's walk serves the shards that this one does not own.
    return served_ ? ask_for_page() : end();
  }
  if (part_ == SweepPart::last) {
    parts_.walks.fetch_add(1, std::memory_order_relaxed);
    end();
  } else if (cursor_ == 0) {
    tell_all(SweepPart::last);
  } else {
    go_on_at(asked_ns_ + keys_per_page * ns_per_second / parts_.options.sweep_keys_per_second);
  }
}

void SweepWalk::ask_for_page() {
  asked_ns_ = parts_.clocks.boot_ns();
  SnapshotsWalked walked;
  walked.life = walk_;
  parts_.asks_open.fetch_add(1, std::memory_order_relaxed);
  parts_.ledger.walk_snapshots(
      cursor_, keys_per_page, snapshot_beginning_bytes,
      [to = caf::actor_cast<caf::actor>(this), asks_open = &parts_.asks_open,
       walked = std::move(walked)](LedgerResult<SnapshotPage> page) mutable {
        walked.result = std::move(page);
        caf::anon_send(to, std::move(walked));
        asks_open->fetch_sub(1, std::memory_order_release);
      });
}

void SweepWalk::on_page(SnapshotsWalked& walked) {
  if (!walked.result) {
    on_failure(walked.result.error());
    return;
  }
  const auto& page = *walked.result;
  const auto former = std::exchange(server_generation_, page.server_generation);
  if (former != 0 && former != server_generation_) {
    parts_.log(LogLevel::info, "sweep: another server process answers; beginning anew");
    begin();
    return;
  }
  cursor_ = page.next_cursor;
  spread(page);
}

void SweepWalk::spread(const SnapshotPage& page) {
  std::vector<SweepPage> pages(parts_.shards.size());
  for (const auto& [member, bytes] : page.snapshots) {
    const auto next_due = parts_.codec.next_due_in(bytes);
    if (next_due) {
      pages[member.value & (pages.size() - 1)].entries.push_back({member, *next_due});
    } else {
      pages[member.value & (pages.size() - 1)].missed_some = true;
      if (std::exchange(unreadable_told_, true)) continue;
      parts_.log(LogLevel::error, absl::StrCat("sweep: ", next_due.error().detail));
    }
  }
  part_ = SweepPart::page;
  // One for this function, so that a page without members goes on all the same.
  taking_ = 1;
  for (std::uint32_t shard = 0; shard < pages.size(); ++shard) {
    if (pages[shard].entries.empty() && !pages[shard].missed_some) continue;
    pages[shard].walk_began = began_;
    tell(shard, std::move(pages[shard]));
  }
  on_taken();
}

void SweepWalk::on_failure(const LedgerError& error) {
  if (error.fault == LedgerFault::broken) {
    parts_.log(LogLevel::error, absl::StrCat("sweep: the walk is given up: ", error.detail));
    end();
    return;
  }
  go_on_at(asked_ns_ + retry_ns);
}

void SweepWalk::end() {
  under_way_ = false;
  const auto now_ns = parts_.clocks.boot_ns();
  go_on_at(std::max(now_ns, began_ns_ + parts_.options.sweep_interval_ms * ns_per_ms));
}

}  // namespace wutong
