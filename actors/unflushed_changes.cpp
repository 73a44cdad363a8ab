#include "actors/unflushed_changes.h"

#include <algorithm>

#include "actors/domain/ensure.h"

namespace wutong {

// --- Changes, chained -----------------------------------------------------------------------------------

void UnflushedChanges::Chained::add(const Change& change) {
  if (size_ == blocks_.size() * block_links) {
    blocks_.push_back(std::make_unique_for_overwrite<Link[]>(block_links));
  }
  auto& newest = newest_of(change.month, change.bucket);
  at(size_) = {.change = change, .older = newest};
  newest = static_cast<std::uint32_t>(size_++);
}

UnflushedChanges::Change UnflushedChanges::Chained::take_back() {
  const auto& link = at(--size_);
  newest_of(link.change.month, link.change.bucket) = link.older;
  return link.change;
}

void UnflushedChanges::Chained::clear() {
  blocks_.clear();
  months_.clear();
  size_ = 0;
}

template <typename Visit>
bool UnflushedChanges::Chained::for_buckets_from(Place first, Visit visit) const {
  for (const auto& [month, newest] : months_) {
    if (month < first.first) continue;
    for (auto bucket = month == first.first ? first.second : 0; bucket < buckets_; ++bucket) {
      if (newest[bucket] != none && !visit(month, bucket, newest[bucket])) return false;
    }
  }
  return true;
}

void UnflushedChanges::Chained::append_chain(std::uint32_t newest, std::vector<Change>& out) const {
  const auto begin = static_cast<std::ptrdiff_t>(out.size());
  for (auto number = newest; number != none; number = at(number).older) {
    out.push_back(at(number).change);
  }
  std::reverse(out.begin() + begin, out.end());
}

std::uint32_t& UnflushedChanges::Chained::newest_of(std::int32_t month, std::uint32_t bucket) {
  auto found = std::ranges::lower_bound(months_, month, {}, &Month::month);
  if (found == months_.end() || found->month != month) {
    found = months_.insert(found,
                           {.month = month, .newest = std::vector<std::uint32_t>(buckets_, none)});
  }
  return found->newest[bucket];
}

// --- Rounds -----------------------------------------------------------------------------------------------

void UnflushedChanges::begin_round(domain::Position last) {
  ENSURE(round_.size() == 0, "a round begins before the one before is over");
  std::swap(arriving_, round_);
  round_flushed_ = 0;
  next_ = next_after_taken_ = from_the_start;
  oldest_ = 0;
  // Few: what is on its way into the ledger.
  std::vector<Change> later;
  while (round_.size() > 0 && round_.back().position > last) later.push_back(round_.take_back());
  for (auto change = later.rbegin(); change != later.rend(); ++change) arriving_.add(*change);
}

std::span<const UnflushedChanges::Change> UnflushedChanges::to_flush(std::size_t buckets_max) {
  taken_.clear();
  std::size_t buckets = 0;
  const auto take = [&](std::int32_t month, std::uint32_t bucket, std::uint32_t newest) {
    if (buckets == buckets_max) {
      next_after_taken_ = {month, bucket};
      return false;
    }
    ++buckets;
    round_.append_chain(newest, taken_);
    return true;
  };
  if (round_.for_buckets_from(next_, take)) next_after_taken_ = at_the_end;
  return taken_;
}

void UnflushedChanges::flushed() {
  round_flushed_ += taken_.size();
  taken_.clear();
  next_ = next_after_taken_;
  oldest_ = oldest_from(next_);
  if (round_flushed_ < round_.size()) return;
  round_.clear();
  round_flushed_ = 0;
}

std::optional<domain::Position> UnflushedChanges::first_after_taken() const {
  const auto oldest = oldest_from(next_after_taken_);
  if (oldest < round_.size()) return round_[oldest].position;
  // Whatever came since the round began lies behind all of it.
  if (arriving_.size() > 0) return arriving_[0].position;
  return std::nullopt;
}

std::uint32_t UnflushedChanges::oldest_from(Place next) const {
  const auto all = static_cast<std::uint32_t>(round_.size());
  if (next == at_the_end) return all;
  auto oldest = oldest_;
  while (oldest < all && Place(round_[oldest].month, round_[oldest].bucket) < next) ++oldest;
  return oldest;
}

}  // namespace wutong
