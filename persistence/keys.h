#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/domain/quantities.h"

/// Names of the keys in Redis. Everything of a shard carries one hash tag, so that it lies in one
/// slot of a Redis Cluster and one script may touch all of it.
namespace wutong::persistence {

/// Written last when a ledger is created; without it there is no ledger.
inline constexpr std::string_view ledger_key = "wutong:ledger";

/// For SCAN: matches every key of every shard.
inline constexpr std::string_view any_shard_key = "{s*}:*";

/// For SCAN: matches every snapshot of every shard, and nothing else.
inline constexpr std::string_view any_snapshot_key = "{s*}:m:*";

/// The member of a snapshot's key, whatever its shard; nothing for a key that is none.
[[nodiscard]] std::optional<domain::MemberKey> member_of_snapshot(std::string_view key);

class ShardKeys {
 public:
  explicit ShardKeys(std::uint32_t shard);

  [[nodiscard]] const std::string& head() const { return head_; }
  [[nodiscard]] const std::string& log() const { return log_; }
  [[nodiscard]] const std::string& mark() const { return mark_; }
  [[nodiscard]] const std::string& lease() const { return lease_; }
  [[nodiscard]] const std::string& swept() const { return swept_; }
  /// The set of months that the order book has buckets of.
  [[nodiscard]] const std::string& book_months() const { return book_months_; }

  [[nodiscard]] std::string snapshot(domain::MemberKey member) const;
  /// `month` counts from 1970-01.
  [[nodiscard]] std::string history(domain::MemberKey member, std::int32_t month) const;
  [[nodiscard]] std::string book(std::int32_t month, std::uint32_t bucket) const;

  [[nodiscard]] std::string identity(domain::IdentityKey identity) const;

  /// For SCAN: matches every snapshot of the shard, and nothing else.
  [[nodiscard]] std::string snapshot_pattern() const;
  /// The member of a snapshot's key; nothing for a key that is none.
  [[nodiscard]] std::optional<domain::MemberKey> member_of(std::string_view snapshot_key) const;

 private:
  std::string prefix_;
  std::string head_;
  std::string log_;
  std::string mark_;
  std::string lease_;
  std::string swept_;
  std::string book_months_;
};

}  // namespace wutong::persistence
