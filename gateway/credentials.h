#pragma once

#include <absl/container/flat_hash_map.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/method.h"

/// Who may call what. A file names the SHA-256 of each token, never the token itself:
///
///     [[credential]]
///     name = "mall-1-tills"       # for logs; unique
///     token_sha256 = "9f86…"      # 64 hexadecimal digits, from `wutong token`
///     role = "till"               # till, member_service, loyalty, risk, finance, operator
///     venues = ["M1", "M2"]       # or ["*"] for all
///     methods = ["Quote"]         # optional: fewer than the role's
///
/// An operator may call every method; a till all but Grant and RevokeGrant; member_service all but
/// these, Checkout and Refund (who may enroll may link and unlink identities); loyalty those that read,
/// Grant and RevokeGrant; risk and finance only those that read. A role widens no venue: receipts and
/// history entries are seen of the credential's venues alone, by every role.
namespace wutong {

enum class Role : std::uint8_t { till, member_service, loyalty, risk, finance, operator_role };

struct Credential {
  std::string name;
  Role role = Role::till;
  bool all_venues = false;
  std::set<std::string, std::less<>> venues;
  MethodSet methods;

  [[nodiscard]] bool covers(std::string_view venue) const {
    return all_venues || venues.contains(venue);
  }
};

using TokenHash = std::array<unsigned char, 32>;

/// Immutable, thread-safe; a changed file makes a new one.
class Credentials {
 public:
  explicit Credentials(absl::flat_hash_map<TokenHash, std::shared_ptr<const Credential>> by_hash)
      : by_hash_(std::move(by_hash)) {}

  /// The credential of `token`, or nothing. Takes the same time however much of a token is right:
  /// what is compared is its hash.
  [[nodiscard]] std::shared_ptr<const Credential> find(std::string_view token) const;

  [[nodiscard]] std::size_t size() const { return by_hash_.size(); }
  /// Venues named by some credential, sorted, each once: to check them against the program.
  [[nodiscard]] std::vector<std::string> venues() const;

 private:
  absl::flat_hash_map<TokenHash, std::shared_ptr<const Credential>> by_hash_;
};

/// The credentials of a file's text, or all that is wrong with it, each with its place.
[[nodiscard]] tl::expected<Credentials, std::vector<std::string>> parse_credentials(
    std::string_view toml, std::string_view file_name);

/// As above; a file that cannot be read is what is wrong with it.
[[nodiscard]] tl::expected<Credentials, std::vector<std::string>> read_credentials(
    const std::string& file_name);

struct NewToken {
  std::string token;
  std::string sha256_hex;
};
/// A random token of 256 bits, and its hash for the file.
[[nodiscard]] NewToken make_token();

}  // namespace wutong
