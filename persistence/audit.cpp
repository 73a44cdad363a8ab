#include "persistence/audit.h"

#include <algorithm>
#include <map>
#include <utility>

#include "persistence/audit_reader.h"
#include "persistence/audit_replay.h"

namespace wutong::persistence {
namespace {

using domain::Position;

/// Reads the ledger, in an order that makes a live one comparable: marks, then snapshots, then heads,
/// then the logs up to those heads. So every claim and snapshot that a mark promises is there.
class Auditor {
 public:
  Auditor(Ledger& ledger, const Codec& codec, const AuditOptions& options)
      : reader_(ledger, options.attempts_max), codec_(codec), options_(options) {}

  tl::expected<AuditReport, LedgerError> run() {
    report_.shards.resize(reader_.info().shards);
    const bool read = each_shard(&Auditor::read_mark) && each_shard(&Auditor::read_snapshots) &&
                      each_shard(&Auditor::read_head) && each_shard(&Auditor::replay_log) &&
                      each_shard(&Auditor::compare_directory);
    if (reader_.error()) return tl::unexpected(*reader_.error());
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

  bool broken(std::uint32_t shard, Position position, std::string what,
              domain::MemberKey member = {}) {
    report_.broken = AuditBreak{shard, position, member, std::move(what)};
    return false;
  }

  bool read_mark(std::uint32_t shard) {
    const auto mark = reader_.answer_of<Mark>(
        shard, [](Journal& journal, const auto& done) { journal.read_mark(done); });
    if (!mark) return false;
    report_.shards[shard].mark = *mark;
    return true;
  }

  bool read_snapshots(std::uint32_t shard) {
    std::uint64_t cursor = 0;
    do {
      const auto page = reader_.answer_of<Journal::ScanPage>(
          shard,
          [&](Journal& journal, const auto& done) { journal.scan_snapshots(cursor, 1'000, done); });
      if (!page) return false;
      for (const auto member : page->members) {
        if (!read_snapshot(shard, member)) return false;
      }
      cursor = page->next_cursor;
    } while (cursor != 0);
    return true;
  }

  bool read_snapshot(std::uint32_t shard, domain::MemberKey member) {
    const auto bytes = reader_.answer_of<std::optional<std::string>>(
        shard, [&](Journal& journal, const auto& done) { journal.read_snapshot(member, done); });
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
    auto head = reader_.head(shard);
    if (!head) return false;
    auto& standing = report_.shards[shard];
    standing.head = *std::move(head);
    if (standing.head.position < standing.mark.position) {
      return broken(shard, standing.mark.position, "the mark is ahead of the head");
    }
    return true;
  }

  bool replay_log(std::uint32_t shard) {
    const auto head = report_.shards[shard].head.position;
    Position last;
    while (last < head) {
      const auto entries = reader_.log(shard, last, options_.entries_per_page);
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
      if (!follows(last, event)) {
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

  /// What is stored of each identity is what the events give at or behind the mark.
  bool compare_directory(std::uint32_t shard) {
    auto& identities = replay_.identities();
    for (const auto identity : identities.identities_of(shard)) {
      const auto bytes = reader_.answer_of<std::optional<std::string>>(
          shard,
          [&](Journal& journal, const auto& done) { journal.read_identity(identity, done); });
      if (!bytes) return false;
      std::optional<domain::MemberKey> member;
      if (*bytes) {
        const auto claimant = codec_.claimant_of(**bytes);
        if (!claimant) return broken(shard, {}, "a claim cannot be read");
        member = *claimant;
      }
      if (identities.may_be_stored(identity, member)) continue;
      // A gateway may have gone on and flushed.
      if (!read_on(shard)) return false;
      if (identities.may_be_stored(identity, member)) continue;
      return broken(shard, identities.position_of(identity),
                    "the directory stores another claim than the events give");
    }
    return true;
  }

  /// The directory's events from behind the head.
  bool read_on(std::uint32_t shard) {
    auto& read_to = read_on_to_[shard];
    read_to = std::max(read_to, report_.shards[shard].head.position);
    for (;;) {
      const auto entries = reader_.log(shard, read_to, options_.entries_per_page);
      if (!entries) return false;
      if (entries->empty()) return true;
      for (const auto& entry : *entries) {
        const auto events = codec_.events_of(entry.batch);
        if (!events) return broken(shard, entry.last, "an entry cannot be read");
        for (const auto& event : *events) replay_.identities().take_later(event);
        read_to = entry.last;
      }
    }
  }

  AuditReader reader_;
  const Codec& codec_;
  const AuditOptions& options_;
  AuditReport report_;
  AuditReplay replay_{codec_, reader_.info(), report_};
  /// By shard.
  std::map<std::uint32_t, Position> read_on_to_;
};

}  // namespace

tl::expected<AuditReport, LedgerError> audit(Ledger& ledger, const Codec& codec,
                                             const AuditOptions& options) {
  return Auditor(ledger, codec, options).run();
}

}  // namespace wutong::persistence
