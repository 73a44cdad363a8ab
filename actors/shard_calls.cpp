#include <algorithm>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/shard_answers.h"

// A call's way: into its member's queue, what it must know first, the decision, the event.

namespace wutong {
namespace {

constexpr std::int64_t ask_again_ns = 200'000'000;

bool writes(const Request& request) {
  return std::holds_alternative<domain::Checkout>(request) ||
         std::holds_alternative<domain::Refund>(request) ||
         std::holds_alternative<domain::Enroll>(request);
}

/// The order that a request is about, where it needs the order's record.
const domain::RecordKey* order_of(const Request& request) {
  if (const auto* refund = std::get_if<domain::Refund>(&request)) return &refund->order;
  if (const auto* receipt = std::get_if<ReadReceipt>(&request)) return &receipt->order;
  return nullptr;
}

}  // namespace

void Shard::on_submit(std::shared_ptr<Call> call, bool routed) {
  switch (state_) {
    case State::mending:
    case State::taking:
    case State::replaying:
      if (early_.size() >= parts_.options.queued_calls_max) {
        fail(call, CallFailure::exhausted, "queued_calls_max");
      } else {
        early_.push_back({.call = std::move(call), .routed = routed});
      }
      return;
    case State::owner:
      break;
    case State::idle:
    case State::halted:
    case State::stopped:
      fail(call, CallFailure::unavailable, "shard is not served here");
      return;
  }
  if (stopping_) return fail(call, CallFailure::unavailable, "shutting down");
  if (call->deadline <= now_ns()) return fail(call, CallFailure::unavailable, "deadline");
  if (!parts_.clock_agrees.load(std::memory_order_relaxed)) {
    return fail(call, CallFailure::unavailable, "clock");
  }
  const char* bound = nullptr;
  if (overloaded(*call, bound)) return fail(call, CallFailure::exhausted, bound);
  if (call->member_id.empty() && !routed) {
    route_by_order(std::move(call));
    return;
  }
  auto* member = make_resident(call->member);
  if (member == nullptr) {
    schedule_turn();
    return fail(call, CallFailure::exhausted, "resident_members_max");
  }
  enqueue_call(*member, std::move(call));
}

bool Shard::overloaded(const Call& call, const char*& bound) const {
  const auto& options = parts_.options;
  const auto shards = parts_.info.shards;
  if (calls_queued_ + replies_.size() >= options.queued_calls_max) {
    bound = "queued_calls_max";
  } else if (writes(call.request) &&
             tail_bytes_ + log_->bytes_waiting() >
                 static_cast<std::uint64_t>(options.tail_bytes_max) / shards) {
    bound = "tail_bytes_max";
  } else if (writes(call.request) &&
             parts_.stats.log_bytes.load(std::memory_order_relaxed) >
                 static_cast<std::uint64_t>(options.log_bytes_max) / shards) {
    bound = "log_bytes_max";
  } else {
    return false;
  }
  return true;
}

void Shard::enqueue_call(MemberActor& member, std::shared_ptr<Call> call) {
  auto& work = work_of(member);
  WaitingCall waiting{.call = std::move(call), .ticket = ++tickets_};
  const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
  // The claim travels while the member is activated and those before it are run.
  if (checkout != nullptr && find_packed(member, checkout->key) == nullptr) {
    waiting.book = BookState::asked;
    waiting.month = domain::utc_month(checkout->occurred_at);
    waiting.asked_at = now_ns();
    ask_book(BookAsk::claim, checkout->key, member.key, waiting.month, waiting.ticket);
  }
  work.calls.push_back(std::move(waiting));
  ++calls_queued_;
  make_runnable(member);
}

void Shard::make_runnable(MemberActor& member) {
  auto& work = work_of(member);
  schedule_turn();
  if (work.runnable) return;
  work.runnable = true;
  runnable_.emplace_back(member.ctrl(), true);
}

void Shard::run(MemberActor& member) {
  auto& work = work_of(member);
  if (!member.loaded) {
    activate(member);
    return;
  }
  while (!work.reading_history && !work.inquiries.empty() && answer_inquiry(member)) {
  }
  while (!work.reading_history && !work.calls.empty()) {
    auto& waiting = work.calls.front();
    if (waiting.call && !run_first(member, waiting)) break;
    work.calls.pop_front();
    --calls_queued_;
  }
  drop_work_if_idle(member);
}

bool Shard::run_first(MemberActor& member, WaitingCall& waiting) {
  const auto& request = waiting.call->request;
  if (const auto* enroll = std::get_if<domain::Enroll>(&request)) {
    decide(member, waiting, *enroll);
    return true;
  }
  if (member.state.empty()) {
    if (waiting.book == BookState::asked || waiting.book == BookState::granted) {
      if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
        ask_book(BookAsk::free, checkout->key, member.key, waiting.month, waiting.ticket);
      }
    }
    refuse(member, waiting, {domain::Refusal::member_unknown, domain::Field::member}, false);
    return true;
  }
  if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
    if (!prepare_checkout(member, waiting, *checkout)) return false;
    if (waiting.book == BookState::of_other || waiting.book == BookState::busy) {
      refuse(member, waiting, {domain::Refusal::other_member, domain::Field::order_id},
             waiting.book == BookState::busy);
      return true;
    }
    decide(member, waiting, *checkout);
    return true;
  }
  if (const auto* order = order_of(request)) {
    if (!prepare_by_order(member, waiting, *order)) return false;
  } else if (std::holds_alternative<ReadHistory>(request)) {
    if (!prepare_history(member, waiting)) return false;
  }
  if (const auto* refund = std::get_if<domain::Refund>(&request)) {
    decide(member, waiting, *refund);
  } else {
    read(member, waiting);
  }
  return true;
}

