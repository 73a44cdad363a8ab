#include "load/measure/null_ledger.h"

#include <ctime>
#include <utility>

namespace wutong::bench {
namespace {

class NullJournal final : public Journal {
 public:
  void append(AppendRequest request, LedgerCallback<AppendReply> done) override {
    head_ = std::move(request.next);
    last_batch_ = std::move(request.batch);
    read_head(std::move(done));
  }
  void flush(FlushRequest request, LedgerCallback<FlushOutcome> done) override {
    mark_ = request.next;
    done(FlushOutcome::done);
  }
  void read_head(LedgerCallback<AppendReply> done) override {
    done(AppendReply{.head = head_, .server_generation = 1});
  }
  void read_mark(LedgerCallback<Mark> done) override { done(mark_); }
  /// The last entry only: a start finds its own.
  void read_log(domain::Position after, std::uint32_t,
                LedgerCallback<std::vector<LogEntry>> done) override {
    std::vector<LogEntry> entries;
    if (last_batch_ != nullptr && after < head_.position) {
      entries.push_back({.last = head_.position, .batch = *last_batch_});
    }
    done(std::move(entries));
  }
  void read_snapshot(domain::MemberKey, LedgerCallback<std::optional<std::string>> done) override {
    done(std::optional<std::string>());
  }
  void read_history(domain::MemberKey, std::vector<std::int32_t> months,
                    LedgerCallback<std::vector<std::string>> done) override {
    done(std::vector<std::string>(months.size()));
  }
  void read_book_months(LedgerCallback<std::vector<std::int32_t>> done) override {
    done(std::vector<std::int32_t>());
  }
  void read_book(std::int32_t, std::uint32_t, std::uint32_t count,
                 LedgerCallback<std::vector<std::string>> done) override {
    done(std::vector<std::string>(count));
  }
  void read_identity(domain::IdentityKey,
                     LedgerCallback<std::optional<std::string>> done) override {
    done(std::optional<std::string>());
  }
  void note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) override {
    done(swept.from_unix_ms);
  }
  void renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) override {
    lease_ = {.owner = std::move(owner), .remaining_ms = ttl_ms, .renewal = lease_.renewal + 1};
    done(lease_);
  }
  void read_lease(LedgerCallback<Lease> done) override { done(lease_); }
  void release_lease(std::string, LedgerCallback<Lease> done) override {
    lease_ = {};
    done(lease_);
  }
  void scan_snapshots(std::uint64_t, std::uint32_t, LedgerCallback<ScanPage> done) override {
    done(ScanPage());
  }
  void read_log_size(LedgerCallback<LogSize> done) override { done(LogSize()); }
  [[nodiscard]] std::uint64_t reads_generation() const override { return 1; }

 private:
  Head head_{.position = {}, .writer = "none"};
  std::shared_ptr<const std::string> last_batch_;
  Mark mark_;
  Lease lease_;
};

}  // namespace

NullLedger::NullLedger(LedgerInfo info) : info_(std::move(info)) {
  for (std::uint32_t shard = 0; shard < info_.shards; ++shard) {
    journals_.push_back(std::make_unique<NullJournal>());
  }
}

NullLedger::~NullLedger() = default;

Journal& NullLedger::journal(std::uint32_t shard) { return *journals_[shard]; }

void NullLedger::read_clock(LedgerCallback<std::int64_t> done) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  done(std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000);
}

void NullLedger::walk_snapshots(std::uint64_t, std::uint32_t, std::uint32_t,
                                LedgerCallback<SnapshotPage> done) {
  done(SnapshotPage{.server_generation = 1});
}

}  // namespace wutong::bench
