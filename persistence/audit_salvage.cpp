#include "persistence/audit_salvage.h"

#include <map>
#include <set>
#include <utility>
#include <variant>

#include "persistence/audit_points.h"
#include "persistence/audit_reader.h"
#include "persistence/ledger_text.h"
#include "persistence/text.h"

namespace wutong::persistence {
namespace {

using domain::Position;
using OrderId = std::pair<std::uint64_t, std::uint32_t>;

/// How a head of a file stands to the log.
enum class Standing : std::uint8_t {
  there = 1,  ///< an entry of the same take-over ends there
  lost = 2,   ///< the ledger has nothing of that take-over, or not so far
  other = 3,  ///< the same take-over went on, by other entries
};

/// What of a shard's log a file is held against.
struct Branch {
  struct Epoch {
    std::string writer;
    Position last;
  };
  std::map<std::uint64_t, Epoch> epochs;
  /// The entries that end where one of the file's does.
  std::map<Position, std::string> entries;
  std::map<OrderId, Position> records;

  [[nodiscard]] Standing standing(const Head& head) const {
    if (head.position == Position{}) return Standing::there;
    const auto epoch = epochs.find(head.position.epoch);
    if (epoch == epochs.end() || epoch->second.writer != head.writer) return Standing::lost;
    if (epoch->second.last < head.position) return Standing::lost;
    return entries.contains(head.position) ? Standing::there : Standing::other;
  }
};

const domain::Event* event_in(const LogEvent& event) {
  const auto* of_member = std::get_if<MemberEvent>(&event);
  return of_member == nullptr ? nullptr : &of_member->event;
}

/// Nothing of an event that is no record.
std::optional<OrderId> record_id(const LogEvent& event) {
  const auto* of_member = event_in(event);
  const auto filed = of_member == nullptr ? std::nullopt : domain::filed_under(*of_member);
  if (!filed) return std::nullopt;
  return OrderId{filed->key.high, filed->key.low};
}

std::string name_of(const LogEvent& event) {
  struct Namer {
    std::string operator()(const domain::Enrolled&) const { return "enrolment"; }
    std::string operator()(const domain::CheckedOut& of) const {
      return join_text("checkout of order ", of.order_id);
    }
    std::string operator()(const domain::Refunded& of) const {
      return join_text("refund ", of.refund_id, " of order ", of.order_id);
    }
    std::string operator()(const domain::TimePassed&) const { return "expiry or lapse of points"; }
    std::string operator()(const domain::Held& of) const { return join_text("hold ", of.hold_id); }
    std::string operator()(const domain::Released& of) const {
      return join_text("release of hold ", of.hold_id);
    }
    std::string operator()(const domain::Granted& of) const {
      return join_text("grant ", of.grant_id);
    }
    std::string operator()(const domain::GrantRevoked& of) const {
      return join_text("revocation ", of.revocation_id, " of grant ", of.grant_id);
    }
    std::string operator()(const domain::Declined& of) const {
      const bool refund = std::holds_alternative<domain::RefundContent>(of.content);
      return join_text("decline of ", refund ? "refund " : "order ", of.id);
    }
    std::string operator()(const domain::Reviewed&) const { return "review of an award"; }
    std::string operator()(const domain::TierGiven&) const { return "tier by hand"; }
    std::string operator()(const domain::IdentityLinked&) const { return "link of an identity"; }
    std::string operator()(const domain::IdentityUnlinked&) const {
      return "end of an identity's link";
    }
    std::string operator()(const IdentityClaimed&) const { return "claim of an identity"; }
    std::string operator()(const IdentityFreed&) const { return "end of an identity's claim"; }
    std::string operator()(const MemberEvent& of) const { return std::visit(*this, of.event); }
    std::string operator()(const OrderSettled&) const { return "claim of an order"; }
    std::string operator()(const OrderFreed&) const { return "end of an order's claim"; }
    std::string operator()(const Taken&) const { return "take-over"; }
  };
  return std::visit(Namer{}, event);
}

domain::MemberKey member_of(const LogEvent& event) {
  if (const auto* of_member = std::get_if<MemberEvent>(&event)) return of_member->member;
  if (const auto* settled = std::get_if<OrderSettled>(&event)) return settled->member;
  if (const auto* freed = std::get_if<OrderFreed>(&event)) return freed->member;
  if (const auto* claimed = std::get_if<IdentityClaimed>(&event)) return claimed->member;
  if (const auto* freed = std::get_if<IdentityFreed>(&event)) return freed->member;
  return {};
}

class Comparison {
 public:
  Comparison(Ledger& ledger, const Codec& codec, const AuditOptions& options)
      : reader_(ledger, options.attempts_max), codec_(codec), options_(options) {}

  tl::expected<SalvageReport, LedgerError> run(const std::vector<SalvageFile>& files) {
    for (const auto& file : files) {
      for (const auto& batch : file.salvage.batches) {
        kept_.insert({file.salvage.shard, head_text(batch.next)});
      }
    }
    for (const auto& file : files) {
      auto fault = compare(file);
      if (reader_.error()) return tl::unexpected(*reader_.error());
      if (!fault) continue;
      report_.misfit = join_text(file.name, ": ", *fault);
      break;
    }
    return std::move(report_);
  }

