#include <algorithm>
#include <utility>

#include "actors/shard_answers.h"

// Both sides of the order book: what this shard's members ask of it, and what it says of its orders.

namespace wutong {
namespace {

constexpr std::int64_t settle_again_ns = 200'000'000;
constexpr int settle_again_max = 2'000;

/// A key that no caller can make: the hash of nothing, beside the order's own.
domain::RecordKey key_of_reversal(domain::RecordKey order) {
  return {.high = ~order.high, .low = ~order.low};
}

}  // namespace

// --- The member's side -------------------------------------------------------------------------------

void Shard::ask_book(BookAsk ask, domain::RecordKey order, domain::MemberKey member,
                     std::int32_t month, std::uint64_t ticket) {
  requests_out_[shard_of(order)].push_back(
      {.ask = ask, .order = order, .member = member, .month = month, .ticket = ticket});
}

void Shard::route_by_order(std::shared_ptr<Call> call) {
  const auto ticket = ++tickets_;
  const auto* refund = std::get_if<domain::Refund>(&call->request);
  const auto* receipt = std::get_if<ReadReceipt>(&call->request);
  if (refund == nullptr && receipt == nullptr) {
    return fail(call, CallFailure::not_found, "member");
  }
  ask_book(BookAsk::look_up, refund != nullptr ? refund->order : receipt->order, {}, 0, ticket);
  routed_[ticket] = std::move(call);
  schedule_turn();
}

void Shard::on_routed(const BookReply& reply) {
  const auto found = routed_.find(reply.ticket);
  if (found == routed_.end()) return;
  auto call = std::move(found->second);
  routed_.erase(found);
  if (reply.says == BookSays::found) {
    call->member = reply.owner;
    send(parts_.shards[shard_of(reply.owner)], SubmitCall{.call = std::move(call), .routed = true});
    return;
  }
  Reply answer = FailedReply{.failure = CallFailure::not_found, .what = "receipt"};
  if (std::holds_alternative<domain::Refund>(call->request)) {
    answer = RefusedReply{.refused = {domain::Refusal::order_unknown, domain::Field::order_id},
                          .retryable = true};
  }
  reply_after(std::move(call), {}, std::move(answer), std::nullopt, true);
}

void Shard::on_book_replies(const BookReplies& replies) {
  if (replies.life != life_ || state_ != State::owner) return;
  for (const auto& reply : replies.replies) on_book_reply(reply);
  schedule_turn();
}

void Shard::on_book_reply(const BookReply& reply) {
  if (reply.says == BookSays::settled) return on_settled(reply);
  if (reply.says == BookSays::lost) return on_lost(reply);
  if (routed_.contains(reply.ticket)) return on_routed(reply);
  auto* member = resident(reply.member);
  WaitingCall* waiting = nullptr;
  if (member != nullptr && member->work) {
    auto& calls = member->work->calls;
    const auto found = std::find_if(calls.begin(), calls.end(), [&](const WaitingCall& call) {
      return call.call && call.ticket == reply.ticket;
    });
    if (found != calls.end()) waiting = &*found;
  }
  if (waiting == nullptr) {
    // Its call has run out, or memory knew the order meanwhile.
    if (reply.says == BookSays::granted) {
      ask_book(BookAsk::free, reply.order, reply.member, reply.month, reply.ticket);
    }
    return;
  }
  if (waiting->book != BookState::asked) return;
  switch (reply.says) {
    case BookSays::granted:
      waiting->book = BookState::granted;
      break;
    case BookSays::known:
      waiting->book = BookState::known;
      waiting->month = reply.month;
      break;
    case BookSays::of_other:
      waiting->book = BookState::of_other;
      break;
    case BookSays::busy:
      waiting->book = BookState::busy;
      break;
    case BookSays::found:
      waiting->book = reply.owner == reply.member ? BookState::known : BookState::unknown;
      waiting->month = reply.month;
      break;
    default:
      waiting->book = BookState::unknown;
      break;
  }
  make_runnable(*member);
}

void Shard::on_settled(const BookReply& reply) {
  const auto found = unsettled_.find({reply.order, reply.member});
  if (found == unsettled_.end() || found->second.lost) return;
  auto unsettled = std::move(found->second);
  unsettled_.erase(found);
  unsettled_positions_.erase(unsettled.position);
  for (auto& pending : unsettled.replies) settle_or_finish(std::move(pending));
}

void Shard::on_lost(const BookReply& reply) {
  const auto found = unsettled_.find({reply.order, reply.member});
  if (found == unsettled_.end() || found->second.lost) return;
  auto* member = make_resident(reply.member);
  // No room now: settling is repeated, and so is this answer.
  if (member == nullptr) return;
  found->second.lost = true;
  log(LogLevel::error, "a checkout met another member's claim of its order and is reversed");
  reverse(*member, reply.order, found->second.month);
}

void Shard::reverse(MemberActor& member, domain::RecordKey order, std::int32_t month) {
  auto call = std::make_shared<Call>();
  domain::Refund refund;
  refund.key = key_of_reversal(order);
  refund.refund_id = "reversal";
  refund.order = order;
  refund.scope = domain::RefundOfWhole{};
  refund.reason = "the order is another member's";
  refund.reversal = true;
  call->request = std::move(refund);
  call->member = member.key;
  call->received_at = member.state.last_event_at;
  call->deadline = now_ns() + 60'000'000'000;
  call->done = [this, taker = Taker{order, member.key}](const Reply& reply, const CallTimes&) {
    on_reversed(taker, reply);
  };
  WaitingCall waiting{.call = std::move(call), .ticket = ++tickets_};
  waiting.book = BookState::known;
  waiting.month = month;
  work_of(member).calls.push_back(std::move(waiting));
  ++calls_queued_;
  make_runnable(member);
}

bool Shard::was_reversed(const MemberActor& member, domain::RecordKey order) const {
  // It came after the order, so as long as memory has the order, it has the reversal too.
  return find_packed(member, key_of_reversal(order)) != nullptr;
}

void Shard::on_reversed(const Taker& taker, const Reply& reply) {
  const auto found = unsettled_.find(taker);
  if (found == unsettled_.end()) return;
  if (std::holds_alternative<FailedReply>(reply)) {
    // Asked of the book again, which will say again that it is lost.
    found->second.lost = false;
    return;
  }
  add(parts_.stats.claims_reversed);
  auto unsettled = std::move(found->second);
  unsettled_.erase(found);
  unsettled_positions_.erase(unsettled.position);
  for (auto& pending : unsettled.replies) {
    if (pending.call) fail(pending.call, CallFailure::reversed, "order_id");
  }
}

void Shard::settle_again() {
  const auto now = now_ns();
  int looked_at = 0;
  for (const auto& [position, taker] : unsettled_positions_) {
    if (++looked_at > settle_again_max) break;
    const auto found = unsettled_.find(taker);
    if (found == unsettled_.end()) continue;
    auto& unsettled = found->second;
    if (unsettled.lost || now - unsettled.asked_at_ns < settle_again_ns) continue;
    unsettled.asked_at_ns = now;
    ask_book(BookAsk::settle, taker.order, taker.member, unsettled.month, 0);
  }
}

void Shard::on_inquiry(const Inquiry& inquiry) {
  if (state_ != State::owner) return;
  auto* member = make_resident(inquiry.member);
  if (member == nullptr) return;
  auto& inquiries = work_of(*member).inquiries;
  const bool asked_before =
      std::any_of(inquiries.begin(), inquiries.end(), [&](const WaitingInquiry& waiting) {
        return waiting.order == inquiry.order && waiting.from == inquiry.from;
      });
  if (!asked_before) {
    inquiries.push_back({.from = inquiry.from,
                         .life = inquiry.life,
                         .order = inquiry.order,
                         .month = inquiry.month});
  }
  make_runnable(*member);
}

bool Shard::answer_inquiry(MemberActor& member) {
  auto& work = *member.work;
  const auto inquiry = work.inquiries.front();
  if (const auto* record = find_packed(member, inquiry.order)) {
    work.inquiries.pop_front();
    // Not durable yet: it is asked again, and by then it is, or it is gone.
    if (record->position <= log_->committed()) say_of_inquiry(inquiry, member.key, true);
    return true;
  }
  const bool deciding =
      std::any_of(work.calls.begin(), work.calls.end(), [&](const WaitingCall& waiting) {
        if (!waiting.call) return false;
        const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
        return checkout != nullptr && checkout->key == inquiry.order;
      });
  if (deciding) {
    // The same member's retry is in the queue and will take the order or leave it; asked again.
    work.inquiries.pop_front();
    return true;
  }
  if (member.receipts_complete_from.unix_ms == 0) {
    work.inquiries.pop_front();
    say_of_inquiry(inquiry, member.key, false);
    return true;
  }
  work.history_for_inquiry = true;
  read_history(member, {inquiry.month});
  return false;
}

void Shard::say_of_inquiry(const WaitingInquiry& inquiry, domain::MemberKey member,
                           bool took_effect) {
  send(parts_.shards[inquiry.from], InquiryReply{.life = inquiry.life,
                                                 .order = inquiry.order,
                                                 .member = member,
                                                 .took_effect = took_effect});
}

// --- The order's side --------------------------------------------------------------------------------

void Shard::on_book_requests(const BookRequests& requests) {
  // Asked again by the other shard until somebody serves.
  if (state_ != State::owner) return;
  for (const auto& request : requests.requests) {
    book_->ask(requests.from, requests.life, request, now_ns());
  }
  schedule_turn();
}

domain::Position Shard::append_settled(domain::RecordKey order, domain::MemberKey member,
                                       std::int32_t month) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(),
      OrderSettled{.header = {.position = position, .received_at = {parts_.clocks.wall_ms()}},
                   .order = order,
                   .member = member,
                   .month = month});
  log_->added();
  add(parts_.stats.events);
  return position;
}

