#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gateway/ctl/values.h"
#include "wutong/v1/points.pb.h"

/// Requests from what was typed. A text is empty where nothing was.
namespace wutong::ctl {

struct OriginArguments {
  std::string venue;
  std::string store;
  std::string terminal;
  std::string cashier;
  std::string channel;
  bool offline = false;
  std::string receipt_number;
  std::string business_date;
};

/// By id, or as KIND:VALUE with phone, card or open_id.
struct MemberArguments {
  std::string id;
  std::string identity;
};

struct IdentityArguments {
  MemberArguments member;
  /// KIND:VALUE, to link or to unlink.
  std::string identity;
  std::string received_at;
};

struct OrderArguments {
  MemberArguments member;
  OriginArguments origin;
  std::string order_id;
  std::string amount;
  std::string currency = "CNY";
  std::int64_t points = 0;
  std::string excluded;
  std::string excluded_from_offset;
  std::string tax;
  std::string hold_id;
  /// KIND=AMOUNT. None, in a checkout without points, is cash for the whole.
  std::vector<std::string> tenders;
  /// number=1,amount=588.00,sku=…,category=…,brand=…,store=…,quantity=1.5,excluded
  std::vector<std::string> lines;
  std::string at = "now";
  std::string received_at;
};

struct RefundArguments {
  MemberArguments member;
  OriginArguments origin;
  std::string refund_id;
  std::string order_venue;
  std::string order_id;
  std::string currency = "CNY";
  std::string amount;
  std::string excluded;
  std::vector<std::uint32_t> lines;
  bool whole = false;
  std::string reason;
  std::string at = "now";
  std::string received_at;
};

/// Of a hold and of its release; the latter has no points.
struct HoldArguments {
  MemberArguments member;
  OriginArguments origin;
  std::string hold_id;
  std::int64_t points = 0;
  std::string at = "now";
  std::string received_at;
};

/// Of a grant, and with `revocation_id` of its revocation.
struct GrantArguments {
  MemberArguments member;
  OriginArguments origin;
  std::string grant_id;
  std::string revocation_id;
  std::int64_t points = 0;
  std::string party;
  std::string expires_on;
  std::string reason;
  std::string at = "now";
  std::string received_at;
};

struct ReceiptArguments {
  MemberArguments member;
  std::string venue;
  std::string order_id;
  std::string order_venue;
  std::string refund_id;
};

/// The request, or what cannot be understood. Whether it makes sense is the gateway's to say.
[[nodiscard]] Parsed<v1::QuoteRequest> quote_of(const OrderArguments& arguments);
[[nodiscard]] Parsed<v1::CheckoutRequest> checkout_of(const OrderArguments& arguments);
[[nodiscard]] Parsed<v1::RefundRequest> refund_of(const RefundArguments& arguments);
[[nodiscard]] Parsed<v1::HoldRequest> hold_of(const HoldArguments& arguments);
[[nodiscard]] Parsed<v1::ReleaseRequest> release_of(const HoldArguments& arguments);
[[nodiscard]] Parsed<v1::GrantRequest> grant_of(const GrantArguments& arguments);
[[nodiscard]] Parsed<v1::RevokeGrantRequest> revocation_of(const GrantArguments& arguments);
[[nodiscard]] Parsed<v1::GetReceiptRequest> receipt_of(const ReceiptArguments& arguments);
[[nodiscard]] Parsed<v1::LinkIdentityRequest> link_of(const IdentityArguments& arguments);
[[nodiscard]] Parsed<v1::UnlinkIdentityRequest> unlink_of(const IdentityArguments& arguments);
[[nodiscard]] Parsed<v1::MemberRef> member_of(const MemberArguments& arguments);

}  // namespace wutong::ctl
