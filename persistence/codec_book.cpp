#include <array>

#include "persistence/codec.h"
#include "persistence/codec_parts.h"
#include "proto/wire_format.h"

/// Entries of the order book and of the directory: fixed width, since there are hundreds of millions.
///
/// An order's entry is 20 bytes: the order's key, then the member's. Any 64 bits can be a member's key, so
/// an inverted one alone would read as a claim of somebody else: a tombstone is the claim once more
/// and, right behind it, the same order with the member inverted. 40 bytes, but rare.
namespace wutong::persistence {
namespace {

constexpr std::size_t entry_bytes = 20;
constexpr char claim_version = 1;
constexpr std::size_t identity_claim_bytes = 9;

void append_little_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return value;
}

/// Into one place first: there is one for each order, and text grows by a byte at a time otherwise.
void append_claim(std::string& bucket, domain::RecordKey order, std::uint64_t member) {
  std::array<char, entry_bytes> claim;
  char* const end = wire::put_fixed(
      wire::put_fixed(wire::put_fixed(claim.data(), order.high), order.low), member);
  bucket.append(claim.data(), end);
}

BookEntry claim_at(std::string_view bucket, std::size_t at) {
  return {.order = {little_endian(bucket.substr(at, 8)),
                    static_cast<std::uint32_t>(little_endian(bucket.substr(at + 8, 4)))},
          .member = {little_endian(bucket.substr(at + 12, 8))}};
}

}  // namespace

void StoredCodec::append_book_entry(std::string& bucket, const BookEntry& entry) const {
  append_claim(bucket, entry.order, entry.member.value);
  if (entry.freed) append_claim(bucket, entry.order, ~entry.member.value);
}

CodecResult<std::vector<BookEntry>> StoredCodec::book_entries_of(std::string_view bucket) const {
  if (bucket.size() % entry_bytes != 0) return codec_error("a bucket that ends inside an entry");
  std::vector<BookEntry> entries;
  entries.reserve(bucket.size() / entry_bytes);
  for (std::size_t at = 0; at < bucket.size(); at += entry_bytes) {
    const auto claim = claim_at(bucket, at);
    const bool frees = !entries.empty() && !entries.back().freed &&
                       entries.back().order == claim.order &&
                       entries.back().member.value == ~claim.member.value;
    if (frees) {
      entries.back().freed = true;
    } else {
      entries.push_back(claim);
    }
  }
  return entries;
}

std::string StoredCodec::claim_bytes(domain::MemberKey member) const {
  std::string bytes(1, claim_version);
  append_little_endian(bytes, member.value, 8);
  return bytes;
}

CodecResult<domain::MemberKey> StoredCodec::claimant_of(std::string_view bytes) const {
  if (bytes.size() != identity_claim_bytes || bytes[0] != claim_version) {
    return codec_error("a claim of an identity that is cut or of a version that is not known");
  }
  return domain::MemberKey{.value = little_endian(bytes.substr(1))};
}

}  // namespace wutong::persistence
