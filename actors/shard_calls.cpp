#include <algorithm>
#include <utility>

#include "actors/broken_promise.h"
#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/domain/identities.h"
#include "actors/request_ids.h"
#include "actors/shard_answers.h"

// A call's way: into its member's queue, the decision, the event.

namespace wutong {
namespace {

/// The records that the command may ask for: of what it belongs to, and its own. Nothing for one that
/// asks for none.
std::optional<std::pair<domain::RecordKey, domain::RecordKey>> records_of(const Request& request) {
  if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
    return std::pair{checkout->key, checkout->key};
  }
  const auto filed = filed_command(request);
  if (!filed) return std::nullopt;
  return std::pair{filed->beside.value_or(filed->key), filed->key};
}

/// Whether the same request may be taken later, by nothing that its caller does.
bool may_pass(domain::Refusal refusal, const domain::Member& member) {
  switch (refusal) {
    case domain::Refusal::order_unknown:
      // An order may come late, and its refund be first.
      return true;
    case domain::Refusal::too_many_holds:
      return true;
    case domain::Refusal::shortfall:
      // What is held may come free.
      return !member.holds.empty();
    default:
      return false;
  }
}

}  // namespace

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
  if (checkout != nullptr && find_packed(member, checkout->key) == nullptr) {
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
    add(parts_.stats.broken_promises);
    log(LogLevel::critical, absl::StrCat("a call was given up: ", broken.what()));
    member.state.records.clear();
    free_claim(member, waiting);
    fail(waiting.call, CallFailure::unavailable, "a bug of the gateway");
    return true;
  }
}

domain::Instant Shard::time_of(const MemberActor& member, const Call& call) const {
  return std::max(call.received_at, member.state.last_event_at);
}

