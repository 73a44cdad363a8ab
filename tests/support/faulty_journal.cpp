#include "tests/support/faulty_journal.h"

#include <optional>
#include <string>
#include <utility>

namespace wutong::test {

namespace {

constexpr std::uint32_t ten_thousand = 10'000;

tl::unexpected<LedgerError> unknown(const char* detail) {
  return tl::unexpected(LedgerError{.fault = LedgerFault::unknown, .detail = detail});
}

template <typename T>
void drop(LedgerResult<T> /*answer*/) {}

}  // namespace

/// One shard's.
class FaultyJournal final : public Journal {
 public:
  FaultyJournal(FaultyLedger& ledger, std::uint32_t shard)
      : ledger_(ledger), inner_(ledger.inner_.journal(shard)), lane_(std::size_t{2} * shard) {}

  void append(AppendRequest request, LedgerCallback<AppendReply> done) override {
    write<AppendReply>(
        append_lane(),
        [this, request = std::move(request)](auto answer) {
          inner_.append(request, std::move(answer));
        },
        std::move(done));
  }
  void flush(FlushRequest request, LedgerCallback<FlushOutcome> done) override {
    write<FlushOutcome>(
        side_lane(),
        [this, request = std::move(request)](auto answer) {
          inner_.flush(request, std::move(answer));
        },
        std::move(done));
  }
  void read_head(LedgerCallback<AppendReply> done) override {
    read<AppendReply>(
        append_lane(), [this](auto answer) { inner_.read_head(std::move(answer)); },
        std::move(done));
  }
  void read_mark(LedgerCallback<Mark> done) override {
    read<Mark>(
        side_lane(), [this](auto answer) { inner_.read_mark(std::move(answer)); }, std::move(done));
  }
  void read_log(domain::Position after, std::uint32_t entries_max,
                LedgerCallback<std::vector<LogEntry>> done) override {
    read<std::vector<LogEntry>>(
        side_lane(),
        [this, after, entries_max](auto answer) {
          inner_.read_log(after, entries_max, std::move(answer));
        },
        std::move(done));
  }
  void read_snapshot(domain::MemberKey member,
                     LedgerCallback<std::optional<std::string>> done) override {
    read<std::optional<std::string>>(
        side_lane(),
        [this, member](auto answer) { inner_.read_snapshot(member, std::move(answer)); },
        std::move(done));
  }
  void read_history(domain::MemberKey member, std::vector<std::int32_t> months,
                    LedgerCallback<std::vector<std::string>> done) override {
    read<std::vector<std::string>>(
        side_lane(),
        [this, member, months](auto answer) {
          inner_.read_history(member, months, std::move(answer));
        },
        std::move(done));
  }
  void read_book_months(LedgerCallback<std::vector<std::int32_t>> done) override {
    read<std::vector<std::int32_t>>(
        side_lane(), [this](auto answer) { inner_.read_book_months(std::move(answer)); },
        std::move(done));
  }
  void read_book(std::int32_t month, std::uint32_t first, std::uint32_t count,
                 LedgerCallback<std::vector<std::string>> done) override {
    read<std::vector<std::string>>(
        side_lane(),
        [this, month, first, count](auto answer) {
          inner_.read_book(month, first, count, std::move(answer));
        },
        std::move(done));
  }
  void read_identity(domain::IdentityKey identity,
                     LedgerCallback<std::optional<std::string>> done) override {
    read<std::optional<std::string>>(
        side_lane(),
        [this, identity](auto answer) { inner_.read_identity(identity, std::move(answer)); },
        std::move(done));
  }
  void note_swept(SweptNote swept, LedgerCallback<std::int64_t> done) override {
    read<std::int64_t>(
        side_lane(), [this, swept](auto answer) { inner_.note_swept(swept, std::move(answer)); },
        std::move(done));
  }
  void renew_lease(std::string owner, std::int64_t ttl_ms, LedgerCallback<Lease> done) override {
    read<Lease>(
        side_lane(),
        [this, owner, ttl_ms](auto answer) {
          inner_.renew_lease(owner, ttl_ms, std::move(answer));
        },
        std::move(done));
  }
  void read_lease(LedgerCallback<Lease> done) override {
    read<Lease>(
        side_lane(), [this](auto answer) { inner_.read_lease(std::move(answer)); },
        std::move(done));
  }
  void release_lease(std::string owner, LedgerCallback<Lease> done) override {
    read<Lease>(
        side_lane(), [this, owner](auto answer) { inner_.release_lease(owner, std::move(answer)); },
        std::move(done));
  }
  void scan_snapshots(std::uint64_t cursor, std::uint32_t count_hint,
                      LedgerCallback<ScanPage> done) override {
    read<ScanPage>(
        side_lane(),
        [this, cursor, count_hint](auto answer) {
          inner_.scan_snapshots(cursor, count_hint, std::move(answer));
        },
        std::move(done));
  }
  void read_log_size(LedgerCallback<LogSize> done) override {
    read<LogSize>(
        append_lane(), [this](auto answer) { inner_.read_log_size(std::move(answer)); },
        std::move(done));
  }
  [[nodiscard]] std::uint64_t reads_generation() const override {
    return inner_.reads_generation();
  }