 private:
  Fault compare(const SalvageFile& file) {
    const auto& info = reader_.info();
    const auto& salvage = file.salvage;
    if (salvage.ledger_id != info.id) return join_text("it is of the ledger ", salvage.ledger_id);
    if (salvage.shard >= info.shards) return "it is of a shard that the ledger does not have";
    const auto branch = read_branch(salvage);
    if (!branch) return std::nullopt;
    const auto& begin = salvage.batches.front().expected;
    switch (branch->standing(begin)) {
      case Standing::there:
        break;
      case Standing::lost:
        if (!kept_.contains({salvage.shard, head_text(begin)})) {
          report_.gaps.push_back({salvage.shard, begin.position});
        }
        break;
      case Standing::other:
        return no_entry_at(begin);
    }
    for (const auto& batch : salvage.batches) {
      if (auto fault = compare(file, batch, *branch)) return fault;
    }
    return std::nullopt;
  }

  static Fault no_entry_at(const Head& head) {
    return join_text("the ledger has that take-over, and no entry that ends at ",
                     position_text(head.position));
  }

  Fault compare(const SalvageFile& file, const SalvagedBatch& batch, const Branch& branch) {
    const auto events = codec_.events_of(batch.batch);
    if (!events) return join_text("a batch cannot be read: ", events.error().detail);
    if (auto fault = check_events(batch, *events)) return fault;
    ++report_.batches;
    report_.events += events->size();
    switch (branch.standing(batch.next)) {
      case Standing::there:
        if (branch.entries.at(batch.next.position) == batch.batch) return std::nullopt;
        return join_text("the ledger has another entry at ", position_text(batch.next.position));
      case Standing::other:
        return no_entry_at(batch.next);
      case Standing::lost:
        break;
    }
    if (!told_.insert({file.salvage.shard, head_text(batch.next)}).second) return std::nullopt;
    for (const auto& event : *events) {
      if (auto fault = tell(file, event, branch)) return fault;
    }
    return std::nullopt;
  }

  Fault check_events(const SalvagedBatch& batch, const std::vector<LogEvent>& events) const {
    if (events.empty()) return "a batch without events";
    auto last = batch.expected.position;
    for (const auto& event : events) {
      if (!follows(last, event)) return "its events do not follow one another";
      const auto* taken = std::get_if<Taken>(&event);
      if (taken != nullptr && taken->writer != batch.next.writer) {
        return "a take-over by another than its head tells";
      }
      last = position_of(event);
    }
    if (last != batch.next.position) return "a batch ends at another event than its head tells";
    return std::nullopt;
  }

  Fault tell(const SalvageFile& file, const LogEvent& event, const Branch& branch) {
    LostEvent lost{.file = file.name,
                   .shard = file.salvage.shard,
                   .position = position_of(event),
                   .member = member_of(event),
                   .what = name_of(event)};
    const auto* of_member = event_in(event);
    if (const auto* effects = of_member == nullptr ? nullptr : domain::effects_of(*of_member)) {
      if (!is_bounded(*effects)) return "more points than any member can have";
      if (auto fault = post(*effects, report_.points, postings_)) return fault;
      bool summed = true;
      for (const auto& movement : effects->movements) {
        summed = summed && add(lost.points.count, movement.points.count);
      }
      if (!summed || !add(report_.points.in_lots, lost.points.count)) return "sums overflow";
    }
    if (const auto id = record_id(event)) {
      report_.orders += std::holds_alternative<domain::CheckedOut>(*of_member) ? 1 : 0;
      report_.refunds += std::holds_alternative<domain::Refunded>(*of_member) ? 1 : 0;
      const auto again = branch.records.find(*id);
      if (again != branch.records.end()) lost.again = again->second;
    }
    report_.lost.push_back(std::move(lost));
    return std::nullopt;
  }

  /// From the take-over that the file begins in up to the head. Nothing: the ledger did not answer.
  std::optional<Branch> read_branch(const Salvage& salvage) {
    Branch branch;
    std::set<Position> ends{salvage.batches.front().expected.position};
    for (const auto& batch : salvage.batches) ends.insert(batch.next.position);
    const auto head = reader_.head(salvage.shard);
    if (!head) return std::nullopt;
    Position last{.epoch = salvage.batches.front().expected.position.epoch, .sequence = 0};
    while (last < head->position) {
      auto entries = reader_.log(salvage.shard, last, options_.entries_per_page);
      if (!entries) return std::nullopt;
      // That the log ends before its head is for the audit itself to tell.
      if (entries->empty()) break;
      for (auto& entry : *entries) {
        last = entry.last;
        if (last > head->position) break;
        take(entry, branch);
        if (ends.contains(last)) branch.entries[last] = std::move(entry.batch);
      }
    }
    return branch;
  }

  void take(const LogEntry& entry, Branch& branch) const {
    const auto events = codec_.events_of(entry.batch);
    if (!events) return;
    for (const auto& event : *events) {
      const auto position = position_of(event);
      auto& epoch = branch.epochs[position.epoch];
      epoch.last = position;
      if (const auto* taken = std::get_if<Taken>(&event)) epoch.writer = taken->writer;
      if (const auto id = record_id(event)) branch.records[*id] = position;
    }
  }

  AuditReader reader_;
  const Codec& codec_;
  const AuditOptions& options_;
  SalvageReport report_;
  std::map<std::string, std::int64_t> postings_;
  /// Shard and head of every batch of the files, and of those that were told as lost.
  std::set<std::pair<std::uint32_t, std::string>> kept_;
  std::set<std::pair<std::uint32_t, std::string>> told_;
};

}  // namespace

tl::expected<SalvageReport, LedgerError> compare_salvage(Ledger& ledger, const Codec& codec,
                                                         const std::vector<SalvageFile>& files,
                                                         const AuditOptions& options) {
  return Comparison(ledger, codec, options).run(files);
}

}  // namespace wutong::persistence
