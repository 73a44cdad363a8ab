#include <absl/strings/str_cat.h>

#include <utility>

#include "actors/broken_promise.h"
#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/domain/identities.h"
#include "actors/prefetch.h"
#include "actors/request_ids.h"
#include "actors/shard_answers.h"

// A call's way: into its member's queue, and out of it when its turn comes.

namespace wutong {

void Shard::on_submit(std::shared_ptr<Call> call, bool routed) {
  if (state_ == State::mending || state_ == State::taking || state_ == State::replaying) {
    if (early_.size() < parts_.options.queued_calls_max) {
      early_.push_back({.call = std::move(call), .routed = routed});
    } else {
      turn_away(call, {.failure = CallFailure::exhausted, .what = "queued_calls_max"});
    }
    return;
  }
  if (const auto reason = reason_to_turn_away(*call, routed)) return turn_away(call, *reason);
  if (call->member_id.empty() && !routed) {
    ++calls_open_;
    return call->identity ? route_by_identity(std::move(call)) : route_by_order(std::move(call));
  }
  auto* member = make_resident(call->member);
  if (member == nullptr) {
    schedule_turn();
    return turn_away(call, {.failure = CallFailure::exhausted, .what = "resident_members_max"});
  }
  ++calls_open_;
  enqueue_call(*member, std::move(call));
}

void Shard::on_submit_together(SubmitCalls& submit) {
  for (const auto& call : submit.calls) wutong::prefetch(call.get(), sizeof(Call));
  coming_.clear();
  for (const auto& call : submit.calls) coming_.add(call->member);
  coming_.prefetch(members_);
  for (auto& call : submit.calls) on_submit(std::move(call), false);
}

std::optional<FailedReply> Shard::reason_to_turn_away(const Call& call, bool routed) const {
  const auto unavailable = [](const char* what) {
    return FailedReply{.failure = CallFailure::unavailable, .what = what};
  };
  const auto exhausted = [](const char* what) {
    return FailedReply{.failure = CallFailure::exhausted, .what = what};
  };
  if (state_ != State::owner) return unavailable("shard is not served here");
  // One that another shard sends on is under way already.
  if (stopping_ && !routed) return unavailable("shutting down");
  if (call.deadline <= moment_ns_) return unavailable("deadline");
  if (!parts_.clock_agrees.load(std::memory_order_relaxed)) return unavailable("clock");
  const auto& options = parts_.options;
  const auto share_of = [&](std::int64_t bound) {
    return static_cast<std::uint64_t>(bound) / parts_.info.shards;
  };
  if (calls_open_ >= options.queued_calls_max) return exhausted("queued_calls_max");
  if (!writes(call.request)) return std::nullopt;
  if (tail_bytes_ + log_->bytes_waiting() > share_of(options.tail_bytes_max)) {
    return exhausted("tail_bytes_max");
  }
  if (parts_.stats.log_bytes.load(std::memory_order_relaxed) > share_of(options.log_bytes_max)) {
    return exhausted("log_bytes_max");
  }
  return std::nullopt;
}

void Shard::enqueue_call(MemberActor& member, std::shared_ptr<Call> call) {
  if (call->queued) std::exchange(call->queued, {})();
  auto& calls = work_of(member).calls;
  auto& waiting = calls.emplace_back(WaitingCall{.call = std::move(call), .ticket = ++tickets_});
  ++calls_queued_;
  const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
  // The claim travels while the member is activated and those before it are run.
  if (checkout != nullptr && !member.records.find(checkout->key)) {
    claim(member, waiting, *checkout);
    // Until that is answered the member has nothing to do.
    if (member.loaded && waiting.book == BookState::asked) return schedule_turn();
  }
  make_runnable(member);
}

void Shard::make_runnable(MemberActor& member) {
  auto& work = work_of(member);
  schedule_turn();
  if (work.runnable) return;
  work.runnable = true;
  runnable_.push_back(&member);
}

std::uint32_t Shard::run(MemberActor& member, std::uint32_t calls_max) {
  auto& work = work_of(member);
  if (!member.loaded) {
    activate(member);
    return 0;
  }
  while (!work.reading_history && !work.inquiries.empty() && answer_inquiry(member)) {
  }
  // Before the member leaves memory again, as one does that does not exist.
  answer_holder_inquiries(member);
  std::uint32_t calls_run = 0;
  if (!work.reading_history && work.time_passes) sweep_.let_time_pass(member);
  while (!work.reading_history && !work.calls.empty()) {
    if (calls_run == calls_max || (calls_run > 0 && moment_ns_ > turn_until_ns_)) {
      make_runnable(member);
      return calls_run;
    }
    auto& waiting = work.calls.front();
    if (waiting.call) {
      if (!run_first(member, waiting)) break;
      ++calls_run;
    }
    work.calls.pop_front();
    --calls_queued_;
  }
  drop_work_if_idle(member);
  return calls_run;
}

bool Shard::run_first(MemberActor& member, WaitingCall& waiting) {
  try {
    return run_call(member, waiting);
  } catch (const BrokenPromiseError& broken) {
    if (committing_) throw;
    give_up_call(member, waiting, broken);
    return true;
  }
}

void Shard::give_up_call(MemberActor& member, WaitingCall& waiting,
                         const BrokenPromiseError& broken) {
  add(parts_.stats.broken_promises);
  log(LogLevel::critical, absl::StrCat("a call was given up: ", broken.what()));
  domain::drop_records(member.state);
  free_claim(member, waiting);
  fail(std::exchange(waiting.call, {}), CallFailure::unavailable, "a bug of the gateway");
}

bool Shard::run_call(MemberActor& member, WaitingCall& waiting) {
  const auto& request = waiting.call->request;
  const auto& id = waiting.call->member_id;
  if (!member.state.empty() && !id.empty() && id != member.state.id) {
    // Of ten million members two share a key once in 370,000 ledgers. The second is not served.
    log(LogLevel::critical, "two members' ids have one key");
    free_claim(member, waiting);
    fail(waiting.call, CallFailure::unavailable, "two members have one key");
    return true;
  }
  if (std::holds_alternative<domain::Enroll>(request)) {
    waiting.call->times.started = moment_ns_;
    decide(member, waiting);
    return true;
  }
  const auto& identity = waiting.call->identity;
  // Whatever the directory says: the member alone knows what it is known by now.
  const bool other = identity && !domain::has_identity(member.state, *identity);
  if (member.state.empty() || other) {
    free_claim(member, waiting);
    refuse(member, waiting, {domain::Refusal::member_unknown, domain::Field::member}, false);
    return true;
  }
  if (!prepare(member, waiting)) return false;
  waiting.call->times.started = moment_ns_;
  const bool no_order = waiting.book == BookState::of_other || waiting.book == BookState::busy;
  if (std::holds_alternative<domain::Checkout>(request) && no_order) {
    refuse(member, waiting, {domain::Refusal::other_member, domain::Field::order_id},
           waiting.book == BookState::busy);
  } else if (waiting.link == LinkState::of_other || waiting.link == LinkState::busy) {
    refuse(member, waiting, {domain::Refusal::identity_of_other, domain::Field::identity},
           waiting.link == LinkState::busy);
  } else if (writes(request)) {
    decide(member, waiting);
  } else {
    read(member, waiting);
  }
  return true;
}

void Shard::read(MemberActor& member, WaitingCall& waiting) {
  const auto& call = *waiting.call;
  const auto now = time_of(member, call);
  const auto position = member.state.position;
  waiting.call->times.decided = now_ns();
  if (const auto* quote = std::get_if<domain::Quote>(&call.request)) {
    QuoteReply reply{domain::quote(member.state, *rules_.program, *rules_.policy, *quote, now)};
    return reply_after(std::move(waiting.call), position, std::move(reply), std::nullopt, true);
  }
  if (std::holds_alternative<ReadMember>(call.request)) {
    return reply_after(std::move(waiting.call), position, member_reply(member, now), std::nullopt,
                       true);
  }
  if (const auto* asked = std::get_if<ReadHistory>(&call.request)) {
    return reply_after(std::move(waiting.call), position, history_page(member, waiting, *asked),
                       std::nullopt, true);
  }
  const auto receipt = std::get<ReadReceipt>(call.request);
  if (!put_records(member, waiting, receipt.order, receipt.key)) {
    return fail(std::exchange(waiting.call, {}), CallFailure::unavailable,
                "a record is unreadable");
  }
  Reply reply = FailedReply{.failure = CallFailure::not_found, .what = "receipt"};
  if (const auto* record = domain::find_receipt(member.state, receipt.key)) {
    reply = ReceiptReply{
        .record = *record, .replayed = true, .standing = standing_of(member, *record, now)};
  }
  domain::drop_records(member.state);
  reply_after(std::move(waiting.call), position, std::move(reply),
              claim_of(receipt.order, member.key), true);
}

}  // namespace wutong
