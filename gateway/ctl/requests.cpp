#include "gateway/ctl/requests.h"

#include <array>
#include <string_view>
#include <utility>

/// Evaluates `expression`, a Parsed; answers what is wrong, or goes on with its value in `name`.
#define WUTONG_TAKE(name, expression)                                       \
  auto name##_or = (expression);                                            \
  if (!name##_or) return tl::make_unexpected(std::move(name##_or).error()); \
  auto name = *std::move(name##_or)

namespace wutong::ctl {
namespace {

struct Channels {
  std::string_view name;
  v1::Channel channel;
};
constexpr std::array<Channels, 6> channels = {{{"", v1::CHANNEL_UNSPECIFIED},
                                               {"till", v1::CHANNEL_TILL},
                                               {"self_checkout", v1::CHANNEL_SELF_CHECKOUT},
                                               {"mini_program", v1::CHANNEL_MINI_PROGRAM},
                                               {"web", v1::CHANNEL_WEB},
                                               {"back_office", v1::CHANNEL_BACK_OFFICE}}};

Parsed<v1::Origin> origin_of(const OriginArguments& arguments) {
  v1::Origin origin;
  origin.set_venue(arguments.venue);
  origin.set_store(arguments.store);
  origin.set_terminal(arguments.terminal);
  origin.set_cashier(arguments.cashier);
  origin.set_offline(arguments.offline);
  origin.set_printed_receipt_number(arguments.receipt_number);
  origin.set_business_date(arguments.business_date);
  for (const Channels& known : channels) {
    if (known.name != arguments.channel) continue;
    origin.set_channel(known.channel);
    return origin;
  }
  return tl::make_unexpected("'" + arguments.channel + "' is no channel");
}

/// 0 for an empty text.
Parsed<std::int64_t> money_of(const std::string& text, const std::string& currency) {
  if (text.empty()) return std::int64_t{0};
  return minor_units_of(text, currency);
}

Parsed<v1::Tender> tender_of(const std::string& text, const std::string& currency) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    return tl::make_unexpected("'" + text + "' is not like cash=501.00");
  }
  WUTONG_TAKE(amount, minor_units_of(text.substr(equals + 1), currency));
  v1::Tender tender;
  tender.set_kind(text.substr(0, equals));
  tender.set_amount_minor(amount);
  return tender;
}

Parsed<bool> set_line_part(const std::string& key, const std::string& value,
                           const std::string& currency, v1::BasketLine& line) {
  if (key == "number") {
    WUTONG_TAKE(number, thousandths_of(value));
    if (number < 0 || number % 1000 != 0 || number / 1000 > UINT32_MAX) {
      return tl::make_unexpected("'" + value + "' is no line number");
    }
    line.set_number(static_cast<std::uint32_t>(number / 1000));
  } else if (key == "amount") {
    WUTONG_TAKE(amount, minor_units_of(value, currency));
    line.set_amount_minor(amount);
  } else if (key == "quantity") {
    WUTONG_TAKE(quantity, thousandths_of(value));
    line.set_quantity_thousandths(quantity);
  } else if (key == "sku") {
    line.set_sku(value);
  } else if (key == "category") {
    line.set_category(value);
  } else if (key == "brand") {
    line.set_brand(value);
  } else if (key == "store") {
    line.set_store(value);
  } else if (key == "excluded" && value.empty()) {
    line.set_excluded(true);
  } else {
    return tl::make_unexpected("a line has no '" + key + "'");
  }
  return true;
}

Parsed<v1::BasketLine> line_of(const std::string& text, const std::string& currency) {
  v1::BasketLine line;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, comma - begin);
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string value = equals < part.size() ? part.substr(equals + 1) : std::string();
    WUTONG_TAKE(is_set, set_line_part(part.substr(0, equals), value, currency, line));
    static_cast<void>(is_set);
    begin = comma + 1;
  }
  return line;
}

