#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/codec.h"
#include "actors/domain/event.h"
#include "actors/domain/member.h"
#include "actors/ledger.h"

namespace wutong::testing {

/// All that stands in a ledger's logs, decoded and replayed: the truth that every reply of a
/// simulation is held against. Reads the ledger directly, so that no fault can hide anything from it.
class JournalMirror {
 public:
  /// Both outlive it. The ledger answers before its calls return.
  JournalMirror(Ledger& ledger, const Codec& codec);

  /// Takes what was appended since.
  void sync();
  /// Begins anew: the ledger may have lost some.
  void reread();

  struct MemberTruth {
    domain::Member state;
    std::vector<domain::Event> events;
  };
  /// Nobody: a member without events.
  [[nodiscard]] const MemberTruth& member(domain::MemberKey key) const;
  /// The member as it was after the event at `position`; nothing if there is no such event of it.
  [[nodiscard]] std::optional<domain::Member> member_at(domain::MemberKey key,
                                                        domain::Position position) const;
  [[nodiscard]] const std::map<domain::MemberKey, MemberTruth>& members() const { return members_; }

  struct OrderTruth {
    domain::MemberKey member;
    domain::CheckedOut checkout;
    domain::Money refunded;
    bool reversed = false;
  };
  /// Every checkout of the order, whoever's.
  [[nodiscard]] std::vector<const OrderTruth*> checkouts_of(domain::RecordKey order) const;
  [[nodiscard]] const OrderTruth* checkout_of(domain::RecordKey order,
                                              domain::MemberKey member) const;
  [[nodiscard]] const std::map<std::pair<domain::RecordKey, domain::MemberKey>, OrderTruth>&
  orders() const {
    return orders_;
  }
  /// Whose the order durably is by the order book.
  [[nodiscard]] std::optional<domain::MemberKey> holder_of(domain::RecordKey order) const;

  /// The record of `member` at `position`, or nothing.
  [[nodiscard]] std::optional<domain::Record> record_at(domain::MemberKey member,
                                                        domain::Position position) const;
  /// The member whose event stands at `position` of `shard`.
  [[nodiscard]] std::optional<domain::MemberKey> member_of(std::uint32_t shard,
                                                           domain::Position position) const;

  using Holders = std::map<domain::MemberKey, domain::Position>;
  /// Who holds the identity, each since the event at that position; nobody: empty.
  [[nodiscard]] Holders holders_of(domain::IdentityKey identity) const;
  /// Whether the member held it at `then`, or has linked it since.
  [[nodiscard]] bool held_since(domain::MemberKey member, domain::IdentityKey identity,
                                domain::Position then) const;
  /// The ledger has lost some of its log: until it is mended, what is missing is no proof.
  void ledger_is_torn(bool torn) { torn_ = torn; }

  /// Told of every event that is met, if set.
  std::function<void(const std::string&)> log;

  /// What no log may hold: events out of order, or one id twice. The first that was met.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  /// Entries of the last take-over of a shard, its own among them.
  [[nodiscard]] std::size_t entries_of_last_epoch(std::uint32_t shard) const;
  [[nodiscard]] std::uint64_t takeovers() const { return takeovers_; }

 private:
  struct ShardTruth {
    domain::Position read_to;
    std::size_t entries_of_epoch = 0;
    std::map<domain::Position, domain::MemberKey> members;
  };
  void take(std::uint32_t shard, const LogEvent& event);
  void take(std::uint32_t shard, const MemberEvent& event);
  void complain(std::string what);

  Ledger& ledger_;
  const Codec& codec_;
  std::vector<ShardTruth> shards_;
  std::map<domain::MemberKey, MemberTruth> members_;
  std::map<std::pair<domain::RecordKey, domain::MemberKey>, OrderTruth> orders_;
  std::map<std::pair<domain::RecordKey, domain::MemberKey>, domain::Position> refunds_;
  std::map<domain::RecordKey, domain::MemberKey> holders_;
  std::map<domain::IdentityKey, Holders> identities_;
  bool torn_ = false;
  std::uint64_t takeovers_ = 0;
  std::string complaint_;
};

/// One line, for people.
[[nodiscard]] std::string text_of(std::uint32_t shard, const LogEvent& event);

/// The refund that the engine itself makes of an order that was another member's.
[[nodiscard]] bool is_reversal(const domain::Refunded& refund);

}  // namespace wutong::testing