domain::Position Shard::append_freed(domain::RecordKey order, domain::MemberKey member,
                                     std::int32_t month) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(),
      OrderFreed{.header = {.position = position, .received_at = {parts_.clocks.wall_ms()}},
                 .order = order,
                 .member = member,
                 .month = month});
  log_->added();
  add(parts_.stats.events);
  return position;
}

void Shard::reply(std::uint32_t shard, std::uint64_t life, const BookReply& reply) {
  replies_out_[{shard, life}].push_back(reply);
}

void Shard::read_bucket(domain::RecordKey order, std::int32_t month, std::uint32_t bucket) {
  add(parts_.stats.book_reads);
  BucketRead read;
  read.order = order;
  read.month = month;
  parts_.journal.read_book(month, bucket, 1,
                           answer_with<BucketRead, std::vector<std::string>>(std::move(read)));
}

void Shard::on_bucket(const BucketRead& read) {
  if (!book_) return;
  schedule_turn();
  if (!read.result || read.result->empty()) {
    book_->bucket_failed(read.order, read.month);
    return;
  }
  const auto entries = parts_.codec.book_entries_of(read.result->front());
  if (!entries) {
    halt("a bucket of the order book cannot be read");
    return;
  }
  book_->bucket_read(read.order, read.month, *entries);
}

