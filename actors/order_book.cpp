#include "actors/order_book.h"

#include <algorithm>
#include <utility>

namespace wutong {
void OrderBook::know_months(const std::vector<std::int32_t>& months) {
  for (const auto month : months) months_[month];
}

void OrderBook::restore(domain::Position position, domain::RecordKey order,
                        domain::MemberKey member, std::int32_t month, bool freed) {
  auto& entry = entry_of(order);
  entry.looked_up = true;
  entry.durable.reset();
  if (!freed) entry.durable = Durable{.member = member, .month = month, .position = position};
  add_unflushed(order, entry, {.order = order, .member = member, .freed = freed}, position, month);
  committed_ = std::max(committed_, position);
}

void OrderBook::note(domain::Position position, domain::RecordKey order, domain::MemberKey member,
                     std::int32_t month) {
  auto& entry = entry_of(order);
  entry.looked_up = true;
  if (entry.dealings) entry.dealings->reading.clear();
  entry.durable = Durable{.member = member, .month = month, .position = position};
  add_unflushed(order, entry, {.order = order, .member = member}, position, month);
  run_waiting(order);
}

void OrderBook::ask(std::uint32_t shard, std::uint64_t life, const BookRequest& request,
                    std::int64_t now_ns) {
  now_ns_ = now_ns;
  const auto order = request.order;
  const Asked asked{.shard = shard, .life = life, .request = request, .since_ns = now_ns};
  if (request.ask == BookAsk::free) {
    auto* found = find(order);
    if (found == nullptr || !found->dealings) return;
    auto& entry = *found;
    drop_waiting(entry, asked);
    if (!entry.is_waited_for()) entry.dealings->inquiring = false;
    release(entry, asked);
    run_waiting(order);
    erase_if_idle(order, entry);
    return;
  }
  auto& entry = entry_of(order);
  if (!entry.looked_up && !entry.is_reading()) look_up(order, entry);
  if (entry.is_waited_for()) {
    drop_waiting(entry, asked);
    const auto& waiting = entry.dealings->waiting;
    const bool again = std::any_of(waiting.begin(), waiting.end(), [&](const Asked& a) {
      return a.request.ask == request.ask && a.life == life && a.shard == shard &&
             a.request.ticket == request.ticket && a.request.member == request.member;
    });
    if (again) return;
  }
  if (entry.looked_up && handle(order, entry, asked)) {
    // A settled order may let a claim that waits for it be answered.
    if (entry.is_waited_for()) run_waiting(order);
    erase_if_idle(order, entry);
    return;
  }
  auto& dealings = dealings_of(entry);
  const bool behind_another = entry.looked_up && dealings.tentative.has_value();
  if (request.ask == BookAsk::claim && behind_another &&
      dealings.waiting.size() >= claims_waiting_max) {
    answer(asked, BookSays::busy);
    return;
  }
  dealings.waiting.push_back(asked);
  awaited_.insert(order);
  ++waiting_;
}

bool OrderBook::handle(domain::RecordKey order, Entry& entry, const Asked& asked) {
  switch (asked.request.ask) {
    case BookAsk::claim:
      return handle_claim(order, entry, asked);
    case BookAsk::settle:
      return handle_settle(order, entry, asked);
    case BookAsk::look_up:
      handle_look_up(order, entry, asked);
      return true;
    case BookAsk::free:
      release(entry, asked);
      return true;
  }
  return true;
}

bool OrderBook::handle_claim(domain::RecordKey order, Entry& entry, const Asked& asked) {
  const auto& request = asked.request;
  if (entry.durable) {
    if (entry.durable->member == request.member) {
      answer(asked, BookSays::known, &*entry.durable);
      return true;
    }
    // The answer tells of a claim, so the claim must be durable; and it must have taken effect.
    if (is_committed(*entry.durable)) inquire(order, entry);
    return false;
  }
  auto& tentative = dealings_of(entry).tentative;
  if (tentative && tentative->member != request.member) {
    if (now_ns_ - tentative->since_ns < tentative_ns_max) return false;
    end(tentative);
  }
  if (!tentative) {
    tentative.emplace();
    tentative->member = request.member;
    tentative->month = request.month;
  } else {
    tentative_claims_.end(tentative->granted);
  }
  tentative->since_ns = now_ns_;
  tentative->granted = tentative_claims_.add(order, now_ns_);
  const std::pair ticket{asked.life, request.ticket};
  if (std::find(tentative->tickets.begin(), tentative->tickets.end(), ticket) ==
      tentative->tickets.end()) {
    tentative->tickets.push_back(ticket);
  }
  answer(asked, BookSays::granted);
  return true;
}

bool OrderBook::handle_settle(domain::RecordKey order, Entry& entry, const Asked& asked) {
  const auto& request = asked.request;
  if (entry.durable && entry.durable->member != request.member) {
    if (is_committed(*entry.durable)) inquire(order, entry);
    return false;
  }
  // A claim of another month never took effect, or the member would not have checked out anew: its
  // month would lead to a history without the record.
  if (entry.durable && entry.durable->month != request.month) append_freed(order, entry);
  if (!entry.durable) {
    if (const auto* tentative = entry.tentative();
        tentative && tentative->member == request.member) {
      end(entry.dealings->tentative);
      end_dealings_if_over(entry);
    }
    append_settled(order, entry, asked);
    return true;
  }
  if (!is_committed(*entry.durable)) return false;
  answer(asked, BookSays::settled);
  return true;
}

void OrderBook::handle_look_up(domain::RecordKey, const Entry& entry, const Asked& asked) {
  if (entry.durable) {
    answer(asked, BookSays::found, &*entry.durable);
  } else if (const auto* tentative = entry.tentative()) {
    const Durable owner{.member = tentative->member, .month = tentative->month, .position = {}};
    answer(asked, BookSays::found, &owner);
  } else {
    answer(asked, BookSays::unknown);
  }
}

void OrderBook::release(Entry& entry, const Asked& asked) {
  if (!entry.dealings) return;
  auto& tentative = entry.dealings->tentative;
  if (!tentative || tentative->member != asked.request.member) return;
  auto& tickets = tentative->tickets;
  tickets.erase(
      std::remove(tickets.begin(), tickets.end(), std::pair{asked.life, asked.request.ticket}),
      tickets.end());
  if (tentative->tickets.empty()) end(tentative);
}

void OrderBook::end(std::optional<Tentative>& tentative) {
  tentative_claims_.end(tentative->granted);
  tentative.reset();
}

void OrderBook::drop_waiting(Entry& entry, const Asked& asked) {
  if (!entry.dealings) return;
  const bool frees = asked.request.ask == BookAsk::free;
  waiting_ -= std::erase_if(entry.dealings->waiting, [&](const Asked& waiting) {
    if (waiting.shard != asked.shard) return false;
    const bool the_claim =
        waiting.request.ask == BookAsk::claim && waiting.request.ticket == asked.request.ticket;
    return waiting.life != asked.life || (frees && the_claim);
  });
}

void OrderBook::look_up(domain::RecordKey order, Entry& entry) {
  if (entry.looked_up) return;
  entry.durable.reset();
  std::vector<std::int32_t> reading;
  for (const auto& [month, state] : months_) {
    if (state.built == buckets_ && !state.filter.may_contain(order)) continue;
    reading.push_back(month);
  }
  if (reading.empty()) {
    if (entry.dealings) entry.dealings->reading.clear();
    entry.looked_up = true;
    return;
  }
  auto& dealings = dealings_of(entry);
  dealings.reading = reading;
  dealings.asked_at_ns = now_ns_;
  for (const auto month : reading) host_.read_bucket(order, month, bucket_of(order));
}

void OrderBook::bucket_read(domain::RecordKey order, std::int32_t month,
                            const std::vector<BookEntry>& read) {
  auto* found = find(order);
  if (found == nullptr) return;
  auto& entry = *found;
  if (entry.looked_up || !entry.is_reading()) return;
  if (std::erase(entry.dealings->reading, month) == 0) return;
  // The last line of a month counts for that month; only one month has a claim that stands.
  const BookEntry* last = nullptr;
  for (const auto& line : read) {
    if (line.order == order) last = &line;
  }
  if (last != nullptr && !last->freed) {
    entry.durable = Durable{.member = last->member, .month = month, .position = {}};
  }
  if (entry.is_reading()) return;
  entry.looked_up = true;
  run_waiting(order);
  erase_if_idle(order, entry);
}

void OrderBook::bucket_failed(domain::RecordKey order) {
  auto* found = find(order);
  if (found == nullptr || found->looked_up) return;
  // Asked again by `tick`, not in a loop, and only for somebody.
  auto& entry = *found;
  if (entry.is_waited_for()) return;
  if (entry.dealings) entry.dealings->reading.clear();
  erase_if_idle(order, entry);
}

void OrderBook::inquire(domain::RecordKey order, Entry& entry) {
  auto& dealings = dealings_of(entry);
  if (dealings.inquiring) return;
  dealings.inquiring = true;
  dealings.asked_at_ns = now_ns_;
  host_.inquire(order, entry.durable->member, entry.durable->month);
}

void OrderBook::inquiry_answered(domain::RecordKey order, domain::MemberKey member,
                                 bool took_effect) {
  auto* found = find(order);
  if (found == nullptr) return;
  auto& entry = *found;
  const bool inquiring = entry.dealings && entry.dealings->inquiring;
  if (!inquiring || !entry.durable || entry.durable->member != member) return;
  entry.dealings->inquiring = false;
  if (took_effect) {
    std::list<Asked> waiting;
    waiting.swap(entry.dealings->waiting);
    for (const auto& asked : waiting) {
      --waiting_;
      if (asked.request.member == member || asked.request.ask == BookAsk::look_up) {
        if (handle(order, entry, asked)) continue;
        dealings_of(entry).waiting.push_back(asked);
        ++waiting_;
      } else {
        answer(asked, asked.request.ask == BookAsk::settle ? BookSays::lost : BookSays::of_other);
      }
    }
  } else {
    append_freed(order, entry);
    run_waiting(order);
  }
  erase_if_idle(order, entry);
}

void OrderBook::committed(domain::Position position) {
  committed_ = std::max(committed_, position);
  while (!committing_.empty() && committing_.front().position <= committed_) {
    const auto asked = committing_.front().asked;
    committing_.pop_front();
    answer(asked, BookSays::settled);
    // Hardly ever does anybody else wait for it.
    if (waiting_ > 0) run_waiting(asked.request.order);
  }
}

void OrderBook::tick(std::int64_t now_ns) {
  now_ns_ = now_ns;
  forget_abandoned();
  claims_waiting_ = 0;
  for (const auto order : std::exchange(awaited_, {})) {
    auto* found = find(order);
    if (found == nullptr || !found->dealings) continue;
    auto& entry = *found;
    auto& dealings = *entry.dealings;
    const bool ask_again = now_ns - dealings.asked_at_ns > ask_again_ns;
    if (!entry.looked_up && ask_again) look_up(order, entry);
    if (dealings.inquiring && ask_again) {
      dealings.inquiring = false;
      inquire(order, entry);
    }
    std::list<Asked> waiting;
    waiting.swap(dealings.waiting);
    const auto wait_max = entry.durable ? inquiry_wait_ns_max : claim_wait_ns_max;
    for (auto& asked : waiting) {
      const bool tired = asked.request.ask == BookAsk::claim && entry.looked_up &&
                         now_ns - asked.since_ns > wait_max;
      if (!tired) {
        if (asked.request.ask == BookAsk::claim) ++claims_waiting_;
        dealings.waiting.push_back(std::move(asked));
        continue;
      }
      --waiting_;
      answer(asked, BookSays::busy);
    }
    if (!dealings.waiting.empty()) awaited_.insert(order);
    // Nobody wants to know any more.
    if (dealings.waiting.empty()) dealings.inquiring = false;
    run_waiting(order);
    erase_if_idle(order, entry);
  }
}

void OrderBook::forget_abandoned() {
  while (const auto order = tentative_claims_.take_until(now_ns_ - tentative_ns_max)) {
    // Neither settled nor freed, so it is there.
    auto& entry = *find(*order);
    entry.dealings->tentative.reset();
    run_waiting(*order);
    erase_if_idle(*order, entry);
  }
}

void OrderBook::answer(const Asked& asked, BookSays says, const Durable* owner) {
  BookReply reply{.says = says,
                  .order = asked.request.order,
                  .member = asked.request.member,
                  .owner = {},
                  .month = asked.request.month,
                  .ticket = asked.request.ticket};
  if (owner != nullptr) {
    reply.owner = owner->member;
    reply.month = owner->month;
  }
  host_.reply(asked.shard, asked.life, reply);
}

void OrderBook::run_waiting(domain::RecordKey order) {
  auto* found = find(order);
  if (found == nullptr || !found->looked_up) return;
  auto& entry = *found;
  if (!entry.is_waited_for()) return;
  std::list<Asked> waiting;
  waiting.swap(entry.dealings->waiting);
  for (auto& asked : waiting) {
    if (handle(order, entry, asked)) {
      --waiting_;
    } else {
      dealings_of(entry).waiting.push_back(std::move(asked));
    }
  }
}

OrderBook::Entry* OrderBook::find(domain::RecordKey order) const {
  const auto* found =
      entries_.find(order.high, [&](const auto& entry) { return entry->order == order; });
  return found == nullptr ? nullptr : found->get();
}

OrderBook::Entry& OrderBook::entry_of(domain::RecordKey order) {
  if (auto* entry = find(order)) return *entry;
  return *entries_.add(order.high, std::make_unique<Entry>(order));
}

OrderBook::Dealings& OrderBook::dealings_of(Entry& entry) {
  if (!entry.dealings) {
    if (spare_dealings_.empty()) {
      entry.dealings = std::make_unique<Dealings>();
    } else {
      entry.dealings = std::move(spare_dealings_.back());
      spare_dealings_.pop_back();
    }
  }
  return *entry.dealings;
}

void OrderBook::end_dealings_if_over(Entry& entry) {
  if (!entry.dealings || !entry.dealings->over()) return;
  if (spare_dealings_.size() < spare_dealings_max) {
    spare_dealings_.push_back(std::move(entry.dealings));
  } else {
    entry.dealings.reset();
  }
}

void OrderBook::erase_if_idle(domain::RecordKey order, Entry& entry) {
  end_dealings_if_over(entry);
  if (entry.dealings || entry.unflushed > 0) return;
  static_cast<void>(
      entries_.take(order.high, [&](const auto& kept) { return kept.get() == &entry; }));
}

}  // namespace wutong