bool Shard::prepare_checkout(MemberActor& member, WaitingCall& waiting,
                             const domain::Checkout& checkout) {
  if (find_packed(member, checkout.key) != nullptr) return true;
  if (waiting.book == BookState::asked) return false;
  if (waiting.book == BookState::not_asked) {
    // Memory knew the order when the call came and has dropped the record since.
    waiting.book = BookState::asked;
    waiting.month = domain::utc_month(checkout.occurred_at);
    waiting.asked_at = now_ns();
    ask_book(BookAsk::claim, checkout.key, member.key, waiting.month, waiting.ticket);
    return false;
  }
  if (waiting.book == BookState::known && !waiting.history_read) {
    read_history(member, {waiting.month});
    return false;
  }
  return true;
}

bool Shard::prepare_by_order(MemberActor& member, WaitingCall& waiting, domain::RecordKey order) {
  if (find_packed(member, order) != nullptr) return true;
  switch (waiting.book) {
    case BookState::not_asked:
      waiting.book = BookState::asked;
      waiting.asked_at = now_ns();
      ask_book(BookAsk::look_up, order, member.key, 0, waiting.ticket);
      return false;
    case BookState::asked:
      return false;
    case BookState::known:
      if (waiting.history_read) return true;
      read_history(member, {waiting.month});
      return false;
    default:
      return true;
  }
}

bool Shard::prepare_history(MemberActor& member, WaitingCall& waiting) {
  const bool memory_has_all = member.receipts_complete_from.unix_ms == 0;
  if (memory_has_all || waiting.history_read) return true;
  read_history(member, retained_months(member));
  return false;
}

domain::Instant Shard::time_of(const MemberActor& member, const Call& call) const {
  return std::max(call.received_at, member.state.last_event_at);
}

void Shard::decide(MemberActor& member, WaitingCall& waiting, const domain::Command& command) {
  waiting.call->times.started = now_ns();
  const auto now = time_of(member, *waiting.call);
  if (!member.state.empty()) {
    if (auto event = domain::due(member.state, *rules_.program, *rules_.policy, now)) {
      commit_event(member, *event);
    }
  }
  const auto* checkout = std::get_if<domain::Checkout>(&command);
  if (checkout != nullptr) put_records(member, waiting, checkout->key, checkout->key);
  if (const auto* refund = std::get_if<domain::Refund>(&command)) {
    put_records(member, waiting, refund->order, refund->key);
  }
  auto decision = domain::decide(member.state, *rules_.program, *rules_.policy, command, now);
  member.state.records.clear();
  waiting.call->times.decided = now_ns();
  if (auto* accepted = std::get_if<domain::Accepted>(&decision)) {
    accept(member, waiting, std::move(accepted->event));
    return;
  }
  if (checkout != nullptr && waiting.book == BookState::granted) {
    ask_book(BookAsk::free, checkout->key, member.key, waiting.month, waiting.ticket);
  }
  if (auto* replay = std::get_if<domain::Replay>(&decision)) {
    const auto key = domain::key_of(replay->record);
    if (checkout != nullptr && was_reversed(member, key)) {
      reply_after(std::move(waiting.call), member.state.position,
                  FailedReply{.failure = CallFailure::reversed, .what = "order_id"}, std::nullopt,
                  true);
      return;
    }
    const auto standing = standing_of(member, waiting, replay->record, now);
    reply_after(
        std::move(waiting.call), member.state.position,
        ReceiptReply{.record = std::move(replay->record), .replayed = true, .standing = standing},
        checkout != nullptr ? std::optional(key) : std::nullopt, true);
    return;
  }
  const auto& refused = std::get<domain::Refused>(decision);
  if (refused.refusal == domain::Refusal::member_exists) {
    // Enrolling again is no mistake: the till cannot know.
    reply_after(std::move(waiting.call), member.state.position, member_reply(member, now),
                std::nullopt, true);
    return;
  }
  // An order may come late, and its refund be first.
  refuse(member, waiting, refused, refused.refusal == domain::Refusal::order_unknown);
}

