#pragma once

#include <wutong/v1/points.pb.h>

#include <cstdint>
#include <string>

#include "load/earning.h"
#include "load/plan.h"
#include "load/rules.h"

/// What goes over the wire for a planned day. The same arguments give the same bytes, so a request can
/// be made again when it is sent again or checked.
namespace wutong::load {

/// What is settled only when an order goes out for the first time.
struct Settled {
  std::int64_t occurred_at_unix_ms = 0;
  std::int64_t points_to_use = 0;
};

class Requests {
 public:
  /// REQUIRES: both live longer.
  Requests(const Rules& rules, const Plan& plan);

  [[nodiscard]] std::string member_id(std::uint32_t member) const;
  [[nodiscard]] std::string order_id(std::uint32_t order) const;
  [[nodiscard]] std::string refund_id(std::uint32_t refund) const;

  [[nodiscard]] v1::CheckoutRequest checkout(std::uint32_t order, const Settled& settled) const;
  [[nodiscard]] v1::QuoteRequest quote(std::uint32_t order) const;
  [[nodiscard]] v1::RefundRequest refund(std::uint32_t refund,
                                         std::int64_t occurred_at_unix_ms) const;
  [[nodiscard]] v1::GetReceiptRequest order_receipt(std::uint32_t order) const;
  [[nodiscard]] v1::GetReceiptRequest refund_receipt(std::uint32_t refund) const;

 private:
  [[nodiscard]] v1::Origin origin_of(std::uint32_t order) const;

  const Rules& rules_;
  const Plan& plan_;
  /// Of the simulated calendar, as tills print it.
  std::string business_date_;
  std::string compact_date_;
};

/// The same order id with something else in it, and the field that differs first.
struct OtherContent {
  v1::CheckoutRequest request;
  std::string field;
};
[[nodiscard]] OtherContent with_other_content(v1::CheckoutRequest request, std::uint8_t variant);

/// What a request asks, in the model's words.
[[nodiscard]] Order order_of(const v1::CheckoutRequest& request);
[[nodiscard]] Order order_of(const v1::QuoteRequest& request);

}  // namespace wutong::load
