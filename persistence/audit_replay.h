#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "persistence/audit.h"
#include "persistence/audit_identities.h"
#include "persistence/audit_points.h"

/// The replaying half of the audit: knows no ledger, only events. Inside `persistence/` only.
namespace wutong::persistence {

class AuditReplay {
 public:
  /// All outlive it.
  AuditReplay(const Codec& codec, const LedgerInfo& info, AuditReport& report);

  /// A stored snapshot, told before any event: compared when the replay reaches its position.
  /// One that was told before is replaced if it is older: a walk may meet a member twice.
  void expect(domain::MemberKey member, Snapshot snapshot);

  /// The next event of a shard. After a fault the replay is over.
  Fault take(std::uint32_t shard, const LogEvent& event);

  /// Of the directories.
  [[nodiscard]] AuditIdentities& identities() { return identities_; }

  /// When all events have been taken: everything that takes more than one event, or one shard, to see.
  std::optional<AuditBreak> finish();

 private:
  using OrderId = std::pair<std::uint64_t, std::uint32_t>;

  /// What refunds and claims are held against.
  struct Order {
    domain::Position position;
    domain::Instant received_at;
    std::int32_t month = 0;
    bool reversed = false;
    std::int64_t amount = 0;
    std::int64_t refunded = 0;
    struct Line {
      domain::PartyId party;
      std::int64_t points = 0;
      /// Clawed back of an award, given back of a use.
      std::int64_t returned = 0;
    };
    std::vector<Line> awards;
    std::vector<Line> uses;
  };
  struct Claim {
    domain::MemberKey member;
    domain::Instant received_at;
    std::int32_t month = 0;
    bool freed = false;
    /// By the checkout that it was settled for.
    bool met = false;
  };
  struct Expected {
    Snapshot snapshot;
    bool met = false;
    std::size_t records_met = 0;
  };
  struct Replayed {
    domain::Member member;
    std::optional<Expected> expected;
    absl::flat_hash_map<OrderId, Order> orders;
    /// Whose ids were used anew after the retention.
    std::vector<std::pair<OrderId, Order>> former_orders;
    /// The member's first event that the snapshot does not cover.
    domain::Position first_after_snapshot;
  };

  Fault take(std::uint32_t shard, const MemberEvent& event);
  Fault take(std::uint32_t shard, const OrderSettled& event);
  Fault take(std::uint32_t shard, const OrderFreed& event);
  Fault take(std::uint32_t shard, const Taken& event);
  Fault take(std::uint32_t shard, const IdentityClaimed& event) {
    return identities_.take(shard, event);
  }
  Fault take(std::uint32_t shard, const IdentityFreed& event) {
    return identities_.take(shard, event);
  }

  Fault check_before(const Replayed& replayed, const domain::Event& event) const;
  Fault apply(Replayed& replayed, const domain::Event& event);
  Fault check_checkout(Replayed& replayed, const domain::CheckedOut& event);
  Fault check_refund(Replayed& replayed, const domain::Refunded& event);
  /// Of a refund or a revocation: all of `points` came from somewhere.
  Fault check_taken_back(const domain::Effects& effects, domain::Reason reason,
                         domain::Points points, domain::Points booked_loss);
  [[nodiscard]] Fault check_grant(const domain::Granted& event) const;
  [[nodiscard]] Fault check_hold(const domain::Held& event) const;
  Fault compare_record(Replayed& replayed, const domain::Event& event);
  Fault compare_snapshot(Replayed& replayed);

  /// The place of a new order; nothing if the member has it and the ledger still had to know it.
  [[nodiscard]] Order* place_for(Replayed& replayed, const domain::CheckedOut& event) const;
  /// Whether the ledger may have forgotten at `now` what it was told at `since`.
  [[nodiscard]] bool may_forget(domain::Instant since, domain::Instant now) const;
  /// Meets the claim that was settled for the checkout; false if there is none.
  bool meet_claim(OrderId id, domain::MemberKey member, std::int32_t month);
  std::optional<AuditBreak> check_order(domain::MemberKey key, OrderId id, const Order& order);
  std::optional<AuditBreak> check_orders(domain::MemberKey key, const Replayed& replayed);
  std::optional<AuditBreak> check_snapshot(domain::MemberKey key, const Replayed& replayed) const;
  std::optional<AuditBreak> check_sums() const;

  template <typename Key>
  [[nodiscard]] std::uint32_t shard_of(Key value) const {
    return static_cast<std::uint32_t>(value & (info_.shards - 1));
  }

  const Codec& codec_;
  const LedgerInfo& info_;
  AuditReport& report_;
  AuditIdentities identities_{info_, report_};
  absl::flat_hash_map<std::uint64_t, Replayed> members_;
  absl::flat_hash_map<OrderId, Claim> claims_;
  /// Of orders whose ids were used anew after the retention, oldest first.
  absl::flat_hash_map<OrderId, std::vector<Claim>> former_claims_;
};

}  // namespace wutong::persistence
