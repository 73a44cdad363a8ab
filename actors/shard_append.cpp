#include <absl/strings/str_cat.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "actors/shard_answers.h"

// Writing the log: one append under way, and what each answer to it means.

namespace wutong {
namespace {

constexpr std::int64_t append_retry_ns = 20'000'000;

}  // namespace

void Shard::pump_append() {
  if (state_ != State::owner || append_.awaited) return;
  if (auto request = log_->start()) {
    append_.first_sent_ns = now_ns();
    send_append(std::move(*request));
  }
}

void Shard::send_append(AppendRequest request) {
  append_.awaited = true;
  ++appends_on_their_way_;
  add(parts_.stats.appends);
  add(parts_.stats.append_bytes, request.batch->size());
  parts_.journal.append(std::move(request),
                        answer_with<AppendAnswered, AppendReply>(AppendAnswered{}));
}

void Shard::on_append(const AppendAnswered& answered) {
  append_.awaited = false;
  if (state_ == State::taking) {
    on_taken(answered);
    return;
  }
  if (state_ == State::mending) {
    on_mended(answered);
    return;
  }
  if (state_ != State::owner) return;
  if (!answered.result) {
    if (answered.result.error().fault == LedgerFault::broken) {
      halt(absl::StrCat("append refused: ", answered.result.error().detail));
      return;
    }
    add(parts_.stats.resolvings);
    append_.again_at_ns = now_ns() + append_retry_ns;
    return;
  }
  const auto generation =
      std::exchange(ownership_.server_generation, answered.result->server_generation);
  ownership_.server_changed =
      ownership_.server_changed || generation != ownership_.server_generation;
  judge(log_->answered(answered.result->head));
}

void Shard::on_mended(const AppendAnswered& answered) {
  if (!answered.result) {
    if (answered.result.error().fault == LedgerFault::broken) {
      halt(absl::StrCat("append refused: ", answered.result.error().detail));
      return;
    }
    append_.again_at_ns = now_ns() + append_retry_ns;
    return;
  }
  switch (former_->answered(answered.result->head)) {
    case AppendVerdict::send_again:
    case AppendVerdict::lost_tail:
      send_append(former_->request());
      return;
    case AppendVerdict::fenced:
    case AppendVerdict::lost:
      salvage(former_->links(), "another was faster than the events that the ledger lost");
      former_.reset();
      drop_everything("fenced");
      become_idle();
      report();
      return;
    case AppendVerdict::committed:
    case AppendVerdict::restored:
      take();
      return;
  }
}

void Shard::judge(AppendVerdict verdict) {
  switch (verdict) {
    case AppendVerdict::committed:
      on_committed();
      // What the gateway took for durable may be gone there: snapshots, or more of the log.
      if (ownership_.server_changed) give_up("another server process answers");
      return;
    case AppendVerdict::send_again:
      send_append(log_->request());
      return;
    case AppendVerdict::lost_tail:
      log(LogLevel::error, "the ledger lost its tail; sending it again");
      add(parts_.stats.lost_tails);
      append_.first_sent_ns = now_ns();
      send_append(log_->request());
      return;
    case AppendVerdict::restored:
      on_committed();
      give_up("the ledger lost its tail and has it again");
      return;
    case AppendVerdict::fenced:
      add(parts_.stats.fenced);
      log(LogLevel::warning, "another owner wrote; dropping everything");
      if (ownership_.server_changed) look_for(*log_);
      drop_everything("fenced");
      become_idle();
      ownership_.wants_back = false;
      ownership_.lease_until_ns = 0;
      report();
      return;
    case AppendVerdict::lost:
      add(parts_.stats.lost_tails);
      salvage(log_->links(), "the ledger lost acknowledged events");
      halt("the ledger lost acknowledged events");
      return;
  }
}

void Shard::salvage(const std::vector<AppendRequest>& lost, const char* why) {
  add(parts_.stats.salvages);
  const bool kept = parts_.safekeeping.salvage(parts_.number, lost);
  log(LogLevel::critical,
      absl::StrCat(why, kept ? "; our last batches are kept for an operator"
                             : "; our last batches could not be kept: no disk took them"));
}

void Shard::look_for(const LogWriter& former) {
  FormerRead doubt;
  doubt.acknowledged = former.committed();
  doubt.links = former.links();
  doubts_.push_back(std::move(doubt));
}

void Shard::ask_for_former() {
  for (auto& doubt : std::exchange(doubts_, {})) {
    auto before = doubt.acknowledged;
    --before.sequence;
    parts_.journal.read_log(before, 1,
                            answer_with<FormerRead, std::vector<LogEntry>>(std::move(doubt)));
  }
}

void Shard::on_former(FormerRead read) {
  if (!read.result) {
    doubts_.push_back(std::move(read));
    return;
  }
  const bool there = !read.result->empty() && read.result->front().last == read.acknowledged;
  if (there) return;
  add(parts_.stats.lost_tails);
  salvage(read.links, "the ledger lost acknowledged events, and another owner wrote");
}

void Shard::on_committed() {
  const auto& batch = log_->last_batch();
  if (batch.events > 0 && batch.last == log_->committed()) {
    // A look at the head tells again of a batch that was counted before.
    const auto counted = tail_pieces_.empty() ? mark_.position : tail_pieces_.back().last;
    if (counted < batch.last) {
      tail_pieces_.push_back({.last = batch.last, .bytes = batch.bytes, .at_ns = now_ns()});
      tail_bytes_ += batch.bytes;
      flush_.grown(batch.bytes);
      add(parts_.stats.events, batch.events);
      log_watch_.bytes_since += batch.bytes;
      const auto size_class = static_cast<std::size_t>(std::bit_width(batch.events) - 1);
      auto& classes = parts_.stats.batch_events_log2;
      add(classes[std::min(size_class, classes.size() - 1)]);
    }
  }
  book_->committed(log_->committed());
  directory_->committed(log_->committed());
  tell_unlinked();
  release_replies();
}

}  // namespace wutong
