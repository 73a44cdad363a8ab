#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "actors/shard_answers.h"

// Taking a shard and losing it again.

namespace wutong {
namespace {

constexpr std::int64_t poll_ns = 50'000'000;
constexpr std::uint32_t log_page = 64;

}  // namespace

void Shard::try_to_own() {
  if (stopping_) return;
  poll_at_ns_ = now_ns() + poll_ns;
  if (lease_asked_) return;
  lease_asked_ = true;
  parts_.journal.renew_lease(
      parts_.options.node_boot, parts_.options.lease_ttl_ms,
      answer_with<LeaseAnswered, Lease>(LeaseAnswered{.asked_at = now_ns()}));
}

void Shard::renew_lease() {
  const auto now = now_ns();
  if (lease_asked_ || now < renew_at_ns_) return;
  lease_asked_ = true;
  renew_at_ns_ = now + parts_.options.lease_ttl_ms * 1'000'000 / 3;
  parts_.journal.renew_lease(parts_.options.node_boot, parts_.options.lease_ttl_ms,
                             answer_with<LeaseAnswered, Lease>(LeaseAnswered{.asked_at = now}));
  // An idle shard appends nothing, so it would not notice that another has written or that the
  // ledger lost its tail.
  if (!log_->under_way() && !reading_head_) {
    reading_head_ = true;
    parts_.journal.read_head(answer_with<HeadRead, AppendReply>(HeadRead{}));
  }
}

void Shard::on_lease(const LeaseAnswered& answered) {
  lease_asked_ = false;
  if (!answered.result) return;
  const auto& lease = *answered.result;
  const bool mine = lease.owner == parts_.options.node_boot;
  if (mine) lease_until_ns_ = answered.asked_at + parts_.options.lease_ttl_ms * 1'000'000;
  if (state_ == State::owner) {
    if (mine) release_replies();
    return;
  }
  if (state_ != State::idle) return;
  if (mine) {
    take();
  } else {
    // The lease alone may lie (a clock that jumped): one that nobody renews, and a head that stands
    // still as long, tell too.
    const auto ends_at_ns = now_ns() + lease.remaining_ms * 1'000'000;
    const bool renewed = ends_at_ns > seen_lease_end_ns_ + poll_ns;
    if (lease.owner != seen_lease_ || renewed) {
      seen_lease_ = lease.owner;
      seen_lease_end_ns_ = ends_at_ns;
      seen_since_ns_ = now_ns();
    }
    parts_.journal.read_head(answer_with<HeadRead, AppendReply>(HeadRead{}));
  }
}

void Shard::take() {
  state_ = State::taking;
  seen_since_ns_ = now_ns();
  parts_.journal.read_head(answer_with<HeadRead, AppendReply>(HeadRead{}));
}

void Shard::on_head(const HeadRead& read) {
  if (state_ == State::owner) {
    reading_head_ = false;
    if (!read.result) {
      if (read.result.error().fault == LedgerFault::broken) halt("head");
      return;
    }
    if (log_->under_way()) return;
    const auto generation = std::exchange(server_generation_, read.result->server_generation);
    if (generation != server_generation_) mark_doubted_ = true;
    check_mark();
    // An answer from before an append that has been committed since tells nothing.
    if (read.result->head.position < log_->committed() &&
        read.result->head.writer == log_->head().writer && generation == server_generation_) {
      return;
    }
    judge(log_->observed(read.result->head));
    return;
  }
  if (!read.result) {
    if (read.result.error().fault == LedgerFault::broken) {
      halt("head");
    } else {
      state_ = State::idle;
    }
    return;
  }
  const auto& head = read.result->head;
  if (state_ == State::idle) {
    const auto now = now_ns();
    if (head != seen_head_) {
      seen_head_ = head;
      seen_since_ns_ = now;
    } else if (now - seen_since_ns_ > parts_.options.lease_ttl_ms * 1'000'000) {
      take();
    }
    return;
  }
  if (state_ != State::taking) return;
  server_generation_ = read.result->server_generation;
  if (former_ && head.position < former_->committed()) {
    add(parts_.stats.lost_tails);
    if (former_->observed(head) == AppendVerdict::lost_tail) {
      log(LogLevel::error, "the ledger lost its tail; sending it again");
      state_ = State::mending;
      send_append(former_->request());
    } else {
      parts_.safekeeping.salvage(parts_.number, former_->links());
      halt("the ledger lost acknowledged events");
    }
    return;
  }
  const auto witnessed = parts_.safekeeping.witnessed(parts_.number);
  if (witnessed && head.position < witnessed->position) {
    halt("the ledger stands behind what this machine saw acknowledged");
    return;
  }
  highest_epoch_tried_ = std::max(highest_epoch_tried_, head.position.epoch) + 1;
  taking_ = {.position = {.epoch = highest_epoch_tried_, .sequence = 1},
             .writer = parts_.options.node_boot + "#" + std::to_string(++attempts_)};
  std::string batch;
  parts_.codec.append_event(batch, Taken{.header = {.position = taking_.position,
                                                    .received_at = {parts_.clocks.wall_ms()}},
                                         .writer = taking_.writer});
  send_append({.expected = head,
               .next = taking_,
               .batch = std::make_shared<const std::string>(std::move(batch))});
}

void Shard::on_taken(const AppendAnswered& answered) {
  if (!answered.result || answered.result->head != taking_) {
    // Not told, or another was faster: look again, and under a higher epoch.
    if (!answered.result && answered.result.error().fault == LedgerFault::broken) {
      halt("take-over");
      return;
    }
    state_ = State::idle;
    return;
  }
  former_.reset();
  server_generation_ = answered.result->server_generation;
  state_ = State::replaying;
  book_.emplace(static_cast<BookHost&>(*this), parts_.info.book_buckets);
  parts_.journal.read_mark(answer_with<MarkRead, Mark>(MarkRead{}));
}

void Shard::check_mark() {
  // Members, histories and orders are read from what was flushed. The journal answers no such read from
  // a new server process before it was asked for the mark, and so not before the shard has judged it.
  if (!mark_doubted_ || reading_mark_) return;
  mark_doubted_ = false;
  reading_mark_ = true;
  parts_.journal.read_mark(answer_with<MarkRead, Mark>(MarkRead{}));
}

void Shard::on_mark(const MarkRead& read) {
  if (state_ == State::owner) {
    reading_mark_ = false;
    if (!read.result) {
      mark_doubted_ = true;
      return;
    }
    const bool flushed_now = flush_ && *read.result == flush_->next;
    if (*read.result != mark_ && !flushed_now) give_up("the ledger lost a flush");
    return;
  }
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  mark_ = *read.result;
  tail_read_to_ = mark_.position;
  parts_.journal.read_book_months(
      answer_with<BookMonthsRead, std::vector<std::int32_t>>(BookMonthsRead{}));
}

void Shard::on_book_months(const BookMonthsRead& read) {
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  // Before anything is claimed or flushed: a month that is missing here is taken for new.
  book_->know_months(*read.result);
  read_tail();
}

void Shard::read_tail() {
  parts_.journal.read_log(tail_read_to_, log_page,
                          answer_with<LogRead, std::vector<LogEntry>>(LogRead{}));
}

void Shard::on_log(LogRead& read) {
  if (state_ != State::replaying) return;
  if (!read.result) {
    give_up("take-over");
    return;
  }
  seen_since_ns_ = now_ns();
  for (const auto& entry : *read.result) {
    if (!restore(entry)) {
      halt("an entry of the log cannot be read");
      return;
    }
    tail_read_to_ = entry.last;
    if (entry.last == taking_.position) {
      serve();
      return;
    }
  }
  if (read.result->size() < log_page) {
    // Somebody took over in between; a log without our own entry is not ours.
    give_up("take-over");
    return;
  }
  read_tail();
}

bool Shard::restore(const LogEntry& entry) {
  auto events = parts_.codec.events_of(entry.batch);
  if (!events) return false;
  for (auto& stored : *events) {
    if (auto* of_member = std::get_if<MemberEvent>(&stored)) {
      const auto position = domain::header_of(of_member->event).position;
      auto& events_of_member = tail_[of_member->member.value];
      if (events_of_member.empty()) dirty_[position] = of_member->member;
      if (const auto* order = std::get_if<domain::CheckedOut>(&of_member->event)) {
        // Whether its claim was confirmed, no event tells: it is settled again.
        unsettled_[{order->key, of_member->member}] = {
            .month = domain::utc_month(order->content.occurred_at), .position = position};
        unsettled_positions_[position] = {order->key, of_member->member};
      }
      events_of_member.push_back(std::move(of_member->event));
    } else if (const auto* settled = std::get_if<OrderSettled>(&stored)) {
      book_->restore(settled->header.position, settled->order, settled->member, settled->month,
                     false);
    } else if (const auto* freed = std::get_if<OrderFreed>(&stored)) {
      book_->restore(freed->header.position, freed->order, freed->member, freed->month, true);
    }
  }
  tail_pieces_.push_back({.last = entry.last, .bytes = entry.batch.size(), .at_ns = now_ns()});
  tail_bytes_ += entry.batch.size();
  return true;
}

void Shard::serve() {
  state_ = State::owner;
  log_.emplace(taking_, LogWriter::Options{.batch_bytes_max = parts_.options.batch_bytes_max});
  add(parts_.stats.takeovers);
  set(parts_.stats.state, 2);
  flush_at_ns_ = now_ns();
  log(LogLevel::info, absl::StrCat("taken in epoch ", taking_.position.epoch, "; the tail has ",
                                   tail_.size(), " members and ", unsettled_.size(), " orders"));
  book_->committed(log_->committed());
  for (auto& early : std::exchange(early_, {})) on_submit(std::move(early.call), early.routed);
  settle_again();
  schedule_turn();
}

void Shard::give_up(const char* why) {
  log(LogLevel::warning, absl::StrCat("giving up and taking over anew: ", why));
  if (log_) former_ = std::move(log_);
  drop_everything(why);
  state_ = State::idle;
  poll_at_ns_ = now_ns();
}

void Shard::halt(const std::string& why) {
  log(LogLevel::critical, absl::StrCat("halted, an operator must decide: ", why));
  drop_everything("shard halted");
  state_ = State::halted;
  set(parts_.stats.state, 3);
}

void Shard::drop_everything(const char* why) {
  ++life_;
  const auto fail_all = [&](auto& pending) {
    for (auto& reply : pending) {
      if (reply.call) fail(reply.call, CallFailure::unavailable, why);
    }
    pending.clear();
  };
  fail_all(replies_);
  fail_all(awaiting_lease_);
  for (auto& [order, unsettled] : std::exchange(unsettled_, {})) fail_all(unsettled.replies);
  unsettled_positions_.clear();
  for (auto& [ticket, call] : std::exchange(routed_, {})) {
    fail(call, CallFailure::unavailable, why);
  }
  for (auto& early : std::exchange(early_, {})) fail(early.call, CallFailure::unavailable, why);
  const auto members = std::exchange(members_, {});
  for (const auto key : std::exchange(busy_, {})) {
    auto& member = *static_cast<MemberActor*>(members.at(key)->get());
    for (auto& waiting : member.work->calls) {
      if (waiting.call) fail(waiting.call, CallFailure::unavailable, why);
    }
    member.work.reset();
  }
  calls_queued_ = 0;
  runnable_.clear();
  retry_.clear();
  passivation_order_.clear();
  tail_.clear();
  dirty_.clear();
  book_.reset();
  building_filter_ = false;
  requests_out_.clear();
  replies_out_.clear();
  flush_.reset();
  flush_members_.clear();
  flush_awaited_ = false;
  round_.reset();
  room_wanted_ = false;
  tail_pieces_.clear();
  tail_bytes_ = 0;
  log_.reset();
  append_awaited_ = false;
  lease_asked_ = false;
  reading_head_ = false;
  reading_mark_ = false;
  mark_doubted_ = false;
}

}  // namespace wutong