void Shard::inquire(domain::RecordKey order, domain::MemberKey member, std::int32_t month) {
  send(parts_.shards[shard_of(member)],
       Inquiry{
           .from = parts_.number, .life = life_, .order = order, .member = member, .month = month});
}

void Shard::build_filters() {
  if (building_filter_ || !book_) return;
  const auto page = book_->next_filter_page();
  if (!page) return;
  building_filter_ = true;
  FilterPageRead read;
  read.month = page->month;
  read.first = page->first;
  parts_.journal.read_book(page->month, page->first, page->count,
                           answer_with<FilterPageRead, std::vector<std::string>>(std::move(read)));
}

void Shard::on_filter_page(const FilterPageRead& read) {
  building_filter_ = false;
  // A page that failed is read again at the next tick.
  if (!book_ || !read.result) return;
  std::vector<std::vector<BookEntry>> buckets;
  for (const auto& bytes : *read.result) {
    auto entries = parts_.codec.book_entries_of(bytes);
    if (!entries) {
      halt("a bucket of the order book cannot be read");
      return;
    }
    buckets.push_back(std::move(*entries));
  }
  book_->filter_page_read({.month = read.month,
                           .first = read.first,
                           .count = static_cast<std::uint32_t>(buckets.size())},
                          buckets);
  build_filters();
}

}  // namespace wutong
