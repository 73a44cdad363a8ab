#pragma once

#include <array>
#include <string>
#include <string_view>

#include "actors/domain/identity_kind.h"
#include "actors/domain/quantities.h"

namespace wutong {

/// Turns callers' ids into the keys by which shards and the ledger know them: keyed hashes, so that
/// nobody without the ledger's key can aim at one shard or one bucket. Immutable, thread-safe.
class KeyHasher {
 public:
  /// Of the `LedgerInfo`. REQUIRES: `hash_key` has 16 bytes, `identity_key` 32.
  KeyHasher(std::string_view hash_key, std::string_view identity_key);

  [[nodiscard]] domain::MemberKey member(std::string_view member_id) const;
  /// Each kind lies in a space of its own: no order has the key of a refund by its ids.
  [[nodiscard]] domain::RecordKey order(std::string_view venue, std::string_view order_id) const;
  /// `venue` is the refunding one.
  [[nodiscard]] domain::RecordKey refund(std::string_view venue, std::string_view refund_id) const;
  [[nodiscard]] domain::RecordKey hold(std::string_view venue, std::string_view hold_id) const;
  /// A release has no id of its own: it is its hold's.
  [[nodiscard]] domain::RecordKey release(std::string_view venue, std::string_view hold_id) const;
  [[nodiscard]] domain::RecordKey grant(std::string_view venue, std::string_view grant_id) const;
  [[nodiscard]] domain::RecordKey revocation(std::string_view venue,
                                             std::string_view revocation_id) const;
  /// The first 128 bits of HMAC-SHA256 under a key of its own: who has the ledger, but not its keys,
  /// cannot try out values. About 1 µs. Kinds lie in spaces of their own.
  [[nodiscard]] domain::IdentityKey identity(domain::IdentityKind kind,
                                             std::string_view value) const;

 private:
  [[nodiscard]] domain::RecordKey record(char space, std::string_view venue,
                                         std::string_view id) const;

  std::array<unsigned char, 16> key_{};
  std::array<unsigned char, 32> identity_key_{};
};

}  // namespace wutong
