#include "persistence/memory_journal.h"

#include <algorithm>

namespace wutong::persistence {

namespace {

constexpr std::size_t writes_remembered_max = 64;

/// About what an entry costs Redis beside its batch.
constexpr std::int64_t entry_overhead_bytes = 96;

tl::unexpected<LedgerError> broken(std::string detail) {
  return tl::unexpected(LedgerError{.fault = LedgerFault::broken, .detail = std::move(detail)});
}

}  // namespace

MemoryJournal::MemoryJournal(const MemoryLedger::Clock& clock,
                             const std::atomic<std::uint64_t>& generation)
    : clock_(clock), generation_(generation) {}

/// Computes under the lock, answers without it: `done` may call the journal again.
template <typename T, typename Compute>
void MemoryJournal::answer(const LedgerCallback<T>& done, Compute compute) {
  auto result = [&]() -> LedgerResult<T> {
    const std::lock_guard lock(mutex_);
    return compute();
  }();
  done(std::move(result));
}

// ---- append

void MemoryJournal::append(AppendRequest request, LedgerCallback<AppendReply> done) {
  answer<AppendReply>(done, [&] { return append_locked(std::move(request)); });
}

LedgerResult<AppendReply> MemoryJournal::append_locked(AppendRequest request) {
  if (!head_ || *head_ != request.expected) return head_locked();
  const auto& position = request.next.position;
  const auto last = log_.empty() ? domain::Position{} : log_.back().last;
  if (position <= last) return broken("the entry's id is not above the log's last");

  const auto bytes = static_cast<std::int64_t>(request.batch->size()) + entry_overhead_bytes;
  log_.push_back({.last = position, .batch = *request.batch});
  log_bytes_ += bytes;
  head_ = std::move(request.next);
  remember({[this, bytes, before = std::move(request.expected)] {
    log_.pop_back();
    log_bytes_ -= bytes;
    head_ = before;
  }});
  return head_locked();
}

void MemoryJournal::read_head(LedgerCallback<AppendReply> done) {
  answer<AppendReply>(done, [&] { return head_locked(); });
}

LedgerResult<AppendReply> MemoryJournal::head_locked() const {
  if (!head_) return broken("NOSTORE no head");
  return AppendReply{.head = *head_, .server_generation = generation_.load()};
}

// ---- flush

void MemoryJournal::flush(FlushRequest request, LedgerCallback<FlushOutcome> done) {
  answer<FlushOutcome>(done, [&] { return flush_locked(std::move(request)); });
}

LedgerResult<FlushOutcome> MemoryJournal::flush_locked(FlushRequest request) {
  if (!head_) return broken("NOSTORE no head");
  if (head_->position.epoch != request.epoch || head_->writer != request.writer) {
    return FlushOutcome::fenced;
  }
  if (head_->position.sequence < request.highest_sequence) return FlushOutcome::ahead;
  if (mark_ == request.next) return FlushOutcome::done;
  if (mark_ != request.expected) return FlushOutcome::other;

  std::vector<Undo> undos;
  for (auto& write : request.snapshots) {
    replace(snapshots_, write.member, std::optional(std::move(write.snapshot)), undos);
  }
  for (auto& write : request.identities) {
    std::optional<std::string> claim;
    if (!write.claim.empty()) claim = std::move(write.claim);
    replace(identities_, write.identity, std::move(claim), undos);
  }
  for (auto& append : request.history) {
    append_kept(history_, {append.member, append.month}, std::move(append.records),
                append.expire_at_unix_ms, undos);
  }
  for (auto& append : request.book) {
    if (book_months_.insert(append.month).second) {
      undos.emplace_back([this, month = append.month] { book_months_.erase(month); });
    }
    append_kept(book_, {append.month, append.bucket}, std::move(append.entries),
                append.expire_at_unix_ms, undos);
  }
  undos.emplace_back([this, before = mark_] { mark_ = before; });
  mark_ = request.next;
  remember(std::move(undos));
  return FlushOutcome::done;
}

template <typename Key>
void MemoryJournal::replace(std::map<Key, std::string>& values, const Key& key,
                            std::optional<std::string> value, std::vector<Undo>& undos) {
  const auto found = values.find(key);
  if (found == values.end()) {
    undos.emplace_back([&values, key] { values.erase(key); });
  } else {
    undos.emplace_back([&values, key, before = found->second] { values[key] = before; });
  }
  if (value) {
    values[key] = *std::move(value);
  } else {
    values.erase(key);
  }
}

template <typename Key>
void MemoryJournal::append_kept(std::map<Key, Kept>& values, const Key& key, std::string bytes,
                                std::int64_t expire_at_unix_ms, std::vector<Undo>& undos) {
  if (read_kept(values, key).empty()) values.erase(key);
  const auto found = values.find(key);
  if (found == values.end()) {
    values[key] = {.bytes = std::move(bytes), .expire_at_unix_ms = expire_at_unix_ms};
    undos.emplace_back([&values, key] { values.erase(key); });
    return;
  }
  Kept& kept = found->second;
  undos.emplace_back([&values, key, size = kept.bytes.size(), expire_at = kept.expire_at_unix_ms] {
    values[key].bytes.resize(size);
    values[key].expire_at_unix_ms = expire_at;
  });
  kept.bytes += bytes;
  // 0 is for ever, so it is the longest of all.
  const bool for_ever = kept.expire_at_unix_ms == 0 || expire_at_unix_ms == 0;
  kept.expire_at_unix_ms = for_ever ? 0 : std::max(kept.expire_at_unix_ms, expire_at_unix_ms);
}

template <typename Key>
std::string MemoryJournal::read_kept(const std::map<Key, Kept>& values, const Key& key) const {
  const auto found = values.find(key);
  if (found == values.end()) return {};
  const auto expire_at = found->second.expire_at_unix_ms;
  if (expire_at != 0 && expire_at <= clock_()) return {};
  return found->second.bytes;
}

// ---- reads

void MemoryJournal::read_mark(LedgerCallback<Mark> done) {
  answer<Mark>(done, [&] { return mark_; });
}

void MemoryJournal::read_log(domain::Position after, std::uint32_t entries_max,
                             LedgerCallback<std::vector<LogEntry>> done) {
  answer<std::vector<LogEntry>>(done, [&] {
    const auto first = std::ranges::upper_bound(log_, after, {}, &LogEntry::last);
    const auto count = std::min<std::ptrdiff_t>(log_.end() - first, entries_max);
    return std::vector<LogEntry>(first, first + count);
  });
}

void MemoryJournal::read_snapshot(domain::MemberKey member,
                                  LedgerCallback<std::optional<std::string>> done) {
  answer<std::optional<std::string>>(done, [&]() -> std::optional<std::string> {
    const auto found = snapshots_.find(member);
    if (found == snapshots_.end()) return std::nullopt;
    return found->second;
  });
}

void MemoryJournal::read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                                 LedgerCallback<std::vector<std::string>> done) {
  answer<std::vector<std::string>>(done, [&] {
    std::vector<std::string> values;
    for (const auto month : months) {
      values.push_back(read_kept(history_, HistoryKey{member, month}));
    }
    return values;
  });
}

