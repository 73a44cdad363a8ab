#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

namespace wutong {

/// The methods of `wutong.v1.Points`.
enum class Method : std::uint8_t {
  quote = 0,
  checkout = 1,
  refund = 2,
  get_receipt = 3,
  enroll = 4,
  get_member = 5,
  list_history = 6,
  hold = 7,
  release = 8,
  grant = 9,
  revoke_grant = 10,
  link_identity = 11,
  unlink_identity = 12,
};
inline constexpr std::size_t method_count = 13;

/// As the wire and the credentials' file name them.
inline constexpr std::array<std::string_view, method_count> method_names = {
    "Quote", "Checkout", "Refund", "GetReceipt",  "Enroll",       "GetMember",     "ListHistory",
    "Hold",  "Release",  "Grant",  "RevokeGrant", "LinkIdentity", "UnlinkIdentity"};

[[nodiscard]] constexpr std::string_view name_of(Method method) {
  return method_names[static_cast<std::size_t>(method)];
}
[[nodiscard]] constexpr std::optional<Method> method_named(std::string_view name) {
  for (std::size_t i = 0; i < method_count; ++i) {
    if (method_names[i] == name) return static_cast<Method>(i);
  }
  return std::nullopt;
}

class MethodSet {
 public:
  void add(Method method) { bits_.set(static_cast<std::size_t>(method)); }
  [[nodiscard]] bool has(Method method) const {
    return bits_.test(static_cast<std::size_t>(method));
  }
  [[nodiscard]] bool empty() const { return bits_.none(); }

 private:
  std::bitset<method_count> bits_;
};

}  // namespace wutong
