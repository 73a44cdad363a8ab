#include "persistence/keys.h"

#include "persistence/text.h"

namespace wutong::persistence {

namespace {

constexpr std::size_t digits_of_64_bits = 16;

std::string digits_of(std::uint64_t value) {
  std::string digits(digits_of_64_bits, '0');
  for (std::size_t i = 0; i < digits_of_64_bits; ++i) {
    digits[digits_of_64_bits - 1 - i] = "0123456789abcdef"[(value >> (4 * i)) & 15];
  }
  return digits;
}

std::optional<domain::MemberKey> member_in(std::string_view digits) {
  const auto value = parse_number<std::uint64_t>(digits, 16);
  if (!value || digits.size() != digits_of_64_bits) return std::nullopt;
  return domain::MemberKey{.value = *value};
}

}  // namespace

ShardKeys::ShardKeys(std::uint32_t shard)
    : prefix_(join_text("{s", shard, "}:")),
      head_(prefix_ + "head"),
      log_(prefix_ + "log"),
      mark_(prefix_ + "mark"),
      lease_(prefix_ + "lease"),
      swept_(prefix_ + "swept"),
      book_months_(prefix_ + "months") {}

std::string ShardKeys::snapshot(domain::MemberKey member) const {
  return join_text(prefix_, "m:", digits_of(member.value));
}

std::string ShardKeys::history(domain::MemberKey member, std::int32_t month) const {
  return join_text(prefix_, "h:", digits_of(member.value), ":", month);
}

std::string ShardKeys::book(std::int32_t month, std::uint32_t bucket) const {
  return join_text(prefix_, "o:", month, ":", bucket);
}

std::string ShardKeys::identity(domain::IdentityKey identity) const {
  return join_text(prefix_, "i:", digits_of(identity.high), digits_of(identity.low));
}

std::string ShardKeys::snapshot_pattern() const { return prefix_ + "m:*"; }

std::optional<domain::MemberKey> ShardKeys::member_of(std::string_view snapshot_key) const {
  const std::string before = prefix_ + "m:";
  if (!snapshot_key.starts_with(before)) return std::nullopt;
  return member_in(snapshot_key.substr(before.size()));
}

std::optional<domain::MemberKey> member_of_snapshot(std::string_view key) {
  constexpr std::string_view before_member = "}:m:";
  const auto at = key.find(before_member);
  if (!key.starts_with("{s") || at == std::string_view::npos) return std::nullopt;
  return member_in(key.substr(at + before_member.size()));
}

}  // namespace wutong::persistence
