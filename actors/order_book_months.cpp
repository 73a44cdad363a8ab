#include <algorithm>
#include <numeric>
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
  unflushed_.push_back(
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

void OrderBook::begin_round(domain::Position last) {
  const auto durable = std::min(last, committed_);
  const auto end = std::ranges::upper_bound(unflushed_, durable, {}, &Unflushed::position);
  const std::ranges::subrange changes(unflushed_.begin(), end);
  std::vector<std::int32_t> months;
  for (const auto& change : changes) {
    const auto at = std::ranges::lower_bound(months, change.month);
    if (at == months.end() || *at != change.month) months.insert(at, change.month);
  }
  const auto place_of = [&](const Unflushed& change) {
    const auto month = std::ranges::lower_bound(months, change.month) - months.begin();
    return static_cast<std::size_t>(month) * buckets_ + change.bucket;
  };
  // Distribution counting (Knuth, The Art of Computer Programming 3, 5.2, algorithm D): whatever has been
  // gathered in half a minute is put in order at once, and calls wait meanwhile.
  std::vector<std::size_t> begins(months.size() * buckets_ + 1);
  for (const auto& change : changes) ++begins[place_of(change) + 1];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  round_flushed_ = 0;
  round_.resize(static_cast<std::size_t>(changes.size()));
  for (const auto& change : changes) round_[begins[place_of(change)]++] = change;
  unflushed_.erase(unflushed_.begin(), end);
  round_least_.resize(round_.size());
  for (auto at = round_.size(); at-- > 0;) {
    round_least_[at] = round_[at].position;
    if (at + 1 < round_.size()) round_least_[at] = std::min(round_least_[at], round_least_[at + 1]);
  }
}

std::span<const OrderBook::Unflushed> OrderBook::to_flush(domain::Position last,
                                                          std::size_t buckets_max) {
  if (round_flushed_ == round_.size()) begin_round(last);
  std::size_t buckets = 0;
  auto end = round_flushed_;
  for (; end < round_.size(); ++end) {
    const bool another = end == round_flushed_ || round_[end].bucket != round_[end - 1].bucket ||
                         round_[end].month != round_[end - 1].month;
    if (another && ++buckets > buckets_max) break;
  }
  return std::span(round_).subspan(round_flushed_, end - round_flushed_);
}

void OrderBook::flushed(std::size_t count) {
  for (; count > 0; --count) {
    const auto& change = round_[round_flushed_++];
    auto [month, is_new] = months_.try_emplace(change.month);
    // A month that no bucket existed of is whole from the start; of one that has run out nobody asks.
    if (is_new) month->second.built = buckets_;
    month->second.filter.insert(change.entry.order);
    auto* found = find(change.entry.order);
    if (found == nullptr) continue;
    --found->unflushed;
    erase_if_idle(change.entry.order, *found);
  }
}

std::optional<domain::Position> OrderBook::first_unflushed_after(std::size_t count) const {
  const auto at = round_flushed_ + count;
  // Whatever came since the round began lies behind all of it.
  if (at < round_.size()) return round_least_[at];
  if (!unflushed_.empty()) return unflushed_.front().position;
  return std::nullopt;
}

std::uint32_t OrderBook::bucket_of(domain::RecordKey order) const { return order.low % buckets_; }

std::uint64_t OrderBook::filter_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [_, state] : months_) sum += state.filter.bytes();
  return sum;
}

}  // namespace wutong
