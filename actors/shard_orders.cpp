#include <algorithm>
#include <utility>

#include "actors/shard_answers.h"

// Both sides of the order book: what this shard's members ask of it, and what it says of its orders.

namespace wutong {
namespace {

constexpr std::int64_t settle_again_ns = 200'000'000;
constexpr std::size_t settle_again_max = 2'000;

}  // namespace

// --- The member's side -------------------------------------------------------------------------------

void Shard::ask_book(BookAsk ask, domain::RecordKey order, domain::MemberKey member,
                     std::int32_t month, std::uint64_t ticket) {
  const auto shard = shard_of(order);
  if (shard == parts_.number) book_->prefetch(order);
  requests_out_[shard].push_back(
      {.ask = ask, .order = order, .member = member, .month = month, .ticket = ticket});
}

void Shard::route_by_order(std::shared_ptr<Call> call) {
  const auto* refund = std::get_if<domain::Refund>(&call->request);
  const auto* receipt = std::get_if<ReadReceipt>(&call->request);
  if (refund == nullptr && receipt == nullptr) {
    return fail(call, CallFailure::not_found, "member");
  }
  const auto order = refund != nullptr ? refund->order : receipt->order;
  const auto ticket = ++tickets_;
  routed_[ticket] = {.call = std::move(call), .order = order, .asked_at_ns = now_ns()};
  ask_book(BookAsk::look_up, order, {}, 0, ticket);
  schedule_turn();
}

void Shard::look_up_again(std::uint64_t ticket) {
  const auto& routed = routed_.at(ticket);
  if (const auto identity = routed.call->identity) {
    static_cast<void>(directory_->look_up(*identity, ticket, now_ns()));
  } else {
    ask_book(BookAsk::look_up, routed.order, {}, 0, ticket);
  }
  schedule_turn();
}

void Shard::on_routed(const BookReply& reply) {
  const auto found = routed_.find(reply.ticket);
  if (found == routed_.end()) return;
  auto call = std::move(found->second.call);
  routed_.erase(found);
  if (reply.says == BookSays::found) {
    call->member = reply.owner;
    --calls_open_;
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
  coming_.clear();
  for (const auto& reply : replies.replies) {
    if (reply.says != BookSays::settled) coming_.add(reply.member);
  }
  coming_.prefetch(members_);
  prefetch_replies(replies);
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
  const auto own = own_id(waiting->call->request);
  const bool of_id = own && reply.order == id_claim(*own, member->key);
  auto& state = of_id ? waiting->id_book : waiting->book;
  if (state != BookState::asked) return;
  switch (reply.says) {
    case BookSays::granted:
      state = BookState::granted;
      break;
    case BookSays::known:
      state = BookState::known;
      break;
    case BookSays::of_other:
      state = BookState::of_other;
      break;
    case BookSays::busy:
      state = BookState::busy;
      break;
    case BookSays::found:
      state = reply.owner == reply.member ? BookState::known : BookState::unknown;
      break;
    default:
      state = BookState::unknown;
      break;
  }
  if (state == BookState::known) (of_id ? waiting->id_month : waiting->month) = reply.month;
  make_runnable(*member);
}

void Shard::on_settled(const BookReply& reply) {
  auto unsettled = unsettled_.take_settled(claim_of(reply.order, reply.member));
  if (!unsettled) return;
  for (auto& pending : unsettled->replies) {
    // What it waited for has come.
    pending.claim.reset();
    settle_or_finish(std::move(pending));
  }
}

void Shard::on_lost(const BookReply& reply) {
  auto* unsettled = unsettled_.find(claim_of(reply.order, reply.member));
  if (unsettled == nullptr || unsettled->lost) return;
  auto* member = make_resident(reply.member);
  // No room now: settling is repeated, and so is this answer.
  if (member == nullptr) return;
  unsettled->lost = true;
  log(LogLevel::error, "a checkout met another member's claim of its order and is reversed");
  reverse(*member, reply.order, unsettled->month);
}

void Shard::reverse(MemberActor& member, domain::RecordKey order, std::int32_t month) {
  auto call = std::make_shared<Call>();
  domain::Refund refund;
  refund.key = reversal_of(order);
  refund.refund_id = "reversal";
  refund.order = order;
  refund.scope = domain::RefundOfWhole{};
  refund.reason = "the order is another member's";
  refund.reversal = true;
  call->request = std::move(refund);
  call->member = member.key;
  call->received_at = member.state.last_event_at;
  call->deadline = now_ns() + 60'000'000'000;
  call->done = [this, claim = claim_of(order, member.key)](const Reply& reply, const CallTimes&) {
    on_reversed(claim, reply);
  };
  WaitingCall waiting{.call = std::move(call), .ticket = ++tickets_};
  waiting.book = BookState::known;
  waiting.month = month;
  work_of(member).calls.push_back(std::move(waiting));
  ++calls_open_;
  ++calls_queued_;
  make_runnable(member);
}

void Shard::on_reversed(ClaimKey claim, const Reply& reply) {
  auto* known = unsettled_.find(claim);
  if (known == nullptr) return;
  if (!std::holds_alternative<ReceiptReply>(reply)) {
    // Asked of the book again, which will say again that it is lost.
    known->lost = false;
    return;
  }
  add(parts_.stats.claims_reversed);
  auto unsettled = unsettled_.take(claim);
  for (auto& pending : unsettled->replies) {
    if (!pending.call) continue;
    // Who asks for the receipt alone is shown it, with the refund beside it.
    if (std::holds_alternative<ReadReceipt>(pending.call->request)) {
      settle_or_finish(std::move(pending));
    } else {
      fail(pending.call, CallFailure::reversed, "order_id");
    }
  }
}

void Shard::settle_again() {
  const auto now = now_ns();
  // In rounds: those of a shard that nobody serves must not keep the others from their turn.
  unsettled_.walk_on(settle_again_max, [&](Unsettled& unsettled) {
    if (unsettled.lost || now - unsettled.asked_at_ns < settle_again_ns) return;
    unsettled.asked_at_ns = now;
    ask_book(BookAsk::settle, unsettled.order, unsettled.member, unsettled.month, 0);
  });
}

void Shard::on_inquiry(const Inquiry& inquiry) {
  if (state_ != State::owner) return;
  auto* member = make_resident(inquiry.member);
  if (member == nullptr) {
    schedule_turn();
    return;
  }
  auto& inquiries = work_of(*member).inquiries;
  const auto before =
      std::find_if(inquiries.begin(), inquiries.end(), [&](const WaitingInquiry& waiting) {
        return waiting.order == inquiry.order && waiting.from == inquiry.from;
      });
  const WaitingInquiry waiting{
      .from = inquiry.from, .life = inquiry.life, .order = inquiry.order, .month = inquiry.month};
  if (before == inquiries.end()) {
    inquiries.push_back(waiting);
  } else {
    *before = waiting;
  }
  make_runnable(*member);
}

bool Shard::is_deciding(const MemberActor& member, domain::RecordKey order) {
  const auto& calls = member.work->calls;
  return std::any_of(calls.begin(), calls.end(), [&](const WaitingCall& waiting) {
    if (!waiting.call) return false;
    const auto* checkout = std::get_if<domain::Checkout>(&waiting.call->request);
    return checkout != nullptr && checkout->key == order;
  });
}

bool Shard::answer_inquiry(MemberActor& member) {
  auto& work = *member.work;
  const auto inquiry = work.inquiries.front();
  const bool in_memory = member.records.find(inquiry.order).has_value();
  const bool memory_has_all = member.receipts_complete_from.unix_ms == 0;
  if (in_memory || memory_has_all || is_deciding(member, inquiry.order)) {
    answer_inquiry_with(member, inquiry.order, false);
    return true;
  }
  read_history(member, {inquiry.month}, inquiry.order);
  return false;
}

void Shard::answer_inquiry_with(MemberActor& member, domain::RecordKey order, bool in_history) {
  auto& inquiries = member.work->inquiries;
  const auto found =
      std::find_if(inquiries.begin(), inquiries.end(),
                   [&](const WaitingInquiry& waiting) { return waiting.order == order; });
  if (found == inquiries.end()) return;
  const auto inquiry = *found;
  inquiries.erase(found);
  if (in_history) return say_of_inquiry(inquiry, member.key, true);
  if (const auto record = member.records.find(order)) {
    // Not durable yet: it is asked again, and by then it is, or it is gone.
    if (record->position <= log_->committed()) say_of_inquiry(inquiry, member.key, true);
    return;
  }
  // A retry in the queue will take the order or leave it; asked again.
  if (!is_deciding(member, order)) say_of_inquiry(inquiry, member.key, false);
}

void Shard::say_of_inquiry(const WaitingInquiry& inquiry, domain::MemberKey member,
                           bool took_effect) {
  send(parts_.shards[inquiry.from], InquiryReply{.life = inquiry.life,
                                                 .order = inquiry.order,
                                                 .member = member,
                                                 .took_effect = took_effect});
}

// --- The order's side --------------------------------------------------------------------------------

void Shard::on_book_requests(BookRequests requests) {
  // Asked again by the other shard until somebody serves.
  if (state_ != State::owner) return;
  for (const auto& request : requests.requests) book_->prefetch(request.order);
  // Not at once: what is asked for takes its time.
  requests_in_.push_back(std::move(requests));
  schedule_turn();
}

void Shard::answer_book_requests() {
  if (requests_in_.empty()) return;
  for (const auto& asked : requests_in_) {
    for (const auto& request : asked.requests) book_->prefetch_entry(request.order);
    for (const auto& request : asked.requests) book_->prefetch_dealings(request.order);
    for (const auto& request : asked.requests) {
      book_->ask(asked.from, asked.life, request, moment_ns_);
    }
  }
  requests_in_.clear();
  // The turn's share for members begins now.
  note_moment();
}

domain::Position Shard::append_settled(domain::RecordKey order, domain::MemberKey member,
                                       std::int32_t month) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(), OrderSettled{.header = {.position = position, .received_at = {turn_wall_ms_}},
                                  .order = order,
                                  .member = member,
                                  .month = month});
  log_->added();
  return position;
}

