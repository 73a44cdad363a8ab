#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "wutong/v1/points.pb.h"

/// What a quote or a checkout says, in the words of `points.proto`, with its texts left where they are: in the
/// bytes that came, or in a message that generated code has read of them. Either outlives the view.
namespace wutong {

struct IdentityView {
  int kind = 0;
  std::string_view value;

  bool operator==(const IdentityView&) const = default;
};

struct MemberView {
  enum class By : std::uint8_t { nothing, id, identity };

  bool is_given = false;
  By by = By::nothing;
  std::string_view id;
  IdentityView identity;

  bool operator==(const MemberView&) const = default;
};

struct OriginView {
  bool is_given = false;
  bool offline = false;
  int channel = 0;
  std::string_view venue;
  std::string_view store;
  std::string_view terminal;
  std::string_view cashier;
  std::string_view printed_receipt_number;
  std::string_view business_date;

  bool operator==(const OriginView&) const = default;
};

struct TenderView {
  std::string_view kind;
  std::int64_t amount_minor = 0;

  bool operator==(const TenderView&) const = default;
};

struct LineView {
  std::uint32_t number = 0;
  bool excluded = false;
  std::int64_t amount_minor = 0;
  std::int64_t quantity_thousandths = 0;
  std::string_view sku;
  std::string_view category;
  std::string_view brand;
  std::string_view store;

  bool operator==(const LineView&) const = default;
};

/// What a quote and a checkout have in common.
struct OrderView {
  MemberView member;
  OriginView origin;
  std::optional<std::int64_t> amount_minor;
  std::string_view currency;
  std::int64_t points_to_use = 0;
  std::int64_t excluded_from_earning_minor = 0;
  std::int64_t excluded_from_offset_minor = 0;
  /// Of more than an order may have, no more than it takes to see that.
  std::vector<TenderView> tenders;
  std::vector<LineView> lines;
  std::string_view hold_id;

  bool operator==(const OrderView&) const = default;
};

struct CheckoutView {
  OrderView order;
  std::string_view order_id;
  std::int64_t occurred_at_unix_ms = 0;
  std::int64_t tax_minor = 0;
  std::optional<std::int64_t> received_at_unix_ms;

  bool operator==(const CheckoutView&) const = default;
};

[[nodiscard]] IdentityView view_of(const v1::Identity& identity);
[[nodiscard]] MemberView view_of(bool is_given, const v1::MemberRef& member);
[[nodiscard]] OriginView view_of(bool is_given, const v1::Origin& origin);
[[nodiscard]] OrderView view_of(const v1::QuoteRequest& request);
[[nodiscard]] CheckoutView view_of(const v1::CheckoutRequest& request);

}  // namespace wutong
