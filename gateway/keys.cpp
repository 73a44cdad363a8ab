#include "gateway/keys.h"

#include <sodium.h>

#include <algorithm>
#include <string>

namespace wutong {
namespace {

/// Hashes are bytes in little-endian order, so that keys in the ledger are the same on any machine.
template <typename Integer>
Integer little_endian(const unsigned char* bytes) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = static_cast<Integer>(value | (static_cast<Integer>(bytes[i]) << (8 * i)));
  }
  return value;
}

const unsigned char* bytes_of(std::string_view text) {
  return static_cast<const unsigned char*>(static_cast<const void*>(text.data()));
}

}  // namespace

KeyHasher::KeyHasher(std::string_view hash_key, std::string_view identity_key) {
  static_assert(crypto_auth_hmacsha256_KEYBYTES == 32);
  static_assert(crypto_shorthash_KEYBYTES == 16 && crypto_shorthash_siphashx24_KEYBYTES == 16);
  std::copy_n(hash_key.begin(), std::min(hash_key.size(), key_.size()), key_.begin());
  std::copy_n(identity_key.begin(), std::min(identity_key.size(), identity_key_.size()),
              identity_key_.begin());
}

domain::MemberKey KeyHasher::member(std::string_view member_id) const {
  std::array<unsigned char, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), bytes_of(member_id), member_id.size(), key_.data());
  return {little_endian<std::uint64_t>(hash.data())};
}

domain::RecordKey KeyHasher::order(std::string_view venue, std::string_view order_id) const {
  return record('O', venue, order_id);
}

domain::RecordKey KeyHasher::refund(std::string_view venue, std::string_view refund_id) const {
  return record('R', venue, refund_id);
}

domain::RecordKey KeyHasher::hold(std::string_view venue, std::string_view hold_id) const {
  return record('H', venue, hold_id);
}

domain::RecordKey KeyHasher::release(std::string_view venue, std::string_view hold_id) const {
  return record('L', venue, hold_id);
}

domain::RecordKey KeyHasher::grant(std::string_view venue, std::string_view grant_id) const {
  return record('G', venue, grant_id);
}

domain::RecordKey KeyHasher::revocation(std::string_view venue,
                                        std::string_view revocation_id) const {
  return record('V', venue, revocation_id);
}

domain::IdentityKey KeyHasher::identity(domain::IdentityKind kind, std::string_view value) const {
  // The kind is one byte in front, so no value of one kind reads as one of another.
  std::string text("I");
  text.push_back(static_cast<char>(kind));
  text.append(value);
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> hash{};
  crypto_auth_hmacsha256(hash.data(), bytes_of(text), text.size(), identity_key_.data());
  sodium_memzero(text.data(), text.size());
  return {.high = little_endian<std::uint64_t>(hash.data()),
          .low = little_endian<std::uint64_t>(hash.data() + 8)};
}

domain::RecordKey KeyHasher::record(char space, std::string_view venue, std::string_view id) const {
  // The length in front of the venue keeps ("M1", "2-7") and ("M12", "-7") apart.
  constexpr std::size_t head_bytes = 5;
  const auto bytes = head_bytes + venue.size() + id.size();
  std::array<char, 256> usual;
  std::string longer;
  if (bytes > usual.size()) longer.resize(bytes);
  char* const text = longer.empty() ? usual.data() : longer.data();
  text[0] = space;
  for (std::size_t i = 1; i < head_bytes; ++i) {
    text[i] = static_cast<char>(venue.size() >> 8 * (i - 1));
  }
  std::copy(id.begin(), id.end(), std::copy(venue.begin(), venue.end(), text + head_bytes));
  std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> hash{};
  crypto_shorthash_siphashx24(hash.data(), bytes_of({text, bytes}), bytes, key_.data());
  return {.high = little_endian<std::uint64_t>(hash.data()),
          .low = little_endian<std::uint32_t>(hash.data() + 8)};
}

}  // namespace wutong