  template <typename T>
  static void enqueue(FaultyLedger::Lane& lane, bool fails,
                      std::function<void(LedgerCallback<T>)> call, LedgerCallback<T> done) {
    auto result = std::make_shared<LedgerResult<T>>(unknown("not done"));
    lane.push_back({.run =
                        [result, fails, call = std::move(call)] {
                          if (fails) return;
                          call([result](LedgerResult<T> answer) { *result = std::move(answer); });
                        },
                    .answer = [result, done = std::move(done)] { done(std::move(*result)); }});
  }

 private:
  using Fate = FaultyLedger::Fate;

  FaultyLedger::Lane& append_lane() { return ledger_.lanes_[lane_]; }
  FaultyLedger::Lane& side_lane() { return ledger_.lanes_[lane_ + 1]; }

  template <typename T>
  void read(FaultyLedger::Lane& lane, std::function<void(LedgerCallback<T>)> call,
            LedgerCallback<T> done) {
    enqueue<T>(lane, ledger_.draw_failed_read(), std::move(call), std::move(done));
  }

  template <typename T>
  void write(FaultyLedger::Lane& lane, std::function<void(LedgerCallback<T>)> call,
             LedgerCallback<T> done) {
    const Fate fate = ledger_.draw_fate();
    auto result = std::make_shared<LedgerResult<T>>(unknown("answer lost"));
    const auto later = [&ledger = ledger_, call] {
      ledger.stale_.emplace_back([call] { call(drop<T>); });
    };
    auto run = [result, fate, call, later] {
      switch (fate) {
        case Fate::good:
          return call([result](LedgerResult<T> answer) { *result = std::move(answer); });
        case Fate::lost_before:
          return;
        case Fate::lost_after:
          return call(drop<T>);
        case Fate::late:
          return later();
        case Fate::repeated:
          call([result](LedgerResult<T> answer) { *result = std::move(answer); });
          return later();
      }
    };
    lane.push_back({.run = std::move(run),
                    .answer = [result, done = std::move(done)] { done(std::move(*result)); }});
  }

  FaultyLedger& ledger_;
  Journal& inner_;
  const std::size_t lane_;
};

FaultyLedger::FaultyLedger(Ledger& inner, FaultRates rates, std::uint64_t seed)
    : inner_(inner), rates_(rates), rng_(seed), lanes_(std::size_t{2} * inner.info().shards + 2) {
  for (std::uint32_t shard = 0; shard < inner.info().shards; ++shard) {
    journals_.push_back(std::make_unique<FaultyJournal>(*this, shard));
  }
}

FaultyLedger::~FaultyLedger() = default;

Journal& FaultyLedger::journal(std::uint32_t shard) { return *journals_[shard]; }

void FaultyLedger::read_clock(LedgerCallback<std::int64_t> done) {
  FaultyJournal::enqueue<std::int64_t>(
      lanes_[lanes_.size() - 2], draw_failed_read(),
      [this](LedgerCallback<std::int64_t> answer) { inner_.read_clock(std::move(answer)); },
      std::move(done));
}

void FaultyLedger::walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint,
                                  std::uint32_t bytes, LedgerCallback<SnapshotPage> done) {
  FaultyJournal::enqueue<SnapshotPage>(
      lanes_.back(), draw_failed_read(),
      [this, cursor, keys_hint, bytes](LedgerCallback<SnapshotPage> answer) {
        inner_.walk_snapshots(cursor, keys_hint, bytes, std::move(answer));
      },
      std::move(done));
}

void FaultyLedger::step_of(Lane& lane, std::mt19937_64& rng) {
  Call* next_to_run = nullptr;
  for (auto& call : lane) {
    if (!call.has_run) {
      next_to_run = &call;
      break;
    }
  }
  const bool may_answer = lane.front().has_run;
  const bool run = next_to_run != nullptr && (!may_answer || rng() % 2 == 0);
  if (run) {
    next_to_run->has_run = true;
    next_to_run->run();
    return;
  }
  // Taken out first: the answer may call the journal again.
  Call call = std::move(lane.front());
  lane.pop_front();
  call.answer();
}

bool FaultyLedger::deliver_one(std::mt19937_64& rng) {
  std::vector<Lane*> busy;
  for (auto& lane : lanes_) {
    if (!lane.empty()) busy.push_back(&lane);
  }
  const std::size_t choices = busy.size() + (stale_.empty() ? 0 : 1);
  if (choices == 0) return false;
  const std::size_t choice = rng() % choices;
  if (choice < busy.size()) {
    step_of(*busy[choice], rng);
    return true;
  }

  const auto at = static_cast<std::ptrdiff_t>(rng() % stale_.size());
  const auto send = std::move(stale_[static_cast<std::size_t>(at)]);
  stale_.erase(stale_.begin() + at);
  send();
  return true;
}

void FaultyLedger::deliver_all(std::mt19937_64& rng) {
  while (deliver_one(rng)) {
  }
}

std::size_t FaultyLedger::waiting() const {
  std::size_t calls = 0;
  for (const auto& lane : lanes_) calls += lane.size();
  return calls;
}

bool FaultyLedger::draw(std::uint32_t rate) {
  if (rng_() % ten_thousand >= rate) return false;
  ++faults_;
  return true;
}

bool FaultyLedger::draw_failed_read() { return draw(rates_.failed_reads); }

FaultyLedger::Fate FaultyLedger::draw_fate() {
  if (draw(rates_.lost_before)) return Fate::lost_before;
  if (draw(rates_.lost_after)) return Fate::lost_after;
  if (draw(rates_.late)) return Fate::late;
  if (draw(rates_.repeated)) return Fate::repeated;
  return Fate::good;
}

}  // namespace wutong::test
