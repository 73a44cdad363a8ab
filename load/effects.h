#pragma once

#include <wutong/v1/points.pb.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace wutong::load {

/// What a run asked for that changes members: each checkout and each refund once, by number.
class Effects {
 public:
  virtual ~Effects() = default;

  [[nodiscard]] virtual std::size_t effects() const = 0;
  [[nodiscard]] virtual std::uint32_t member_of(std::size_t effect) const = 0;
  [[nodiscard]] virtual std::string member_id(std::uint32_t member) const = 0;
  /// As it was sent. REQUIRES: it was.
  [[nodiscard]] virtual std::variant<v1::CheckoutRequest, v1::RefundRequest> request(
      std::size_t effect) const = 0;
  /// How to ask for its receipt.
  [[nodiscard]] virtual v1::GetReceiptRequest receipt_of(std::size_t effect) const = 0;
};

}  // namespace wutong::load
