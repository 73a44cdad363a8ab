#include "actors/shard.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "actors/shard_answers.h"

namespace wutong {
namespace {

constexpr std::uint32_t turn_calls_max = 256;
constexpr std::int64_t tick_ms = 20;
constexpr std::int64_t log_size_ns_min = 2'000'000'000;
constexpr std::uint64_t log_bytes_short = 1 << 20;
constexpr std::uint64_t log_growth_share = 64;

}  // namespace

Shard::Shard(caf::actor_config& config, ShardParts parts)
    : ShardActor::base(config),
      parts_(parts),
      rules_(parts.rules.get()),
      press_(parts.codec.make_press()),
      requests_out_(parts.info.shards) {
  rules_version_ = parts_.rules.version();
  set_exception_handler([this](std::exception_ptr& thrown) -> caf::error {
    add(parts_.stats.broken_promises);
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& broken) {
      log(LogLevel::critical, absl::StrCat("the shard ends: ", broken.what()));
    }
    return caf::sec::runtime_error;
  });
  begin_life();
}

Shard::~Shard() = default;

ShardActor::behavior_type Shard::make_behavior() {
  // The most frequent first: CAF tries them one after another.
  return {
      [this](Turn) { turn(); },
      [this](SubmitCalls& submit) {
        note_moment();
        on_submit_together(submit);
      },
      [this](BookRequests& requests) { on_book_requests(std::move(requests)); },
      [this](const BookReplies& replies) {
        note_moment();
        on_book_replies(replies);
      },
      [this](const AppendAnswered& answered) {
        --appends_on_their_way_;
        if (answered.life != life_) return;
        note_moment();
        on_append(answered);
        schedule_turn();
      },
      [this](SubmitCall& submit) {
        note_moment();
        on_submit(std::move(submit.call), submit.routed);
      },
      [this](const Inquiry& inquiry) { on_inquiry(inquiry); },
      [this](const InquiryReply& reply) {
        if (reply.life != life_ || !book_) return;
        book_->inquiry_answered(reply.order, reply.member, reply.took_effect);
        schedule_turn();
      },
      [this](const AskDirectory& asked) {
        // Asked again by the other shard until somebody serves.
        if (state_ != State::owner) return;
        directory_->ask(asked.from, asked.life, asked.request, now_ns());
        schedule_turn();
      },
      [this](const DirectorySaid& said) {
        if (said.life == life_ && state_ == State::owner) on_directory_said(said.reply);
      },
      [this](const HolderInquiry& inquiry) { on_holder_inquiry(inquiry); },
      [this](const HolderReply& reply) {
        if (reply.life != life_ || !directory_) return;
        if (!reply.holds) add(parts_.stats.identity_denials);
        directory_->inquiry_answered(reply.identity, reply.member, reply.number, reply.holds);
        schedule_turn();
      },
      [this](const ClaimRead& read) {
        if (read.life == life_) on_claim(read);
      },
      [this](const FlushAnswered& answered) {
        flush_.arrived();
        if (answered.life != life_) return;
        note_moment();
        flush_.on_answer(answered);
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
      // Of whatever life: it is about one that has ended.
      [this](FormerRead& read) { on_former(std::move(read)); },
      [this](const BookMonthsRead& read) {
        if (read.life == life_) on_book_months(read);
      },
      [this](const LogSizeRead& read) {
        if (read.life == life_ && read.result) on_log_size(*read.result);
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
      [this](const SweepPage& page) { return sweep_.take(page); },
      [this](const SweptNoted& noted) {
        if (noted.life == life_) sweep_.on_noted(noted);
      },
      [this](Tick) {
        delayed_send(this, std::chrono::milliseconds(tick_ms), Tick{});
        tick();
      },
      [this](const StopShard& stop) { on_stop(stop.final); },
  };
}

void Shard::on_exit() {
  drop_everything("shard ended");
  former_.reset();
  tell_groups();
  state_ = State::stopped;
  set(parts_.stats.state, 4);
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
  work();
  tell_groups();
}

void Shard::work() {
  if (state_ == State::replaying && tail_read_.page_done < tail_read_.page.size()) replay();
  if (state_ != State::owner) return;
  refresh_rules();
  const bool all_done = run_members();
  if (state_ != State::owner) return;
  send_outboxes();
  pump_append();
  flush_.pump();
  if (!all_done) schedule_turn();
  if (stopping_) report();
}

bool Shard::run_members() {
  const auto local = parts_.number;
  note_moment();
  turn_wall_ms_ = parts_.clocks.wall_ms();
  answer_book_requests();
  turn_until_ns_ = moment_ns_ + turn_ns_max;
  std::uint32_t calls_run = 0;
  for (;;) {
    while (!runnable_.empty()) {
      if (calls_run >= turn_calls_max || moment_ns_ > turn_until_ns_) return false;
      calls_run += std::max(run_cohort(turn_calls_max - calls_run), 1U);
    }
    // What members of this shard ask of its own book needs no message.
    for (const auto& request : std::exchange(requests_out_[local], {})) {
      book_->ask(local, life_, request, moment_ns_);
    }
    const auto said = std::find_if(replies_out_.begin(), replies_out_.end(), [&](const auto& out) {
      return out.shard == local && out.life == life_;
    });
    if (said == replies_out_.end()) {
      if (runnable_.empty()) return true;
      continue;
    }
    const auto replies = std::move(said->replies);
    replies_out_.erase(said);
    for (const auto& reply : replies) on_book_reply(reply);
  }
}

void Shard::tick() {
  note_moment();
  const auto now = moment_ns_;
  if (state_ == State::idle && now >= ownership_.poll_at_ns) try_to_own();
  if (state_ == State::taking || state_ == State::replaying || state_ == State::mending) {
    // A ledger that does not answer is asked anew from the start.
    if (now - ownership_.progress_at_ns > 2 * parts_.options.append_timeout_ms * 1'000'000) {
      give_up("take-over");
    } else if (state_ == State::mending && !append_.awaited && now >= append_.again_at_ns) {
      send_append(former_->request());
    }
  }
  ask_for_former();
  expire_waiting_calls();
  expire_replies();
  if (state_ == State::owner) tick_owner(now);
  sweep_.tick(now);
  report();
}

void Shard::tick_owner(std::int64_t now) {
  renew_lease();
  book_->tick(now);
  directory_->tick(now);
  if (parts_.info.clock == LedgerClock::gateway) {
    book_->forget_months_before(oldest_month(parts_.clocks.wall_ms()));
  }
  settle_again();
  build_filters();
  if (log_->under_way() && !append_.awaited && now >= append_.again_at_ns) {
    if (now - append_.first_sent_ns > parts_.options.append_timeout_ms * 1'000'000) {
      give_up("append");
      return;
    }
    send_append(log_->request());
  }
  ask_for_log_size(now);
  for (const auto key : std::exchange(retry_, {})) {
    // Not by `resident`: nobody has asked for the member again.
    if (auto* member = find_member({key})) make_runnable(*member);
  }
  parts_.safekeeping.witness(parts_.number, log_->head());
  schedule_turn();
}

void Shard::on_log_size(const Journal::LogSize& size) {
  set(parts_.stats.log_bytes, static_cast<std::uint64_t>(size.bytes));
  set(parts_.stats.log_entries, static_cast<std::uint64_t>(size.entries));
}

void Shard::ask_for_log_size(std::int64_t now) {
  // The ledger walks over the whole log for it, 10,000 entries a millisecond, so a long one is looked at
  // anew only once it has grown by a share that matters.
  const auto known = parts_.stats.log_bytes.load(std::memory_order_relaxed);
  const bool grown = known < log_bytes_short || log_watch_.bytes_since >= known / log_growth_share;
  if (now < log_watch_.ask_at_ns || !grown) return;
  log_watch_.ask_at_ns = now + log_size_ns_min;
  log_watch_.bytes_since = 0;
  parts_.journal.read_log_size(answer_with<LogSizeRead, Journal::LogSize>(LogSizeRead{}));
}

void Shard::report() const {
  const auto number = [&]() -> std::uint64_t {
    switch (state_) {
      case State::idle:
        return ownership_.wants_back ? 1 : 0;
      case State::owner:
        return stopping_ && drained() ? 5 : 2;
      case State::halted:
        return 3;
      case State::stopped:
        return 4;
      case State::mending:
      case State::taking:
      case State::replaying:
        return 1;
    }
    return 0;
  }();
  auto& stats = parts_.stats;
  set(stats.state, number);
  set(stats.members_resident, members_.size());
  set(stats.members_dirty, dirty_.size() + tail_dirty_.size());
  set(stats.claims_waiting, book_ ? book_->claims_waiting() : 0);
  set(stats.order_filter_bytes, book_ ? book_->filter_bytes() : 0);
  set(stats.calls_queued, calls_queued_);
  if (directory_) {
    set(stats.identities_in_memory, directory_->size());
    set(stats.identities_awaited, directory_->waiting());
  }
  set(stats.tail_bytes, tail_bytes_);
  const auto lag = tail_pieces_.empty() ? 0 : (now_ns() - tail_pieces_.front().at_ns) / 1'000'000;
  set(stats.snapshot_lag_ms, static_cast<std::uint64_t>(lag));
}

void Shard::send_outboxes() {
  for (std::uint32_t shard = 0; shard < requests_out_.size(); ++shard) {
    if (shard == parts_.number || requests_out_[shard].empty()) continue;
    send(parts_.shards[shard], BookRequests{.from = parts_.number,
                                            .life = life_,
                                            .requests = std::exchange(requests_out_[shard], {})});
  }
  for (auto& out : std::exchange(replies_out_, {})) {
    if (out.shard != parts_.number) {
      send(parts_.shards[out.shard],
           BookReplies{.life = out.life, .replies = std::move(out.replies)});
    } else if (out.life == life_) {
      replies_out_.push_back(std::move(out));
    }
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

std::uint32_t Shard::shard_of(domain::IdentityKey identity) const {
  return static_cast<std::uint32_t>(identity.high & (parts_.info.shards - 1));
}

bool Shard::drained() const {
  return calls_open_ == 0 && calls_queued_ == 0 && unsettled_.empty() && dirty_.empty() &&
         tail_dirty_.empty() && !flush_.is_under_way() && !log_->under_way() &&
         log_->bytes_waiting() == 0 && book_->unflushed_count() == 0 &&
         directory_->unflushed_count() == 0 && directory_->waiting() == 0 && unlinked_.empty() &&
         mark_.position == log_->last();
}

void Shard::on_stop(bool final) {
  stopping_ = true;
  sweep_.leave();
  if (!final) {
    schedule_turn();
    return;
  }
  if (state_ == State::owner) parts_.safekeeping.witness(parts_.number, log_->head());
  // Asked for and not answered yet, it may be ours as well.
  if (lease_held() || ownership_.lease_asked) {
    // Waited for by the engine: a release that is not sent keeps the next owner out.
    parts_.asks_open.fetch_add(1, std::memory_order_relaxed);
    parts_.journal.release_lease(parts_.options.node_boot,
                                 [asks_open = &parts_.asks_open](const LedgerResult<Lease>&) {
                                   asks_open->fetch_sub(1, std::memory_order_release);
                                 });
  }
  drop_everything("shutdown");
  quit();
}

}  // namespace wutong
