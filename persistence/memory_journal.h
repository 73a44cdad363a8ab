#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/ledger.h"
#include "persistence/memory_ledger.h"

namespace wutong::persistence {

/// One shard of the twin. Private to `memory_ledger.cpp`; every call locks, and answers unlocked.
class MemoryJournal final : public Journal {
 public:
  /// Both outlive the journal.
  MemoryJournal(const MemoryLedger::Clock& clock, const std::atomic<std::uint64_t>& generation);

  void append(AppendRequest request, LedgerCallback<AppendReply> done) override;
  void flush(FlushRequest request, LedgerCallback<FlushOutcome> done) override;
  void read_head(LedgerCallback<AppendReply> done) override;
  void read_mark(LedgerCallback<Mark> done) override;
  void read_log(domain::Position after, std::uint32_t entries_max,
                LedgerCallback<std::vector<LogEntry>> done) override;
  void read_snapshot(domain::MemberKey member,
                     LedgerCallback<std::optional<std::string>> done) override;
  void read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                    LedgerCallback<std::vector<std::string>> done) override;
  void read_book_months(LedgerCallback<std::vector<std::int32_t>> done) override;
  void read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                 LedgerCallback<std::vector<std::string>> done) override;
  void read_identity(domain::IdentityKey identity,
                     LedgerCallback<std::optional<std::string>> done) override;
  void note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) override;
  void renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) override;
  void read_lease(LedgerCallback<Lease> done) override;
  void release_lease(std::string owner, LedgerCallback<Lease> done) override;
  void scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                      LedgerCallback<ScanPage> done) override;
  void read_log_size(LedgerCallback<LogSize> done) override;
  [[nodiscard]] std::uint64_t reads_generation() const override { return generation_.load(); }

  /// Appends the first `bytes` of the first `count` snapshots from member `first` on.
  void snapshots_from(domain::MemberKey first, std::size_t count, std::uint32_t bytes,
                      std::vector<SnapshotPage::Beginning>& found) const;

  void undo_last(std::size_t writes);
  void remove_head();

 private:
  /// Bytes that go as a whole; 0: never.
  struct Kept {
    std::string bytes;
    std::int64_t expire_at_unix_ms = 0;
  };
  using HistoryKey = std::pair<domain::MemberKey, std::int32_t>;
  using BookKey = std::pair<std::int32_t, std::uint32_t>;
  using Undo = std::function<void()>;

  // All REQUIRE: mutex_ is held.
  [[nodiscard]] LedgerResult<AppendReply> append_locked(AppendRequest request);
  [[nodiscard]] LedgerResult<FlushOutcome> flush_locked(FlushRequest request);
  [[nodiscard]] LedgerResult<AppendReply> head_locked() const;
  [[nodiscard]] Lease lease_locked() const;
  /// The key's value becomes `value`; nothing takes the key out.
  template <typename Key>
  static void replace(std::map<Key, std::string>& values, const Key& key,
                      std::optional<std::string> value, std::vector<Undo>& undos);
  template <typename Key>
  [[nodiscard]] std::string read_kept(const std::map<Key, Kept>& values, const Key& key) const;
  template <typename Key>
  void append_kept(std::map<Key, Kept>& values, const Key& key, std::string bytes,
                   std::int64_t expire_at_unix_ms, std::vector<Undo>& undos);
  void remember(std::vector<Undo> undos);

  template <typename T, typename Compute>
  void answer(const LedgerCallback<T>& done, Compute compute);

  const MemoryLedger::Clock& clock_;
  const std::atomic<std::uint64_t>& generation_;

  mutable std::mutex mutex_;
  std::optional<Head> head_ = Head{.position = {}, .writer = "none"};
  Mark mark_;
  std::deque<LogEntry> log_;
  std::int64_t log_bytes_ = 0;
  std::map<domain::MemberKey, std::string> snapshots_;
  std::map<HistoryKey, Kept> history_;
  std::map<BookKey, Kept> book_;
  std::set<std::int32_t> book_months_;
  std::map<domain::IdentityKey, std::string> identities_;
  std::optional<std::int64_t> swept_;
  std::string lease_owner_;
  std::int64_t lease_until_ms_ = 0;
  std::int64_t lease_renewals_ = 0;
  /// Per write what takes it back, newest last.
  std::deque<std::vector<Undo>> writes_;
};

}  // namespace wutong::persistence
