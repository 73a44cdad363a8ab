#pragma once

#include <array>
#include <string>
#include <string_view>

#include "actors/domain/quantities.h"

namespace wutong {

/// Turns callers' ids into the keys by which shards and the ledger know them: keyed hashes, so that
/// nobody without the ledger's key can aim at one shard or one bucket. Immutable, thread-safe.
class KeyHasher {
 public:
  /// `hash_key` is `LedgerInfo::hash_key`. REQUIRES: 16 bytes.
  explicit KeyHasher(std::string_view hash_key);

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

 private:
  [[nodiscard]] domain::RecordKey record(char space, std::string_view venue,
                                         std::string_view id) const;

  std::array<unsigned char, 16> key_{};
};

}  // namespace wutong
