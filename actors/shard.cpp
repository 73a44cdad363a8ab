#include "actors/shard.h"

#include <absl/strings/str_cat.h>

#include <chrono>
#include <utility>

#include "actors/shard_answers.h"

namespace wutong {

Shard::Shard(caf::actor_config& config, ShardParts parts)
    : ShardActor::base(config), parts_(parts), rules_(parts.rules.get()) {
  rules_version_ = parts_.rules.version();
}

Shard::~Shard() = default;

ShardActor::behavior_type Shard::make_behavior() {
  return {
      [this](SubmitCall& submit) { on_submit(std::move(submit.call), submit.routed); },
      [this](const BookRequests& requests) { on_book_requests(requests); },
      [this](const BookReplies& replies) { on_book_replies(replies); },
      [this](const Inquiry& inquiry) { on_inquiry(inquiry); },
      [this](const InquiryReply& reply) {
        if (reply.life != life_ || !book_) return;
        book_->inquiry_answered(reply.order, reply.member, reply.took_effect);
        schedule_turn();
      },
      [this](const AppendAnswered& answered) {
        if (answered.life != life_) return;
        on_append(answered);
        schedule_turn();
      },
      [this](const FlushAnswered& answered) {
        if (answered.life != life_) return;
        on_flush(answered);
        schedule_turn();
      },
      [this](const HeadRead& read) {
        if (read.life == life_) on_head(read);
      },
      [this](const MarkRead& read) {
        if (read.life == life_) on_mark(read);
      },
      [this](LogRead& read) {
        if (read.life == life_) on_log(read);
      },
      [this](const BookMonthsRead& read) {
        if (read.life == life_) on_book_months(read);
      },
      [this](const LogSizeRead& read) {
        if (read.life != life_ || !read.result) return;
        set(parts_.stats.log_bytes, static_cast<std::uint64_t>(read.result->bytes));
        set(parts_.stats.log_entries, static_cast<std::uint64_t>(read.result->entries));
      },
      [this](SnapshotRead& read) {
        if (read.life == life_) on_snapshot(read);
      },
      [this](HistoryRead& read) {
        if (read.life == life_) on_history(read);
      },
      [this](const BucketRead& read) {
        if (read.life == life_) on_bucket(read);
      },
      [this](const FilterPageRead& read) {
        if (read.life == life_) on_filter_page(read);
      },
      [this](const LeaseAnswered& answered) {
        if (answered.life == life_) on_lease(answered);
      },
      [this](Turn) { turn(); },
      [this](Tick) {
        delayed_send(this, std::chrono::milliseconds(tick_ms), Tick{});
        tick();
      },
      [this](const StopShard& stop) { on_stop(stop.final); },
  };
}

void Shard::log(LogLevel level, const std::string& what) const {
  parts_.log(level, absl::StrCat("shard ", parts_.number, ": ", what));
}

void Shard::schedule_turn() {
  if (turn_scheduled_) return;
  turn_scheduled_ = true;
  // Behind what is in the mailbox already, so that one turn serves many messages.
  send(this, Turn{});
}

void Shard::turn() {
  turn_scheduled_ = false;
  ++turns_;
  if (state_ != State::owner) return;
  refresh_rules();
  std::uint32_t members_run = 0;
  const auto local = parts_.number;
  bool more = true;
  while (more && state_ == State::owner && members_run < turn_calls_max) {
    more = false;
    while (!runnable_.empty() && members_run < turn_calls_max) {
      const auto handle = std::move(runnable_.front());
      runnable_.pop_front();
      auto& member = *static_cast<MemberActor*>(handle->get());
      if (member.work) member.work->runnable = false;
      run(member);
      ++members_run;
    }
    // What members of this shard ask of its own book needs no message.
    if (const auto asked = requests_out_.find(local); asked != requests_out_.end()) {
      const auto requests = std::move(asked->second);
      requests_out_.erase(asked);
      for (const auto& request : requests) book_->ask(local, life_, request, now_ns());
      more = more || !requests.empty();
    }
    if (const auto said = replies_out_.find({local, life_}); said != replies_out_.end()) {
      const auto replies = std::move(said->second);
      replies_out_.erase(said);
      for (const auto& reply : replies) on_book_reply(reply);
      more = more || !replies.empty();
    }
  }
  send_outboxes();
  pump_append();
  pump_flush();
  if (!runnable_.empty() || more) schedule_turn();
}

void Shard::tick() {
  const auto now = now_ns();
  const auto reported = state_ == State::owner && stopping_ && drained() ? std::uint64_t{5}
                        : state_ == State::owner                         ? std::uint64_t{2}
                        : state_ == State::halted                        ? std::uint64_t{3}
                        : state_ == State::stopped                       ? std::uint64_t{4}
                        : state_ == State::idle                          ? std::uint64_t{0}
                                                                         : std::uint64_t{1};
  set(parts_.stats.state, reported);
  if (state_ == State::idle && now >= poll_at_ns_) try_to_own();
  if (state_ == State::taking || state_ == State::replaying || state_ == State::mending) {
    // A ledger that does not answer is asked anew from the start.
    if (now - seen_since_ns_ > 2 * parts_.options.append_timeout_ms * 1'000'000) {
      give_up("take-over");
    }
  }
  expire_waiting_calls();
  expire_replies();
  if (state_ != State::owner) return;
  renew_lease();
  check_mark();
  book_->tick(now);
  settle_again();
  build_filters();
  if (log_->under_way() && !append_awaited_ && now >= append_again_at_ns_) {
    if (now - append_first_sent_ns_ > parts_.options.append_timeout_ms * 1'000'000) {
      give_up("append");
      return;
    }
    send_append(log_->request());
  }
  if (now >= log_size_at_ns_) {
    log_size_at_ns_ = now + 2'000'000'000;
    parts_.journal.read_log_size(answer_with<LogSizeRead, Journal::LogSize>(LogSizeRead{}));
  }
  for (const auto key : std::exchange(retry_, {})) {
    if (auto* member = resident({key})) make_runnable(*member);
  }
  parts_.safekeeping.witness(parts_.number, log_->head());
  auto& stats = parts_.stats;
  set(stats.members_resident, members_.size());
  set(stats.members_dirty, dirty_.size());
  set(stats.claims_waiting, book_->claims_waiting());
  set(stats.calls_queued, calls_queued_);
  set(stats.tail_bytes, tail_bytes_);
  const auto lag = tail_pieces_.empty() ? 0 : (now - tail_pieces_.front().at_ns) / 1'000'000;
  set(stats.snapshot_lag_ms, static_cast<std::uint64_t>(lag));
  schedule_turn();
}

void Shard::send_outboxes() {
  for (auto& [shard, requests] : std::exchange(requests_out_, {})) {
    if (shard == parts_.number) {
      requests_out_[shard] = std::move(requests);
      continue;
    }
    send(parts_.shards[shard],
         BookRequests{.from = parts_.number, .life = life_, .requests = std::move(requests)});
  }
  for (auto& [to, replies] : std::exchange(replies_out_, {})) {
    if (to.first == parts_.number) {
      if (to.second == life_) replies_out_[to] = std::move(replies);
      continue;
    }
    send(parts_.shards[to.first], BookReplies{.life = to.second, .replies = std::move(replies)});
  }
}

void Shard::refresh_rules() {
  const auto version = parts_.rules.version();
  if (version == rules_version_) return;
  rules_ = parts_.rules.get();
  rules_version_ = version;
}

std::uint32_t Shard::shard_of(domain::MemberKey member) const {
  return static_cast<std::uint32_t>(member.value & (parts_.info.shards - 1));
}

std::uint32_t Shard::shard_of(domain::RecordKey order) const {
  return static_cast<std::uint32_t>(order.high & (parts_.info.shards - 1));
}

bool Shard::drained() const {
  return calls_queued_ == 0 && replies_.empty() && awaiting_lease_.empty() && routed_.empty() &&
         unsettled_.empty() && dirty_.empty() && !flush_ && !log_->under_way() &&
         log_->bytes_waiting() == 0 && book_->unflushed_count() == 0;
}

void Shard::on_stop(bool final) {
  stopping_ = true;
  if (!final) {
    schedule_turn();
    return;
  }
  if (state_ == State::owner) {
    parts_.safekeeping.witness(parts_.number, log_->head());
    parts_.journal.release_lease(parts_.options.node_boot, [](const LedgerResult<Lease>&) {});
  }
  drop_everything("shutdown");
  former_.reset();
  state_ = State::stopped;
  set(parts_.stats.state, 4);
  quit();
}

}  // namespace wutong