domain::Position Shard::append_freed(domain::RecordKey order, domain::MemberKey member,
                                     std::int32_t month) {
  const auto position = log_->advance();
  parts_.codec.append_event(
      log_->batch(), OrderFreed{.header = {.position = position, .received_at = {turn_wall_ms_}},
                                .order = order,
                                .member = member,
                                .month = month});
  log_->added();
  return position;
}

void Shard::reply(std::uint32_t shard, std::uint64_t life, const BookReply& reply) {
  // Whose an order is now, only its owner may tell: without the lease another may own the shard, and
  // the answer be of the past. Who asked asks again.
  const bool of_now = reply.says == BookSays::found || reply.says == BookSays::unknown;
  if (of_now && !lease_held()) return;
  const auto out = std::find_if(replies_out_.begin(), replies_out_.end(), [&](const auto& to) {
    return to.shard == shard && to.life == life;
  });
  if (out != replies_out_.end()) {
    out->replies.push_back(reply);
  } else {
    replies_out_.push_back({.shard = shard, .life = life, .replies = {reply}});
  }
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
  if (!book_ || !reads_hold()) return;
  schedule_turn();
  if (!read.result || read.result->empty()) {
    book_->bucket_failed(read.order);
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
  if (!book_ || !read.result || !reads_hold()) return;
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
}

}  // namespace wutong