void Shard::accept(MemberActor& member, WaitingCall& waiting, domain::Event event) {
  const auto now = time_of(member, *waiting.call);
  const auto position = commit_event(member, event);
  if (std::holds_alternative<domain::Enrolled>(event)) {
    auto reply = member_reply(member, now);
    reply.enrolled_now = true;
    reply_after(std::move(waiting.call), position, std::move(reply), std::nullopt, false);
    return;
  }
  std::optional<domain::RecordKey> order;
  if (const auto* checkout = std::get_if<domain::CheckedOut>(&event)) {
    order = checkout->key;
    const auto month = domain::utc_month(checkout->content.occurred_at);
    unsettled_[{*order, member.key}] = {
        .month = month, .position = position, .asked_at_ns = now_ns()};
    unsettled_positions_[position] = {*order, member.key};
    ask_book(BookAsk::settle, *order, member.key, month, waiting.ticket);
  }
  auto record = domain::record_of(std::move(event));
  const auto standing = standing_of(member, waiting, *record, now);
  reply_after(std::move(waiting.call), position,
              ReceiptReply{.record = std::move(*record), .replayed = false, .standing = standing},
              order, false);
}

domain::Position Shard::commit_event(MemberActor& member, domain::Event& event) {
  const auto position = log_->advance();
  domain::header_of(event).position = position;
  LogEvent stored = MemberEvent{.member = member.key, .event = std::move(event)};
  parts_.codec.append_event(log_->batch(), stored);
  log_->added();
  event = std::move(std::get<MemberEvent>(stored).event);
  domain::apply(member.state, event);
  if (const auto record = domain::record_of(event)) {
    member.records.push_back(parts_.codec.pack(*record));
  }
  touch_dirty(member, position);
  add(parts_.stats.events);
  return position;
}

void Shard::read(MemberActor& member, WaitingCall& waiting) {
  waiting.call->times.started = now_ns();
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
  if (const auto* receipt = std::get_if<ReadReceipt>(&call.request)) {
    put_records(member, waiting, receipt->order, receipt->key);
    const auto* record = domain::find_record(member.state, receipt->key);
    if (record == nullptr || was_reversed(member, receipt->order)) {
      member.state.records.clear();
      return reply_after(std::move(waiting.call), position,
                         FailedReply{.failure = CallFailure::not_found, .what = "receipt"},
                         std::nullopt, true);
    }
    auto found = *record;
    member.state.records.clear();
    const auto standing = standing_of(member, waiting, found, now);
    return reply_after(
        std::move(waiting.call), position,
        ReceiptReply{.record = std::move(found), .replayed = true, .standing = standing},
        receipt->order, true);
  }
  const auto& asked = std::get<ReadHistory>(call.request);
  reply_after(std::move(waiting.call), position, history_page(member, waiting, asked), std::nullopt,
              true);
}

void Shard::expire_waiting_calls() {
  const auto now = now_ns();
  if (calls_queued_ == 0 && routed_.empty()) return;
  for (auto routed = routed_.begin(); routed != routed_.end();) {
    const auto here = routed++;
    if (here->second->deadline > now) continue;
    fail(here->second, CallFailure::unavailable, "deadline");
    routed_.erase(here);
  }
  for (const auto key : busy_) {
    auto& member = *static_cast<MemberActor*>(members_.at(key)->get());
    for (auto& waiting : member.work->calls) {
      if (!waiting.call) continue;
      const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
      if (waiting.call->deadline <= now) {
        if (checkout != nullptr && waiting.book != BookState::not_asked) {
          ask_book(BookAsk::free, checkout->key, member.key, waiting.month, waiting.ticket);
        }
        fail(waiting.call, CallFailure::unavailable, "deadline");
        waiting.call.reset();
        make_runnable(member);
      } else if (waiting.book == BookState::asked && now - waiting.asked_at > ask_again_ns) {
        // The order's shard may have been taken over since.
        waiting.asked_at = now;
        const auto order = checkout != nullptr ? checkout->key : *order_of(waiting.call->request);
        ask_book(checkout != nullptr ? BookAsk::claim : BookAsk::look_up, order, member.key,
                 waiting.month, waiting.ticket);
      }
    }
  }
}

}  // namespace wutong
