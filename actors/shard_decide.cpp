#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>

#include "actors/broken_promise.h"
#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/domain/identities.h"
#include "actors/request_ids.h"
#include "actors/shard_answers.h"

// The decision and what follows from it: the event in the log, the state, the reply.

namespace wutong {
namespace {

constexpr std::size_t cohort_max = 16;

/// Makes what `make` answers where it is to stand, without a move.
template <typename Make>
struct InPlace {
  Make make;
  operator std::invoke_result_t<const Make&>() const { return make(); }
};
template <typename Make>
InPlace(Make) -> InPlace<Make>;

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

/// REQUIRES: the request is a command.
domain::Decision decision_on(const domain::Member& member, const Rules& rules,
                             const Request& request, domain::Instant now) {
  return std::visit(
      [&](const auto& asked) -> domain::Decision {
        if constexpr (std::is_constructible_v<domain::Command, decltype(asked)>) {
          return domain::decide(member, *rules.program, *rules.policy, asked, now);
        } else {
          throw BrokenPromiseError("a read is decided");
        }
      },
      request);
}

}  // namespace

domain::Instant Shard::time_of(const MemberActor& member, const Call& call) const {
  return std::max(call.received_at, member.state.last_event_at);
}

void Shard::decide(MemberActor& member, WaitingCall& waiting) {
  const auto& request = waiting.call->request;
  const auto now = time_of(member, *waiting.call);
  let_time_pass(member, now);
  const auto records = records_of(request);
  if (records && !put_records(member, waiting, records->first, records->second)) {
    free_claim(member, waiting);
    return fail(std::exchange(waiting.call, {}), CallFailure::unavailable,
                "a record is unreadable");
  }
  auto decision = decision_on(member.state, rules_, request, now);
  note_moment();
  waiting.call->times.decided = moment_ns_;
  if (auto* accepted = std::get_if<domain::Accepted>(&decision)) {
    commit_event(member, accepted->event);
    answer_accepted(member, waiting, accepted->event);
  } else {
    answer_otherwise(member, waiting, decision);
  }
  domain::drop_records(member.state);
}

// --- Checkouts of many members, step by step ---------------------------------------------------------

bool Shard::may_join_cohort(MemberActor& member) {
  const auto& work = *member.work;
  const bool only_calls = member.loaded && !work.reading_history && !work.time_passes &&
                          work.inquiries.empty() && work.holder_inquiries.empty();
  if (!only_calls || work.calls.empty()) return false;
  const auto& waiting = work.calls.front();
  if (!waiting.call || waiting.book != BookState::granted) return false;
  const auto& call = *waiting.call;
  return std::holds_alternative<domain::Checkout>(call.request) && !call.identity &&
         call.member_id == member.state.id && !member.state.empty();
}

bool Shard::join_cohort(MemberActor& member, Deciding& joined) {
  try {
    if (!may_join_cohort(member)) return false;
    auto& waiting = member.work->calls.front();
    if (!prepare(member, waiting)) return false;
    waiting.call->times.started = moment_ns_;
    const auto now = time_of(member, *waiting.call);
    let_time_pass(member, now);
    const auto order = std::get<domain::Checkout>(waiting.call->request).key;
    if (!put_records(member, waiting, order, order)) return false;
    joined.member = &member;
    joined.waiting = &waiting;
    joined.now = now;
    return true;
  } catch (const BrokenPromiseError&) {
    if (committing_) throw;
    // Met again, and told of, by who runs the member alone.
    return false;
  }
}

std::uint32_t Shard::run_cohort(std::uint32_t calls_max) {
  std::uint32_t calls_run = 0;
  std::size_t joined = 0;
  cohort_.resize(cohort_max);
  while (!runnable_.empty() && joined < cohort_max && calls_run + joined < calls_max) {
    auto& member = *runnable_.front();
    runnable_.pop_front();
    // Who has joined counts as runnable until its call is done, so nobody joins twice.
    if (join_cohort(member, cohort_[joined])) {
      ++joined;
      continue;
    }
    member.work->runnable = false;
    calls_run += std::max(run(member, calls_max - calls_run), 1U);
  }
  const std::span cohort(cohort_.data(), joined);
  if (cohort.empty()) return calls_run;
  calls_run += static_cast<std::uint32_t>(joined);
  for (auto& deciding : cohort) decide_alone(deciding);
  note_moment();
  committing_ = true;
  for (auto& deciding : cohort) {
    auto* event = deciding.accepted();
    deciding.is_filed = event && write_event(*deciding.member, *event, deciding.record);
  }
  for (auto& deciding : cohort) {
    if (auto* event = deciding.accepted()) {
      apply_event(*deciding.member, *event, deciding.is_filed ? &deciding.record : nullptr);
    }
  }
  committing_ = false;
  for (auto& deciding : cohort) leave_cohort(deciding);
  return calls_run;
}

void Shard::decide_alone(Deciding& deciding) {
  const auto& checkout = std::get<domain::Checkout>(deciding.waiting->call->request);
  try {
    deciding.decision.emplace(InPlace{[&] {
      return domain::decide(deciding.member->state, *rules_.program, *rules_.policy, checkout,
                            deciding.now);
    }});
  } catch (const BrokenPromiseError& broken) {
    give_up_call(*deciding.member, *deciding.waiting, broken);
  }
}

void Shard::leave_cohort(Deciding& deciding) {
  auto& member = *deciding.member;
  auto& waiting = *deciding.waiting;
  auto& work = *member.work;
  if (waiting.call) {
    waiting.call->times.decided = moment_ns_;
    if (auto* event = deciding.accepted()) {
      answer_accepted(member, waiting, *event);
    } else {
      answer_otherwise(member, waiting, *deciding.decision);
    }
  }
  deciding.decision.reset();
  domain::drop_records(member.state);
  work.calls.pop_front();
  --calls_queued_;
  work.runnable = false;
  if (!work.calls.empty() || !work.inquiries.empty() || !work.holder_inquiries.empty()) {
    make_runnable(member);
  } else {
    drop_work_if_idle(member);
  }
}

// --- What a decision brings about ------------------------------------------------------------------

bool Shard::let_time_pass(MemberActor& member, domain::Instant now) {
  if (member.state.empty()) return false;
  auto event = domain::due(member.state, *rules_.program, *rules_.policy, now);
  if (!event) return false;
  commit_event(member, *event);
  return true;
}

void Shard::commit_event(MemberActor& member, domain::Event& event) {
  committing_ = true;
  PackedRecord record;
  const bool is_filed = write_event(member, event, record);
  apply_event(member, event, is_filed ? &record : nullptr);
  committing_ = false;
}

bool Shard::write_event(const MemberActor& member, domain::Event& event, PackedRecord& record) {
  domain::header_of(event).position = log_->advance();
  const bool is_filed = parts_.codec.append_member_event(log_->batch(), member.key, event, record);
  log_->added();
  return is_filed;
}

void Shard::apply_event(MemberActor& member, const domain::Event& event,
                        const PackedRecord* record) {
  const auto position = domain::header_of(event).position;
  domain::apply(member.state, event);
  flush_.touch(member, position);
  if (record != nullptr) member.records.add(*record);
  if (std::holds_alternative<domain::CheckedOut>(event)) return;
  const auto* unlinked = std::get_if<domain::IdentityUnlinked>(&event);
  if (unlinked != nullptr) {
    unlinked_.push_back(
        {.position = position, .identity = unlinked->identity, .member = member.key});
  }
  if (unlinked != nullptr || std::holds_alternative<domain::IdentityLinked>(event)) {
    member.unflushed->identities_changed = position;
  }
  if (const auto filed = taken_id(event)) {
    book_->note(position, id_claim(filed->key, member.key), member.key,
                domain::utc_month(filed->at));
  }
}

void Shard::answer_accepted(MemberActor& member, WaitingCall& waiting, domain::Event& event) {
  const auto now = time_of(member, *waiting.call);
  const auto position = member.state.position;
  std::optional<ClaimKey> claim;
  // Built where it will wait, if it will: a receipt is large.
  auto& call = *waiting.call;
  std::optional<ReceiptReply> told;
  if (!call.write) call.reply = std::make_unique<Reply>(std::in_place_type<ReceiptReply>);
  auto& receipt = call.write ? told.emplace() : std::get<ReceiptReply>(*call.reply);
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
  receipt.shard = parts_.number;
  if (call.write) call.written = call.write(receipt);
  // Nobody asks what it was any more: it goes while it is at hand.
  call.request = ReadMember{};
  reply_after(std::move(waiting.call), position, claim, false);
}

void Shard::answer_otherwise(MemberActor& member, WaitingCall& waiting,
                             domain::Decision& decision) {
  const auto now = time_of(member, *waiting.call);
  const auto answer_with_member = [&] {
    reply_after(std::move(waiting.call), member.state.position, member_reply(member, now),
                std::nullopt, true);
  };
  if (auto* replay = std::get_if<domain::Replay>(&decision)) {
    free_claim(member, waiting);
    answer_again(member, waiting, std::move(replay->record));
  } else if (std::holds_alternative<domain::Unchanged>(decision)) {
    answer_with_member();
  } else {
    free_claim(member, waiting);
    const auto& refused = std::get<domain::Refused>(decision);
    // Enrolling again is no mistake: the till cannot know.
    if (refused.refusal == domain::Refusal::member_exists) return answer_with_member();
    refuse(member, waiting, refused, may_pass(refused.refusal, member.state));
  }
}

ClaimKey Shard::settle(const MemberActor& member, const WaitingCall& waiting,
                       const domain::CheckedOut& checkout) {
  const auto claim = claim_of(checkout.key, member.key);
  const auto position = member.state.position;
  const auto month = domain::utc_month(checkout.content.occurred_at);
  unsettled_.add(claim, {.order = checkout.key,
                         .member = member.key,
                         .month = month,
                         .position = position,
                         .asked_at_ns = moment_ns_});
  ask_book(BookAsk::settle, checkout.key, member.key, month, waiting.ticket);
  return claim;
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

}  // namespace wutong
