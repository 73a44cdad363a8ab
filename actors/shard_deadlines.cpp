#include <algorithm>
#include <vector>

#include "actors/shard_answers.h"

// What a tick does about calls that have waited for too long, or whose question went unanswered.

namespace wutong {
namespace {

constexpr std::int64_t ask_again_ns = 200'000'000;

}  // namespace

void Shard::expire_waiting_calls() {
  const auto now = now_ns();
  std::erase_if(early_, [&](const SubmitCall& early) {
    if (early.call->deadline > now) return false;
    turn_away(early.call, {.failure = CallFailure::unavailable, .what = "deadline"});
    return true;
  });
  std::vector<std::uint64_t> again;
  for (auto routed = routed_.begin(); routed != routed_.end();) {
    auto& waiting = routed->second;
    if (waiting.call->deadline <= now) {
      fail(waiting.call, CallFailure::unavailable, "deadline");
      routed = routed_.erase(routed);
      continue;
    }
    if (now - waiting.asked_at_ns > ask_again_ns) {
      waiting.asked_at_ns = now;
      again.push_back(routed->first);
    }
    ++routed;
  }
  for (const auto ticket : again) look_up_again(ticket);
  if (calls_queued_ == 0) return;
  // In an order that does not depend on addresses, so that a simulation can be repeated.
  auto busy = busy_;
  std::sort(busy.begin(), busy.end(),
            [](const auto* a, const auto* b) { return a->key.value < b->key.value; });
  for (auto* member : busy) {
    for (auto& waiting : member->work->calls) expire(*member, waiting);
  }
}

void Shard::expire(MemberActor& member, WaitingCall& waiting) {
  if (!waiting.call) return;
  const auto now = now_ns();
  if (waiting.call->deadline <= now) {
    free_claim(member, waiting);
    fail(waiting.call, CallFailure::unavailable, "deadline");
    waiting.call.reset();
    make_runnable(member);
  } else if (now - waiting.asked_at > ask_again_ns) {
    // The order's shard may have been taken over since.
    ask_again(member, waiting);
  }
}

void Shard::expire_replies() {
  const auto now = now_ns();
  const auto expire = [&](PendingReply& pending) {
    if (!pending.call || pending.call->deadline > now) return;
    fail(pending.call, CallFailure::unavailable, "ledger");
    pending.call.reset();
  };
  std::for_each(replies_.begin(), replies_.end(), expire);
  std::for_each(awaiting_lease_.begin(), awaiting_lease_.end(), expire);
  std::erase_if(awaiting_lease_, [](const PendingReply& pending) { return !pending.call; });
  unsettled_.for_each([&](Unsettled& unsettled) {
    auto& replies = unsettled.replies;
    std::for_each(replies.begin(), replies.end(), expire);
    replies.erase(std::remove_if(replies.begin(), replies.end(),
                                 [](const PendingReply& pending) { return !pending.call; }),
                  replies.end());
  });
}

}  // namespace wutong
