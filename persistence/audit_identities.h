#pragma once

#include <absl/container/flat_hash_map.h>

#include <optional>
#include <vector>

#include "persistence/audit.h"
#include "persistence/audit_points.h"

/// The identities' part of the audit: who has which one claimed, and who holds it. Knows no ledger, only
/// events. Inside `persistence/` only.
///
/// A gateway may go on writing while logs are read one after another, so what is held against each other
/// may be of different moments. What lies before the marks is not: all of it was durable when the first
/// head was read.
namespace wutong::persistence {

class AuditIdentities {
 public:
  /// Both outlive it.
  AuditIdentities(const LedgerInfo& info, AuditReport& report) : info_(info), report_(report) {}

  Fault take(std::uint32_t shard, const IdentityClaimed& event);
  Fault take(std::uint32_t shard, const IdentityFreed& event);
  void take(domain::MemberKey member, const domain::IdentityLinked& event);
  void take(domain::MemberKey member, const domain::IdentityUnlinked& event);

  /// Identities of the shard that were ever claimed, ascending.
  [[nodiscard]] std::vector<domain::IdentityKey> identities_of(std::uint32_t shard) const;
  /// Whether the directory may have stored this of the identity since its shard's mark was read; nothing:
  /// that it is nobody's.
  [[nodiscard]] bool may_be_stored(domain::IdentityKey identity,
                                   std::optional<domain::MemberKey> member) const;
  /// An event of a directory from behind the head that the audit goes up to.
  void take_later(const LogEvent& event);
  /// Of the last change up to the mark; else of the last.
  [[nodiscard]] domain::Position position_of(domain::IdentityKey identity) const;

  /// When all events have been taken: the first event that gives a member an identity that is not
  /// claimed for it, or that another holds.
  std::optional<AuditBreak> finish();

 private:
  struct Hash {
    std::size_t operator()(domain::IdentityKey identity) const { return identity.low; }
  };
  struct Claims {
    /// Up to the mark.
    std::optional<domain::MemberKey> at_mark;
    domain::Position position;
    /// Behind it.
    std::vector<std::optional<domain::MemberKey>> later;

    [[nodiscard]] std::optional<domain::MemberKey> standing() const {
      return later.empty() ? at_mark : later.back();
    }
    [[nodiscard]] bool had(std::optional<domain::MemberKey> member) const;
  };
  struct Holder {
    domain::MemberKey member;
    domain::Position position;
    domain::Instant linked_at;
  };

  void change(std::uint32_t shard, domain::Position position, domain::IdentityKey identity,
              std::optional<domain::MemberKey> member);
  [[nodiscard]] std::uint32_t shard_of(std::uint64_t value) const {
    return static_cast<std::uint32_t>(value & (info_.shards - 1));
  }
  [[nodiscard]] bool behind_the_mark(const Holder& holder) const;
  std::optional<AuditBreak> check(domain::IdentityKey identity, const Holder& holder);

  const LedgerInfo& info_;
  AuditReport& report_;
  absl::flat_hash_map<domain::IdentityKey, Claims, Hash> claims_;
  absl::flat_hash_map<domain::IdentityKey, std::vector<Holder>, Hash> holders_;
};

}  // namespace wutong::persistence