/// A request with the member, the origin and the times that were typed.
template <typename Request, typename Arguments>
Parsed<Request> request_of(const Arguments& arguments) {
  Request request;
  WUTONG_TAKE(member, member_of(arguments.member));
  *request.mutable_member() = std::move(member);
  WUTONG_TAKE(origin, origin_of(arguments.origin));
  *request.mutable_origin() = std::move(origin);
  WUTONG_TAKE(at, unix_ms_of(arguments.at));
  request.set_occurred_at_unix_ms(at);
  if (!arguments.received_at.empty()) {
    WUTONG_TAKE(received_at, unix_ms_of(arguments.received_at));
    request.set_received_at_unix_ms(received_at);
  }
  return request;
}

Parsed<v1::Identity> identity_of(const std::string& text) {
  const auto colon = text.find(':');
  const std::string kind = text.substr(0, colon);
  v1::Identity identity;
  if (kind == "phone") identity.set_kind(v1::IDENTITY_KIND_PHONE);
  if (kind == "card") identity.set_kind(v1::IDENTITY_KIND_CARD);
  if (kind == "open_id") identity.set_kind(v1::IDENTITY_KIND_OPEN_ID);
  if (colon == std::string::npos || identity.kind() == v1::IDENTITY_KIND_UNSPECIFIED) {
    return tl::make_unexpected("'" + text + "' is not like card:12345");
  }
  identity.set_value(text.substr(colon + 1));
  return identity;
}

template <typename Request>
Parsed<Request> change_of(const IdentityArguments& arguments) {
  Request request;
  WUTONG_TAKE(member, member_of(arguments.member));
  *request.mutable_member() = std::move(member);
  WUTONG_TAKE(identity, identity_of(arguments.identity));
  *request.mutable_identity() = std::move(identity);
  if (!arguments.received_at.empty()) {
    WUTONG_TAKE(received_at, unix_ms_of(arguments.received_at));
    request.set_received_at_unix_ms(received_at);
  }
  return request;
}

/// What a quote and a checkout have in common.
template <typename Request>
Parsed<Request> order_of(const OrderArguments& arguments) {
  WUTONG_TAKE(request, request_of<Request>(arguments));
  WUTONG_TAKE(amount, minor_units_of(arguments.amount, arguments.currency));
  request.set_amount_minor(amount);
  request.set_currency(arguments.currency);
  request.set_points_to_use(arguments.points);
  WUTONG_TAKE(excluded, money_of(arguments.excluded, arguments.currency));
  request.set_excluded_from_earning_minor(excluded);
  WUTONG_TAKE(from_offset, money_of(arguments.excluded_from_offset, arguments.currency));
  request.set_excluded_from_offset_minor(from_offset);
  for (const std::string& text : arguments.tenders) {
    WUTONG_TAKE(tender, tender_of(text, arguments.currency));
    *request.add_tenders() = std::move(tender);
  }
  for (const std::string& text : arguments.lines) {
    WUTONG_TAKE(line, line_of(text, arguments.currency));
    *request.add_lines() = std::move(line);
  }
  request.set_hold_id(arguments.hold_id);
  return request;
}

}  // namespace

Parsed<v1::MemberRef> member_of(const MemberArguments& arguments) {
  v1::MemberRef member;
  if (arguments.identity.empty()) {
    member.set_id(arguments.id);
    return member;
  }
  WUTONG_TAKE(identity, identity_of(arguments.identity));
  *member.mutable_identity() = std::move(identity);
  return member;
}

Parsed<v1::LinkIdentityRequest> link_of(const IdentityArguments& arguments) {
  return change_of<v1::LinkIdentityRequest>(arguments);
}

Parsed<v1::UnlinkIdentityRequest> unlink_of(const IdentityArguments& arguments) {
  return change_of<v1::UnlinkIdentityRequest>(arguments);
}

Parsed<v1::QuoteRequest> quote_of(const OrderArguments& arguments) {
  return order_of<v1::QuoteRequest>(arguments);
}

Parsed<v1::CheckoutRequest> checkout_of(const OrderArguments& arguments) {
  WUTONG_TAKE(request, order_of<v1::CheckoutRequest>(arguments));
  if (request.tenders().empty() && arguments.points == 0 && request.amount_minor() > 0) {
    v1::Tender& cash = *request.add_tenders();
    cash.set_kind("cash");
    cash.set_amount_minor(request.amount_minor());
  }
  request.set_order_id(arguments.order_id);
  WUTONG_TAKE(tax, money_of(arguments.tax, arguments.currency));
  request.set_tax_minor(tax);
  return request;
}

