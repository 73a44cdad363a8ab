#include <algorithm>
#include <vector>

#include "actors/order_book.h"

// What the book has in the ledger: its events, buckets by month, the filters that guard them, flushes.

namespace wutong {

void OrderBook::forget_months_before(std::int32_t month) {
  months_.erase(months_.begin(), months_.lower_bound(month));
}

bool OrderBook::may_know(domain::RecordKey order) const {
  if (find(order) != nullptr) return true;
  return std::ranges::any_of(months_, [&](const auto& month) {
    const Month& of = month.second;
    return of.built < buckets_ || of.filter.may_contain(order);
  });
}

std::optional<OrderBook::FilterPage> OrderBook::next_filter_page() const {
  constexpr std::uint32_t page = 64;
  // The newest month first: most orders that are asked for again are of these days.
  for (auto month = months_.rbegin(); month != months_.rend(); ++month) {
    const auto built = month->second.built;
    if (built == buckets_) continue;
    return FilterPage{
        .month = month->first, .first = built, .count = std::min(page, buckets_ - built)};
  }
  return std::nullopt;
}

void OrderBook::filter_page_read(const FilterPage& page,
                                 const std::vector<std::vector<BookEntry>>& buckets) {
  const auto found = months_.find(page.month);
  if (found == months_.end() || found->second.built != page.first) return;
  auto& month = found->second;
  for (const auto& bucket : buckets) {
    for (const auto& line : bucket) month.filter.insert(line.order);
  }
  month.built += page.count;
}

void OrderBook::add_unflushed(domain::RecordKey order, Entry& entry, const BookEntry& change,
                              domain::Position position, std::int32_t month) {
  ++entry.unflushed;
  unflushed_.add(
      {.position = position, .entry = change, .month = month, .bucket = bucket_of(order)});
}

void OrderBook::append_settled(domain::RecordKey order, Entry& entry, const Asked& asked) {
  const auto& request = asked.request;
  const auto position = host_.append_settled(order, request.member, request.month);
  entry.durable = Durable{.member = request.member, .month = request.month, .position = position};
  add_unflushed(order, entry, {.order = order, .member = request.member}, position, request.month);
  committing_.push_back({.position = position, .asked = asked});
}

void OrderBook::append_freed(domain::RecordKey order, Entry& entry) {
  const auto freed = *entry.durable;
  const auto position = host_.append_freed(order, freed.member, freed.month);
  entry.durable.reset();
  add_unflushed(order, entry, {.order = order, .member = freed.member, .freed = true}, position,
                freed.month);
}

void OrderBook::flushed() {
  for (const auto& change : unflushed_.taken()) {
    auto [month, is_new] = months_.try_emplace(change.month);
    // A month that no bucket existed of is whole from the start; of one that has run out nobody asks.
    if (is_new) month->second.built = buckets_;
    month->second.filter.insert(change.entry.order);
    auto* found = find(change.entry.order);
    if (found == nullptr) continue;
    --found->unflushed;
    erase_if_idle(change.entry.order, *found);
  }
  unflushed_.flushed();
}

std::uint32_t OrderBook::bucket_of(domain::RecordKey order) const { return order.low % buckets_; }

std::uint64_t OrderBook::filter_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [_, state] : months_) sum += state.filter.bytes();
  return sum;
}

}  // namespace wutong
