#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "actors/codec.h"
#include "actors/ledger.h"

/// The proof of G5 over a whole ledger: replays every member from the start of every shard's log.
namespace wutong::persistence {

/// The first event that breaks the proof, or what else does.
struct AuditBreak {
  std::uint32_t shard = 0;
  /// Of the event; of an identity that its member may not hold: of its link; of an order that is not its member's: of its checkout; else where reading stood.
  domain::Position position;
  /// 0 where no member is concerned.
  domain::MemberKey member;
  /// What is wrong, for an operator; names no person.
  std::string what;
};

/// Sums over all members up to the heads. Points issued = in lots + used - given back + expired +
/// clawed back + repaid.
struct AuditPoints {
  std::int64_t issued = 0;
  std::int64_t in_lots = 0;
  std::int64_t used = 0;
  std::int64_t given_back = 0;
  std::int64_t expired = 0;
  std::int64_t clawed_back = 0;
  /// Taken from lots to repay debts.
  std::int64_t repaid = 0;
  /// Owed by members: stands apart.
  std::int64_t debts = 0;
  /// Of what is in lots: set aside by holds.
  std::int64_t held = 0;
  /// Clawed back where nobody had it, and borne by who had funded it: stands apart.
  std::int64_t booked_losses = 0;
};

struct AuditShard {
  Head head;
  Mark mark;
  std::uint64_t entries = 0;
  std::uint64_t events = 0;
};

struct AuditReport {
  /// Nothing: the ledger holds. What is counted below then covers it whole, else up to the break.
  std::optional<AuditBreak> broken;

  std::vector<AuditShard> shards;
  std::uint64_t members = 0;
  std::uint64_t events = 0;
  std::uint64_t orders = 0;
  std::uint64_t refunds = 0;
  /// Orders that met another member's claim and were undone; not among the refunds.
  std::uint64_t reversals = 0;
  std::uint64_t takeovers = 0;
  /// Linked to members.
  std::uint64_t identities = 0;

  AuditPoints points;
  /// What the pool owes for all lots, and what each party owes the pool (negative: is owed), in 1/1000
  /// minor unit. The parties' sum is what the pool owes.
  std::int64_t pool_owes = 0;
  std::map<std::string, std::int64_t> postings;

  /// Snapshots, and records in them, that were compared with the replayed ones.
  std::uint64_t snapshots = 0;
  std::uint64_t records = 0;
  /// Checkouts behind their shard's mark whose claim is not settled yet: being answered right now, or
  /// settled again by the next owner. And identities linked there so lately that their claim stands behind
  /// what was read.
  std::uint64_t in_flight = 0;
  /// Settled orders whose checkout never landed. The next claim of the order moves them.
  std::uint64_t claims_without_checkout = 0;
  /// Claimed identities whose member does not hold them: not linked yet, unlinked, or never linked after
  /// a crash. The next claim of the identity moves them.
  std::uint64_t claims_without_link = 0;
};

struct AuditOptions {
  /// A page of the log, and with it about 80 KB an entry, is in memory at a time.
  std::uint32_t entries_per_page = 64;
  /// How often a read that answers `unknown` is sent before the audit gives up.
  int attempts_max = 5;
};

/// Audits `ledger` up to the heads that stand when it begins; gateways may go on writing meanwhile.
/// Blocks the caller on the ledger's answers, so never on a thread of the ledger or of a shard; beside
/// a gateway of the same process it needs a ledger opened for itself, since journals take calls of one
/// thread at a time. Keeps every member's state and about 100 bytes an order in memory. Writes nothing.
/// An error: the ledger did not answer.
[[nodiscard]] tl::expected<AuditReport, LedgerError> audit(Ledger& ledger, const Codec& codec,
                                                           const AuditOptions& options = {});

}  // namespace wutong::persistence