template <typename Asked>
void Shard::decide(MemberActor& member, WaitingCall& waiting, const Asked& asked) {
  const auto now = time_of(member, *waiting.call);
  let_time_pass(member, now);
  bool readable = true;
  if (const auto records = records_of(waiting.call->request)) {
    readable = put_records(member, waiting, records->first, records->second);
  }
  if (!readable) {
    free_claim(member, waiting);
    return fail(std::exchange(waiting.call, {}), CallFailure::unavailable,
                "a record is unreadable");
  }
  auto decision = domain::decide(member.state, *rules_.program, *rules_.policy, asked, now);
  note_moment();
  waiting.call->times.decided = moment_ns_;
  if (auto* accepted = std::get_if<domain::Accepted>(&decision)) {
    accept(member, waiting, accepted->event);
  } else if (auto* replay = std::get_if<domain::Replay>(&decision)) {
    free_claim(member, waiting);
    answer_again(member, waiting, std::move(replay->record));
  } else if (std::holds_alternative<domain::Unchanged>(decision)) {
    reply_after(std::move(waiting.call), member.state.position, member_reply(member, now),
                std::nullopt, true);
  } else {
    free_claim(member, waiting);
    const auto& refused = std::get<domain::Refused>(decision);
    if (refused.refusal == domain::Refusal::member_exists) {
      // Enrolling again is no mistake: the till cannot know.
      reply_after(std::move(waiting.call), member.state.position, member_reply(member, now),
                  std::nullopt, true);
    } else {
      refuse(member, waiting, refused, may_pass(refused.refusal, member.state));
    }
  }
  member.state.records.clear();
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
  if (const auto* enroll = std::get_if<domain::Enroll>(&request)) {
    waiting.call->times.started = moment_ns_;
    decide(member, waiting, *enroll);
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
  if (const auto* checkout = std::get_if<domain::Checkout>(&request)) {
    if (waiting.book == BookState::of_other || waiting.book == BookState::busy) {
      refuse(member, waiting, {domain::Refusal::other_member, domain::Field::order_id},
             waiting.book == BookState::busy);
    } else {
      decide(member, waiting, *checkout);
    }
  } else if (waiting.link == LinkState::of_other || waiting.link == LinkState::busy) {
    refuse(member, waiting, {domain::Refusal::identity_of_other, domain::Field::identity},
           waiting.link == LinkState::busy);
  } else if (writes(request)) {
    std::visit(
        [&](const auto& asked) {
          if constexpr (std::is_constructible_v<domain::Command, decltype(asked)>) {
            decide(member, waiting, asked);
          }
        },
        request);
  } else {
    read(member, waiting);
  }
  return true;
}

bool Shard::let_time_pass(MemberActor& member, domain::Instant now) {
  if (member.state.empty()) return false;
  auto event = domain::due(member.state, *rules_.program, *rules_.policy, now);
  if (!event) return false;
  commit_event(member, *event);
  return true;
}

void Shard::answer_again(MemberActor& member, WaitingCall& waiting, domain::Record record) {
  const auto position = member.state.position;
  if (!std::holds_alternative<domain::CheckedOut>(record)) {
    const auto standing = standing_of(member, record, time_of(member, *waiting.call));
    return reply_after(
        std::move(waiting.call), position,
        ReceiptReply{.record = std::move(record), .replayed = true, .standing = standing},
        std::nullopt, true);
  }
  const auto key = domain::key_of(record);
  const auto claim = claim_of(key, member.key);
  if (domain::find_record(member.state, reversal_of(key)) != nullptr) {
    return reply_after(std::move(waiting.call), position,
                       FailedReply{.failure = CallFailure::reversed, .what = "order_id"}, claim,
                       true);
  }
  const auto standing = standing_of(member, record, time_of(member, *waiting.call));
  reply_after(std::move(waiting.call), position,
              ReceiptReply{.record = std::move(record), .replayed = true, .standing = standing},
              claim, true);
}

void Shard::accept(MemberActor& member, WaitingCall& waiting, domain::Event& event) {
  const auto now = time_of(member, *waiting.call);
  commit_event(member, event);
  const auto position = member.state.position;
  std::optional<ClaimKey> claim;
  // Built where it will wait: a receipt is large.
  auto& reply = waiting.call->reply.emplace(std::in_place_type<ReceiptReply>);
  auto& receipt = std::get<ReceiptReply>(reply);
  if (const auto* checkout = std::get_if<domain::CheckedOut>(&event)) {
    claim = settle(member, waiting, *checkout);
    receipt.standing = standing_behind(member, *checkout, now);
  }
  if (!domain::move_record(std::move(event), receipt.record)) {
    auto changed = member_reply(member, now);
    changed.changed_now = true;
    return reply_after(std::move(waiting.call), position, std::move(changed), std::nullopt, false);
  }
  // A decline takes no id.
  if (std::holds_alternative<domain::Declined>(receipt.record)) free_claim(member, waiting);
  if (!claim) receipt.standing = standing_of(member, receipt.record, now);
  reply_after(std::move(waiting.call), position, claim, false);
}

ClaimKey Shard::settle(const MemberActor& member, const WaitingCall& waiting,
                       const domain::CheckedOut& checkout) {
  const auto claim = claim_of(checkout.key, member.key);
  const auto position = member.state.position;
  const auto month = domain::utc_month(checkout.content.occurred_at);
  auto& unsettled = unsettled_[claim];
  unsettled.order = checkout.key;
  unsettled.member = member.key;
  unsettled.month = month;
  unsettled.position = position;
  unsettled.asked_at_ns = moment_ns_;
  unsettled.lost = false;
  unsettled_positions_.emplace_hint(unsettled_positions_.end(), position, claim);
  ask_book(BookAsk::settle, checkout.key, member.key, month, waiting.ticket);
  return claim;
}

void Shard::commit_event(MemberActor& member, domain::Event& event) {
  committing_ = true;
  const auto position = log_->advance();
  domain::header_of(event).position = position;
  auto record = parts_.codec.append_member_event(log_->batch(), member.key, event);
  log_->added();
  domain::apply(member.state, event);
  committing_ = false;
  touch_dirty(member, position);
  if (record) member.records.push_back(*std::move(record));
  if (std::holds_alternative<domain::CheckedOut>(event)) return;
  const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&event);
  if (unlinked != nullptr) {
    unlinked_.push_back(
        {.position = position, .identity = unlinked->identity, .member = member.key});
  }
  if (unlinked != nullptr || std::holds_alternative<domain::IdentityLinked>(event)) {
    member.identities_changed = position;
  }
  if (const auto filed = taken_id(event)) {
    book_->note(position, id_claim(filed->key, member.key), member.key,
                domain::utc_month(filed->at));
  }
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
  member.state.records.clear();
  reply_after(std::move(waiting.call), position, std::move(reply),
              claim_of(receipt.order, member.key), true);
}

}  // namespace wutong
