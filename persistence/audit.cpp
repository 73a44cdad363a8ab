#include "persistence/audit.h"

#include <future>
#include <memory>
#include <utility>

#include "persistence/audit_replay.h"

namespace wutong::persistence {
namespace {

using domain::Position;

/// Reads the ledger, in an order that makes a live one comparable: marks, then snapshots, then heads,
/// then the logs up to those heads. So every claim and snapshot that a mark promises is there.
class Auditor {
 public:
  Auditor(Ledger& ledger, const Codec& codec, const AuditOptions& options)
      : ledger_(ledger), codec_(codec), options_(options) {}

  tl::expected<AuditReport, LedgerError> run() {
    report_.shards.resize(ledger_.info().shards);
    const bool read = each_shard(&Auditor::read_mark) && each_shard(&Auditor::read_snapshots) &&
                      each_shard(&Auditor::read_head) && each_shard(&Auditor::replay_log);
    if (error_) return tl::unexpected(*std::move(error_));
    if (read) report_.broken = replay_.finish();
    return std::move(report_);
  }

 private:
  /// Stops at the first that says no: the ledger did not answer, or is broken.
  bool each_shard(bool (Auditor::*step)(std::uint32_t)) {
    for (std::uint32_t shard = 0; shard < report_.shards.size(); ++shard) {
      if (!(this->*step)(shard)) return false;
    }
    return true;
  }

  /// Waits for the answer of `ask(callback)`; nothing once the ledger has failed for good.
  template <typename Value, typename Ask>
  std::optional<Value> answer_of(Ask ask) {
    for (int attempt = 1;; ++attempt) {
      auto promise = std::make_shared<std::promise<LedgerResult<Value>>>();
      auto future = promise->get_future();
      ask([promise](LedgerResult<Value> result) { promise->set_value(std::move(result)); });
      auto result = future.get();
      if (result) return *std::move(result);
      if (result.error().fault == LedgerFault::broken || attempt >= options_.attempts_max) {
        error_ = std::move(result).error();
        return std::nullopt;
      }
    }
  }

  bool broken(std::uint32_t shard, Position position, std::string what,
              domain::MemberKey member = {}) {
    report_.broken = AuditBreak{shard, position, member, std::move(what)};
    return false;
  }

  bool read_mark(std::uint32_t shard) {
    auto mark = answer_of<Mark>(
        [&](LedgerCallback<Mark> done) { ledger_.journal(shard).read_mark(std::move(done)); });
    if (!mark) return false;
    report_.shards[shard].mark = *mark;
    return true;
  }

  bool read_snapshots(std::uint32_t shard) {
    auto& journal = ledger_.journal(shard);
    std::uint64_t cursor = 0;
    do {
      auto page = answer_of<Journal::ScanPage>([&](LedgerCallback<Journal::ScanPage> done) {
        journal.scan_snapshots(cursor, 1'000, std::move(done));
      });
      if (!page) return false;
      for (const auto member : page->members) {
        if (!read_snapshot(shard, member)) return false;
      }
      cursor = page->next_cursor;
    } while (cursor != 0);
    return true;
  }

  bool read_snapshot(std::uint32_t shard, domain::MemberKey member) {
    using Bytes = std::optional<std::string>;
    const auto bytes = answer_of<Bytes>([&](LedgerCallback<Bytes> done) {
      ledger_.journal(shard).read_snapshot(member, std::move(done));
    });
    if (!bytes) return false;
    if (!*bytes) return true;
    auto snapshot = codec_.snapshot_of(**bytes);
    if (!snapshot) {
      return broken(shard, {}, "a snapshot cannot be read: " + snapshot.error().detail, member);
    }
    if ((member.value & (report_.shards.size() - 1)) != shard) {
      return broken(shard, snapshot->member.position, "a snapshot of another shard", member);
    }
    replay_.expect(member, *std::move(snapshot));
    return true;
  }

  bool read_head(std::uint32_t shard) {
    const auto read = answer_of<AppendReply>([&](LedgerCallback<AppendReply> done) {
      ledger_.journal(shard).read_head(std::move(done));
    });
    if (!read) return false;
    auto& standing = report_.shards[shard];
    standing.head = read->head;
    if (standing.head.position < standing.mark.position) {
      return broken(shard, standing.mark.position, "the mark is ahead of the head");
    }
    return true;
  }

  bool replay_log(std::uint32_t shard) {
    const auto head = report_.shards[shard].head.position;
    Position last;
    while (last < head) {
      using Entries = std::vector<LogEntry>;
      const auto entries = answer_of<Entries>([&](LedgerCallback<Entries> done) {
        ledger_.journal(shard).read_log(last, options_.entries_per_page, std::move(done));
      });
      if (!entries) return false;
      if (entries->empty()) return broken(shard, last, "the log ends before its head");
      for (const auto& entry : *entries) {
        if (entry.last > head) break;
        if (!replay_entry(shard, entry, last)) return false;
        last = entry.last;
      }
      if (!entries->empty() && entries->front().last > head) {
        return broken(shard, head, "the head's own entry is not in the log");
      }
    }
    return true;
  }

  bool replay_entry(std::uint32_t shard, const LogEntry& entry, Position last) {
    const auto events = codec_.events_of(entry.batch);
    if (!events) {
      return broken(shard, entry.last, "an entry cannot be read: " + events.error().detail);
    }
    for (const auto& event : *events) {
      const auto position = position_of(event);
      if (!follows(last, position, event)) {
        return broken(shard, position,
                      "an event does not follow the one before: events are missing");
      }
      if (auto fault = replay_.take(shard, event)) {
        const auto* of_member = std::get_if<MemberEvent>(&event);
        return broken(shard, position, *std::move(fault),
                      of_member == nullptr ? domain::MemberKey{} : of_member->member);
      }
      last = position;
      ++report_.shards[shard].events;
    }
    if (last != entry.last) return broken(shard, entry.last, "an entry ends at another event");
    ++report_.shards[shard].entries;
    return true;
  }

  static Position position_of(const LogEvent& event) {
    if (const auto* of_member = std::get_if<MemberEvent>(&event)) {
      return domain::header_of(of_member->event).position;
    }
    if (const auto* settled = std::get_if<OrderSettled>(&event)) return settled->header.position;
    if (const auto* freed = std::get_if<OrderFreed>(&event)) return freed->header.position;
    return std::get<Taken>(event).header.position;
  }

  /// The next number of the same epoch, or the take-over that opens a higher one.
  static bool follows(Position last, Position next, const LogEvent& event) {
    if (next.epoch == last.epoch) return next.sequence == last.sequence + 1;
    return next.epoch > last.epoch && std::holds_alternative<Taken>(event);
  }

  Ledger& ledger_;
  const Codec& codec_;
  const AuditOptions& options_;
  AuditReport report_;
  AuditReplay replay_{codec_, ledger_.info(), report_};
  std::optional<LedgerError> error_;
};

}  // namespace

tl::expected<AuditReport, LedgerError> audit(Ledger& ledger, const Codec& codec,
                                             const AuditOptions& options) {
  return Auditor(ledger, codec, options).run();
}

}  // namespace wutong::persistence