void MemoryJournal::read_book_months(LedgerCallback<std::vector<std::int32_t>> done) {
  answer<std::vector<std::int32_t>>(
      done, [&] { return std::vector<std::int32_t>(book_months_.begin(), book_months_.end()); });
}

void MemoryJournal::read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                              LedgerCallback<std::vector<std::string>> done) {
  answer<std::vector<std::string>>(done, [&] {
    std::vector<std::string> buckets;
    for (std::uint32_t i = 0; i < count; ++i) {
      buckets.push_back(read_kept(book_, BookKey{month, first + i}));
    }
    return buckets;
  });
}

void MemoryJournal::read_identity(domain::IdentityKey identity,
                                  LedgerCallback<std::optional<std::string>> done) {
  answer<std::optional<std::string>>(done, [&]() -> std::optional<std::string> {
    const auto found = identities_.find(identity);
    if (found == identities_.end()) return std::nullopt;
    return found->second;
  });
}

void MemoryJournal::scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                                   LedgerCallback<ScanPage> done) {
  answer<ScanPage>(done, [&] {
    ScanPage page;
    auto next = snapshots_.lower_bound({.value = cursor});
    for (; next != snapshots_.end() && page.members.size() < std::max(count_hint, 1U); ++next) {
      page.members.push_back(next->first);
    }
    // A member's key begins the next page, unless it is 0, which only a first page can hold.
    page.next_cursor = next == snapshots_.end() ? 0 : next->first.value;
    return page;
  });
}

void MemoryJournal::snapshots_from(domain::MemberKey first, std::size_t count, std::uint32_t bytes,
                                   std::vector<SnapshotPage::Beginning>& found) const {
  const std::lock_guard lock(mutex_);
  for (auto next = snapshots_.lower_bound(first); next != snapshots_.end() && count > 0; --count) {
    found.push_back({.member = next->first, .bytes = next->second.substr(0, bytes)});
    ++next;
  }
}

void MemoryJournal::read_log_size(LedgerCallback<LogSize> done) {
  answer<LogSize>(done, [&] {
    return LogSize{.entries = static_cast<std::int64_t>(log_.size()), .bytes = log_bytes_};
  });
}

void MemoryJournal::note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) {
  answer<std::int64_t>(done, [&] {
    if (!swept.only_first || !swept_) swept_ = swept.from_unix_ms;
    return *swept_;
  });
}

// ---- lease

Lease MemoryJournal::lease_locked() const {
  return {.owner = lease_owner_,
          .remaining_ms = std::max<std::int64_t>(0, lease_until_ms_ - clock_()),
          .renewal = lease_renewals_};
}

void MemoryJournal::renew_lease(std::string owner, std::int64_t ttl_ms,
                                LedgerCallback<Lease> done) {
  answer<Lease>(done, [&] {
    if (lease_owner_ == owner || lease_locked().remaining_ms == 0) {
      lease_owner_ = std::move(owner);
      lease_until_ms_ = clock_() + ttl_ms;
      lease_renewals_ += 1;
    }
    return lease_locked();
  });
}

void MemoryJournal::read_lease(LedgerCallback<Lease> done) {
  answer<Lease>(done, [&] { return lease_locked(); });
}

void MemoryJournal::release_lease(std::string owner, LedgerCallback<Lease> done) {
  answer<Lease>(done, [&] {
    if (lease_owner_ == owner) {
      lease_owner_.clear();
      lease_until_ms_ = 0;
    }
    return lease_locked();
  });
}

// ---- bad days

void MemoryJournal::remember(std::vector<Undo> undos) {
  writes_.push_back(std::move(undos));
  if (writes_.size() > writes_remembered_max) writes_.pop_front();
}

void MemoryJournal::undo_last(std::size_t writes) {
  const std::lock_guard lock(mutex_);
  for (; writes > 0 && !writes_.empty(); --writes) {
    auto& undos = writes_.back();
    for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) (*undo)();
    writes_.pop_back();
  }
}

void MemoryJournal::remove_head() {
  const std::lock_guard lock(mutex_);
  head_.reset();
}

}  // namespace wutong::persistence
