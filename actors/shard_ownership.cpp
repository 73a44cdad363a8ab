#include <absl/strings/str_cat.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "actors/shard_answers.h"

// Taking a shard and losing it again.

namespace wutong {
namespace {

constexpr std::int64_t poll_ns = 50'000'000;

}  // namespace

void Shard::begin_life() {
  // Unique in the process: what was asked of or by a shard that ended means nothing to its successor.
  static std::atomic<std::uint64_t> lives{0};
  life_ = lives.fetch_add(1, std::memory_order_relaxed) + 1;
  ownership_.lease_asked = false;
  ownership_.reading_head = false;
  append_.awaited = false;
  flush_.begin_life();
}

void Shard::become_idle() {
  state_ = State::idle;
  ownership_.watch = LeaseWatch(now_ns());
}

void Shard::try_to_own() {
  if (stopping_ && !ownership_.wants_back) return;
  ownership_.poll_at_ns = now_ns() + poll_ns;
  // One append and one flush at a time, whoever sent it.
  if (ownership_.lease_asked || appends_on_their_way_ > 0 || flush_.is_on_its_way()) return;
  ownership_.lease_asked = true;
  parts_.journal.read_lease(
      answer_with<LeaseAnswered, Lease>(LeaseAnswered{.call = LeaseCall::look}));
}

void Shard::ask_for_lease(LeaseCall call) {
  if (ownership_.lease_asked) return;
  ownership_.lease_asked = true;
  parts_.journal.renew_lease(
      parts_.options.node_boot, parts_.options.lease_ttl_ms,
      answer_with<LeaseAnswered, Lease>(LeaseAnswered{.asked_at = now_ns(), .call = call}));
}

void Shard::renew_lease() {
  const auto now = now_ns();
  if (ownership_.lease_asked || now < ownership_.renew_at_ns) return;
  ownership_.renew_at_ns = now + parts_.options.lease_ttl_ms * 1'000'000 / 3;
  ask_for_lease(LeaseCall::renew);
  // An idle shard appends nothing, so it would not notice that another has written or that the
  // ledger lost its tail.
  if (!log_->under_way() && !ownership_.reading_head) {
    ownership_.reading_head = true;
    ask_head(0);
  }
}

void Shard::on_lease(const LeaseAnswered& answered) {
  ownership_.lease_asked = false;
  if (!answered.result) return;
  const auto& lease = *answered.result;
  const bool mine = lease.owner == parts_.options.node_boot;
  const auto until = answered.asked_at + parts_.options.lease_ttl_ms * 1'000'000;
  if (state_ == State::owner) {
    if (!mine) {
      // Another was granted it, be it by a clock that jumped: reads wait, the head tells who owns.
      ownership_.lease_until_ns = 0;
      return;
    }
    if (lease_held()) {
      ownership_.lease_until_ns = until;
      release_replies();
    } else {
      // It had run out: another may have taken the shard in between, written, and gone again. That the
      // head is still ours tells that nobody did.
      ask_head(until);
    }
    return;
  }
  if (state_ != State::idle) return;
  if (answered.call == LeaseCall::look) {
    const bool released = lease.owner.empty();
    if (released || (mine && ownership_.wants_back)) {
      ask_for_lease(LeaseCall::renew);
    } else {
      watch(lease);
    }
    return;
  }
  if (mine) ownership_.lease_until_ns = until;
  // The ledger's clock may not agree that the lease ran out; the watch counts.
  if (mine || (answered.call == LeaseCall::outwaited && ownership_.watch.seen(lease))) take();
}

void Shard::watch(const Lease& lease) {
  fail_early("shard is not served here");
  ownership_.wants_back = false;
  ownership_.watch.saw(lease, now_ns());
  ask_head(0);
}

void Shard::take() {
  begin_life();
  state_ = State::taking;
  ownership_.progress_at_ns = now_ns();
  ask_head(0);
}

void Shard::ask_head(std::int64_t lease_until_ns) {
  HeadRead read;
  read.lease_until_ns = lease_until_ns;
  parts_.journal.read_head(answer_with<HeadRead, AppendReply>(std::move(read)));
}

void Shard::on_head(const HeadRead& read) {
  if (state_ == State::owner) {
    on_own_head(read);
    return;
  }
  if (state_ != State::idle && state_ != State::taking) return;
  if (!read.result) {
    if (read.result.error().fault == LedgerFault::broken) {
      halt("head");
    } else if (state_ == State::taking) {
      become_idle();
      ownership_.wants_back = true;
    }
    return;
  }
  if (state_ == State::taking) {
    on_head_to_take(read);
    return;
  }
  const auto now = now_ns();
  ownership_.watch.saw(read.result->head, now);
  if (ownership_.watch.still_for_ns(now) > parts_.options.lease_ttl_ms * 1'000'000) {
    ask_for_lease(LeaseCall::outwaited);
  }
}

void Shard::on_own_head(const HeadRead& read) {
  if (read.lease_until_ns == 0) ownership_.reading_head = false;
  if (!read.result) {
    if (read.result.error().fault == LedgerFault::broken) halt("head");
    return;
  }
  const auto& head = read.result->head;
  if (head.writer == log_->head().writer && read.lease_until_ns > ownership_.lease_until_ns) {
    ownership_.lease_until_ns = read.lease_until_ns;
  }
  const bool same_server = read.result->server_generation == ownership_.server_generation;
  ownership_.server_generation = read.result->server_generation;
  ownership_.server_changed = ownership_.server_changed || !same_server;
  // What is under way will tell by itself. An answer from before an append that has been committed
  // since tells nothing.
  const bool outrun = head.position < log_->committed() && head.writer == log_->head().writer;
  if (!log_->under_way() && !(outrun && same_server)) judge(log_->observed(head));
  if (state_ == State::owner && lease_held()) release_replies();
}

void Shard::on_head_to_take(const HeadRead& read) {
  const auto& head = read.result->head;
  const bool other_server =
      ownership_.server_changed || read.result->server_generation != ownership_.server_generation;
  ownership_.server_generation = read.result->server_generation;
  ownership_.server_changed = false;
  if (former_ && other_server && head.position > former_->committed() &&
      head.writer != former_->head().writer) {
    look_for(*former_);
    former_.reset();
  }
  if (former_ && head.position < former_->committed()) {
    if (former_->observed(head) == AppendVerdict::lost_tail) {
      add(parts_.stats.lost_tails);
      log(LogLevel::error, "the ledger lost its tail; sending it again");
      state_ = State::mending;
      send_append(former_->request());
    } else {
      add(parts_.stats.lost_tails);
      salvage(former_->links(), "the ledger lost acknowledged events");
      halt("the ledger lost acknowledged events");
    }
    return;
  }
  const auto witnessed = parts_.safekeeping.witnessed(parts_.number);
  if (witnessed && head.position < witnessed->position) {
    halt("the ledger stands behind what this machine saw acknowledged");
    return;
  }
  ownership_.highest_epoch_tried =
      std::max(ownership_.highest_epoch_tried, head.position.epoch) + 1;
  const Head taken{.position = {.epoch = ownership_.highest_epoch_tried, .sequence = 1},
                   .writer = absl::StrCat(parts_.options.node_boot, "#", ++ownership_.attempts)};
  std::string batch;
  parts_.codec.append_event(
      batch, Taken{.header = {.position = taken.position, .received_at = {parts_.clocks.wall_ms()}},
                   .writer = taken.writer});
  ownership_.taking = {.expected = head,
                       .next = taken,
                       .batch = std::make_shared<const std::string>(std::move(batch))};
  send_append(ownership_.taking);
}

void Shard::on_taken(const AppendAnswered& answered) {
  if (!answered.result || answered.result->head != ownership_.taking.next) {
    // Not told, or another was faster: look again, and under a higher epoch.
    if (!answered.result && answered.result.error().fault == LedgerFault::broken) {
      halt("take-over");
      return;
    }
    become_idle();
    ownership_.wants_back = !answered.result;
    return;
  }
  former_.reset();
  ownership_.server_generation = answered.result->server_generation;
  state_ = State::replaying;
  book_.emplace(static_cast<BookHost&>(*this), parts_.info.book_buckets);
  directory_.emplace(static_cast<DirectoryHost&>(*this),
                     parts_.options.identity_answers_max / parts_.info.shards);
  ownership_.reads_generation = parts_.journal.reads_generation();
  parts_.journal.read_mark(answer_with<MarkRead, Mark>(MarkRead{}));
}

void Shard::give_up(const char* why) {
  log(LogLevel::warning, absl::StrCat("giving up and taking over anew: ", why));
  if (log_) former_ = std::move(log_);
  drop_everything(why);
  become_idle();
  ownership_.wants_back = true;
  ownership_.poll_at_ns = now_ns();
  report();
}

void Shard::halt(const std::string& why) {
  log(LogLevel::critical, absl::StrCat("halted, an operator must decide: ", why));
  drop_everything("shard halted");
  state_ = State::halted;
  report();
}

void Shard::fail_early(const char* why) {
  for (auto& early : std::exchange(early_, {})) {
    turn_away(early.call, {.failure = CallFailure::unavailable, .what = why});
  }
}

void Shard::drop_calls(const char* why) {
  const auto fail_all = [&](auto& pending) {
    for (auto& reply : pending) {
      if (reply.call) fail(reply.call, CallFailure::unavailable, why);
    }
    pending.clear();
  };
  fail_all(replies_);
  fail_all(awaiting_lease_);
  unsettled_.for_each([&](Unsettled& unsettled) { fail_all(unsettled.replies); });
  unsettled_.clear();
  for (auto& [ticket, routed] : std::exchange(routed_, {})) {
    fail(routed.call, CallFailure::unavailable, why);
  }
  fail_early(why);
  for (auto* member : std::exchange(busy_, {})) {
    for (auto& waiting : member->work->calls) {
      if (waiting.call) fail(waiting.call, CallFailure::unavailable, why);
    }
    member->work.reset();
  }
  calls_queued_ = 0;
}

void Shard::drop_everything(const char* why) {
  begin_life();
  sweep_.drop();
  drop_calls(why);
  runnable_.clear();
  members_.clear();
  retry_.clear();
  passivation_order_.clear();
  tail_.clear();
  tail_read_.page.clear();
  tail_read_.page_done = 0;
  dirty_.clear();
  tail_dirty_.clear();
  book_.reset();
  directory_.reset();
  unlinked_.clear();
  building_filter_ = false;
  requests_in_.clear();
  for (auto& requests : requests_out_) requests.clear();
  replies_out_.clear();
  flush_.drop();
  tail_pieces_.clear();
  tail_bytes_ = 0;
  log_.reset();
}

}  // namespace wutong
