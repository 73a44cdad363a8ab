#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>

#include "gateway/text.h"
#include "tests/gateway/bad_requests.h"
#include "wutong/v1/points.pb.h"

namespace wutong::test {
namespace {

using google::protobuf::Message;

std::string_view valid_text(Method method) {
  constexpr std::string_view origin =
      "origin { venue: 'M1' store: 'shoes' terminal: 'T1' business_date: '2026-01-05' } ";
  static const std::string order =
      concat({"member { id: 'alice' } ", origin,
              "amount_minor: 58800 currency: 'CNY' tenders { kind: 'cash' amount_minor: 58800 } "
              "lines { number: 1 sku: 'boots' amount_minor: 58800 quantity_thousandths: 1000 } "
              "occurred_at_unix_ms: 1767585590000 "});
  static const std::string checkout = order + "order_id: 'T1-20260105-0001' tax_minor: 100 ";
  static const std::string refund = concat(
      {origin,
       "refund_id: 'R1' order { venue: 'M1' order_id: 'A' } whole { } member { id: 'alice' } "
       "occurred_at_unix_ms: 1767585590000 reason: 'too small' "});
  static const std::string begin =
      concat({"member { id: 'alice' } ", origin, "occurred_at_unix_ms: 1767585590000 "});
  static const std::string hold = begin + "hold_id: 'H1' points: 100 ";
  static const std::string release = begin + "hold_id: 'H1' ";
  static const std::string grant =
      begin + "grant_id: 'G1' points: 100 party: 'MALL' expires_on: '2026-12-31' reason: 'sorry' ";
  static const std::string revocation =
      begin + "revocation_id: 'V1' grant_id: 'G1' reason: 'not sorry' ";
  switch (method) {
    case Method::quote:
      return order;
    case Method::checkout:
      return checkout;
    case Method::refund:
      return refund;
    case Method::hold:
      return hold;
    case Method::release:
      return release;
    case Method::grant:
      return grant;
    case Method::revoke_grant:
      return revocation;
    case Method::get_receipt:
      return "order { venue: 'M1' order_id: 'A' } member { id: 'alice' } ";
    case Method::enroll:
      return "member_id: 'alice' ";
    case Method::link_identity:
    case Method::unlink_identity:
      return "member { id: 'alice' } "
             "identity { kind: IDENTITY_KIND_PHONE value: '8613800138000' } ";
    case Method::get_member:
      return "member { id: 'alice' } ";
    case Method::list_history:
      return "member { id: 'alice' } page_size: 10 ";
  }
  return {};
}

std::unique_ptr<Message> empty_request(Method method) {
  switch (method) {
    case Method::quote:
      return std::make_unique<v1::QuoteRequest>();
    case Method::checkout:
      return std::make_unique<v1::CheckoutRequest>();
    case Method::refund:
      return std::make_unique<v1::RefundRequest>();
    case Method::hold:
      return std::make_unique<v1::HoldRequest>();
    case Method::release:
      return std::make_unique<v1::ReleaseRequest>();
    case Method::grant:
      return std::make_unique<v1::GrantRequest>();
    case Method::revoke_grant:
      return std::make_unique<v1::RevokeGrantRequest>();
    case Method::link_identity:
      return std::make_unique<v1::LinkIdentityRequest>();
    case Method::unlink_identity:
      return std::make_unique<v1::UnlinkIdentityRequest>();
    case Method::get_receipt:
      return std::make_unique<v1::GetReceiptRequest>();
    case Method::enroll:
      return std::make_unique<v1::EnrollRequest>();
    case Method::get_member:
      return std::make_unique<v1::GetMemberRequest>();
    case Method::list_history:
      return std::make_unique<v1::ListHistoryRequest>();
  }
  return nullptr;
}

}  // namespace

void merge_text(std::string_view text_format, Message& message) {
  google::protobuf::TextFormat::Parser parser;
  if (!parser.MergeFromString(std::string(text_format), &message)) std::abort();
}

std::unique_ptr<Message> valid_request(Method method, LedgerClock clock) {
  auto request = empty_request(method);
  merge_text(valid_text(method), *request);
  if (clock == LedgerClock::caller &&
      request->GetDescriptor()->FindFieldByName("received_at_unix_ms") != nullptr) {
    merge_text("received_at_unix_ms: 1767585600000", *request);
  }
  return request;
}

}  // namespace wutong::test