Parsed<v1::RefundRequest> refund_of(const RefundArguments& arguments) {
  v1::RefundRequest request;
  WUTONG_TAKE(origin, origin_of(arguments.origin));
  *request.mutable_origin() = std::move(origin);
  request.set_refund_id(arguments.refund_id);
  request.mutable_order()->set_venue(arguments.order_venue.empty() ? arguments.origin.venue
                                                                   : arguments.order_venue);
  request.mutable_order()->set_order_id(arguments.order_id);
  if (!arguments.member.id.empty() || !arguments.member.identity.empty()) {
    WUTONG_TAKE(member, member_of(arguments.member));
    *request.mutable_member() = std::move(member);
  }
  WUTONG_TAKE(at, unix_ms_of(arguments.at));
  request.set_occurred_at_unix_ms(at);
  if (!arguments.received_at.empty()) {
    WUTONG_TAKE(received_at, unix_ms_of(arguments.received_at));
    request.set_received_at_unix_ms(received_at);
  }
  request.set_reason(arguments.reason);
  if (arguments.whole) {
    request.mutable_whole();
  } else if (!arguments.lines.empty()) {
    for (const std::uint32_t number : arguments.lines) request.mutable_lines()->add_numbers(number);
  } else {
    WUTONG_TAKE(amount, minor_units_of(arguments.amount, arguments.currency));
    WUTONG_TAKE(excluded, money_of(arguments.excluded, arguments.currency));
    request.mutable_amount()->set_amount_minor(amount);
    request.mutable_amount()->set_excluded_minor(excluded);
  }
  return request;
}

Parsed<v1::HoldRequest> hold_of(const HoldArguments& arguments) {
  WUTONG_TAKE(request, request_of<v1::HoldRequest>(arguments));
  request.set_hold_id(arguments.hold_id);
  request.set_points(arguments.points);
  return request;
}

Parsed<v1::ReleaseRequest> release_of(const HoldArguments& arguments) {
  WUTONG_TAKE(request, request_of<v1::ReleaseRequest>(arguments));
  request.set_hold_id(arguments.hold_id);
  return request;
}

Parsed<v1::GrantRequest> grant_of(const GrantArguments& arguments) {
  WUTONG_TAKE(request, request_of<v1::GrantRequest>(arguments));
  request.set_grant_id(arguments.grant_id);
  request.set_points(arguments.points);
  request.set_party(arguments.party);
  request.set_expires_on(arguments.expires_on);
  request.set_reason(arguments.reason);
  return request;
}

Parsed<v1::RevokeGrantRequest> revocation_of(const GrantArguments& arguments) {
  WUTONG_TAKE(request, request_of<v1::RevokeGrantRequest>(arguments));
  request.set_revocation_id(arguments.revocation_id);
  request.set_grant_id(arguments.grant_id);
  request.set_reason(arguments.reason);
  return request;
}

Parsed<v1::GetReceiptRequest> receipt_of(const ReceiptArguments& arguments) {
  v1::GetReceiptRequest request;
  if (arguments.refund_id.empty()) {
    request.mutable_order()->set_venue(arguments.venue);
    request.mutable_order()->set_order_id(arguments.order_id);
  } else {
    v1::RefundRef& refund = *request.mutable_refund();
    refund.set_venue(arguments.venue);
    refund.set_refund_id(arguments.refund_id);
    refund.mutable_order()->set_venue(arguments.order_venue.empty() ? arguments.venue
                                                                    : arguments.order_venue);
    refund.mutable_order()->set_order_id(arguments.order_id);
  }
  if (!arguments.member.id.empty() || !arguments.member.identity.empty()) {
    WUTONG_TAKE(member, member_of(arguments.member));
    *request.mutable_member() = std::move(member);
  }
  return request;
}

}  // namespace wutong::ctl
