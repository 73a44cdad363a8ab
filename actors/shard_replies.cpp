#include <algorithm>
#include <utility>

#include "actors/domain/calendar.h"
#include "actors/domain/decide.h"
#include "actors/prefetch.h"
#include "actors/shard_answers.h"

// Who is told what, and not before it is durable and still true.

namespace wutong {
namespace {

constexpr std::uint32_t history_records_max = 200;

Expiring expiring_next(const domain::Member& member, domain::Day today) {
  Expiring next;
  for (const auto& lot : member.lots) {
    const bool at_stake = lot.free() > domain::Points{} && lot.expires_on >= today;
    if (!at_stake) continue;
    if (next.points > domain::Points{} && lot.expires_on != next.last_day) break;
    next.points += lot.free();
    next.last_day = lot.expires_on;
  }
  return next;
}

/// The member as it is by `now`, though the event that says so may not have come yet. `due_member` has
/// room for one that differs from `member`.
const domain::Member& as_of(const domain::Member& member, const Rules& rules, domain::Instant now,
                            domain::Member& due_member) {
  if (member.empty()) return member;
  auto event = domain::due(member, *rules.program, *rules.policy, now);
  if (!event) return member;
  due_member = member;
  auto& header = domain::header_of(*event);
  header.position = member.position;
  domain::apply(due_member, *event);
  due_member.last_event_at = member.last_event_at;
  return due_member;
}

}  // namespace

void Shard::reply_after(std::shared_ptr<Call> call, domain::Position needs, Reply&& reply,
                        std::optional<ClaimKey> claim, bool read_only) {
  call->reply = std::make_unique<Reply>(std::move(reply));
  reply_after(std::move(call), needs, claim, read_only);
}

void Shard::reply_after(std::shared_ptr<Call> call, domain::Position needs,
                        std::optional<ClaimKey> claim, bool read_only) {
  PendingReply pending{
      .call = std::move(call), .needs = needs, .claim = claim, .read_only = read_only};
  if (!replies_.empty()) {
    // One line, so that what commits first answers first; a read waits a batch longer at most.
    const bool durable = needs <= log_->committed();
    if (!durable) pending.needs = std::max(needs, replies_.back().needs);
    if (durable) return settle_or_finish(std::move(pending));
  }
  if (pending.needs <= log_->committed()) return settle_or_finish(std::move(pending));
  replies_.push_back(std::move(pending));
}

void Shard::settle_or_finish(PendingReply pending) {
  if (!pending.call) return;
  if (pending.claim) {
    if (auto* unsettled = unsettled_.find(*pending.claim)) {
      unsettled->replies.push_back(std::move(pending));
      return;
    }
  }
  if (pending.read_only && !lease_held()) {
    awaiting_lease_.push_back(std::move(pending));
    return;
  }
  finish_as_decided(*pending.call);
}

void Shard::release_replies() {
  while (!replies_.empty() && replies_.front().needs <= log_->committed()) {
    auto pending = std::move(replies_.front());
    replies_.pop_front();
    settle_or_finish(std::move(pending));
  }
  if (awaiting_lease_.empty() || !lease_held()) return;
  for (auto& pending : std::exchange(awaiting_lease_, {})) {
    if (pending.call) finish_as_decided(*pending.call);
  }
}

void Shard::prefetch_replies(const BookReplies& replies) {
  for (const auto& reply : replies.replies) {
    if (reply.says != BookSays::settled) continue;
    const auto* unsettled = unsettled_.find(claim_of(reply.order, reply.member));
    if (unsettled == nullptr || unsettled->replies.empty()) continue;
    const auto* call = unsettled->replies.front().call.get();
    if (call == nullptr) continue;
    prefetch(call);
    prefetch(&call->reply, sizeof call->reply + sizeof call->written);
    coming_calls_.push_back(call);
  }
  for (const auto* call : coming_calls_) {
    prefetch(call->reply.get(), sizeof(Reply));
    prefetch(call->written.bytes.data());
  }
  coming_calls_.clear();
}

void Shard::refuse(MemberActor& member, WaitingCall& waiting, domain::Refused refused,
                   bool retryable) {
  waiting.call->times.decided = now_ns();
  reply_after(std::move(waiting.call), member.state.position,
              RefusedReply{.refused = refused, .retryable = retryable}, std::nullopt, true);
}

void Shard::turn_away(const std::shared_ptr<Call>& call, FailedReply reply) {
  auto tell = std::exchange(call->done, {});
  if (tell) tell(reply, call->times);
}

void Shard::finish(Call& call, Reply&& reply) {
  --calls_open_;
  if (auto* receipt = std::get_if<ReceiptReply>(&reply)) receipt->shard = parts_.number;
  if (auto* history = std::get_if<HistoryReply>(&reply)) history->shard = parts_.number;
  call.times.committed = moment_ns_;
  auto tell = std::exchange(call.done, {});
  if (tell) tell(std::move(reply), call.times);
  if (!call.group) return;
  if (groups_.empty() || groups_.back() != call.group) {
    groups_.push_back(std::move(call.group));
    schedule_turn();
  } else {
    call.group.reset();
  }
}

void Shard::finish_as_decided(Call& call) {
  if (call.reply) return finish(call, std::move(*call.reply));
  finish(call, std::move(call.written));
}

void Shard::tell_groups() {
  if (groups_.empty()) return;
  auto groups = std::exchange(groups_, {});
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  for (const auto& group : groups) group->replies_given();
}

void Shard::fail(const std::shared_ptr<Call>& call, CallFailure failure, const char* what) {
  finish(*call, FailedReply{.failure = failure, .what = what});
}

Standing Shard::standing_of(const MemberActor& member, const domain::Record& record,
                            domain::Instant now) const {
  domain::Member due_member;
  const auto& state = as_of(member.state, rules_, now, due_member);
  const auto today = domain::business_day(now, rules_.program->zone);
  Standing standing{.now = domain::balances_of(state, today, now),
                    .expiring = expiring_next(state, today)};
  // The order's amount less its last refund's totals. A refund that is just happening is not in the
  // window yet; totals only rise.
  const auto* refund = std::get_if<domain::Refunded>(&record);
  const auto order = domain::filed_under(record).beside.value_or(domain::key_of(record));
  const auto* checkout = std::get_if<domain::CheckedOut>(&record);
  if (checkout == nullptr) checkout = domain::find_order(state, order);
  if (checkout == nullptr) return standing;
  const auto* totals = domain::find_totals(state, order);
  auto refunded = totals != nullptr ? totals->amount : domain::Money{};
  if (refund != nullptr) refunded = std::max(refunded, refund->totals.amount);
  standing.refundable = checkout->content.amount - refunded;
  return standing;
}

Standing Shard::standing_behind(const MemberActor& member, const domain::CheckedOut& checkout,
                                domain::Instant now) const {
  const auto today = domain::business_day(now, rules_.program->zone);
  return {.now = checkout.after,
          .refundable = checkout.content.amount,
          .expiring = expiring_next(member.state, today)};
}

MemberReply Shard::member_reply(const MemberActor& member, domain::Instant now) const {
  domain::Member due_member;
  const auto& state = as_of(member.state, rules_, now, due_member);
  const auto today = domain::business_day(now, rules_.program->zone);
  return {.member = state,
          .now = domain::balances_of(state, today, now),
          .expiring = expiring_next(state, today)};
}

Reply Shard::history_page(const MemberActor& member, const WaitingCall& waiting,
                          const ReadHistory& asked) const {
  std::vector<PackedRecord> newest_first;
  const auto is_asked_for = [&](domain::Position position) {
    return asked.before.epoch == 0 || position < asked.before;
  };
  for (const auto& record : waiting.recalled) {
    if (is_asked_for(record.position)) newest_first.push_back(record);
  }
  for (const auto entry : member.records) {
    if (is_asked_for(entry.position)) newest_first.push_back(entry.packed(*press_));
  }
  std::sort(newest_first.begin(), newest_first.end(),
            [](const auto& a, const auto& b) { return a.position > b.position; });
  newest_first.erase(
      std::unique(newest_first.begin(), newest_first.end(),
                  [](const auto& a, const auto& b) { return a.position == b.position; }),
      newest_first.end());
  HistoryReply reply;
  domain::Position last;
  const auto records_max = std::min(asked.records_max, history_records_max);
  for (const auto& record : newest_first) {
    if (reply.records.size() == records_max) {
      reply.next_before = last;
      break;
    }
    auto unpacked = parts_.codec.unpack(record);
    if (!unpacked) {
      log(LogLevel::critical, absl::StrCat("a record cannot be read: ", unpacked.error().detail));
      return FailedReply{.failure = CallFailure::unavailable, .what = "a record is unreadable"};
    }
    reply.records.push_back(std::move(*unpacked));
    last = record.position;
  }
  return reply;
}

}  // namespace wutong
