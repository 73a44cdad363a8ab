#include "tests/gateway/till.h"

#include <absl/time/time.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/support/running_gateway.h"

namespace wutong::test {
namespace {

using Stub = v1::Points::Stub;

/// 100 points are worth 3.00 in P0 and all of its variants.
constexpr std::int64_t fen_a_point = 3;

v1::ErrorDetail detail_of(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  if (details.ParseFromString(status.error_details()) && details.details_size() == 1) {
    details.details(0).UnpackTo(&detail);
  } else {
    // gRPC's own, not the gateway's.
    detail.set_text(status.error_message());
  }
  return detail;
}

std::int64_t wall_clock() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock::now().time_since_epoch())
      .count();
}

/// What quotes and checkouts have in common.
template <typename Request>
Request order_of(const Sale& sale, const std::string& prefix, std::int64_t now) {
  Request request;
  request.mutable_member()->set_id(prefix + sale.member);
  request.mutable_origin()->set_venue(sale.venue);
  request.mutable_origin()->set_terminal("T1");
  request.set_occurred_at_unix_ms(sale.paid_at == 0 ? now : sale.paid_at);
  request.set_amount_minor(sale.amount);
  request.set_currency("CNY");
  request.set_points_to_use(sale.use);
  request.set_excluded_from_earning_minor(sale.excluded);
  if (!sale.hold.empty()) request.set_hold_id(prefix + sale.hold);
  const std::int64_t to_pay = sale.amount - sale.use * fen_a_point;
  if (to_pay > 0) {
    auto& cash = *request.add_tenders();
    cash.set_kind("cash");
    cash.set_amount_minor(to_pay);
  }
  return request;
}

/// The receipt of a reply that must hold one.
template <typename Reply>
v1::Receipt receipt_in(const Answer<Reply>& answer) {
  EXPECT_TRUE(answer.ok()) << answer.status << ": " << answer.detail.ShortDebugString();
  EXPECT_TRUE(answer.reply.has_receipt()) << answer.reply.ShortDebugString();
  return answer.reply.receipt();
}

template <typename Reply>
v1::Refusal refusal_in(const Answer<Reply>& answer) {
  EXPECT_TRUE(answer.ok()) << answer.status << ": " << answer.detail.ShortDebugString();
  EXPECT_TRUE(answer.reply.has_refusal()) << answer.reply.ShortDebugString();
  return answer.reply.refusal();
}

}  // namespace

std::int64_t shanghai(const std::string& civil) {
  absl::Time time;
  std::string error;
  const bool parsed = absl::ParseTime("%Y-%m-%d %H:%M:%E*S %Ez", civil + " +08:00", &time, &error);
  EXPECT_TRUE(parsed) << civil << ": " << error;
  return absl::ToUnixMillis(time);
}

struct Till::Line {
  std::unique_ptr<Stub> stub;
  std::string token;
};

Till::Till(const RunningGateway& gateway) : Till(gateway, gateway.token()) {}

Till::Till(const RunningGateway& gateway, std::string token)
    : tells_receipt_(gateway.options().clock == "caller"),
      line_(new Line{.stub = gateway.stub(), .token = std::move(token)}) {
  now = tells_receipt_ ? shanghai("2026-03-02 12:00:00") : wall_clock();
}

Till::~Till() = default;

v1::CheckoutRequest Till::checkout(const Sale& sale) const {
  auto request = order_of<v1::CheckoutRequest>(sale, prefix, now);
  request.set_order_id(prefix + sale.id);
  if (tells_receipt_) request.set_received_at_unix_ms(now);
  return request;
}

v1::QuoteRequest Till::quote(const Sale& sale) const {
  auto request = order_of<v1::QuoteRequest>(sale, prefix, now);
  if (sale.use == 0) request.clear_tenders();
  return request;
}

v1::RefundRequest Till::refund(const Sale& sale, const Return& what) const {
  v1::RefundRequest request;
  request.mutable_origin()->set_venue(sale.venue);
  request.mutable_origin()->set_terminal("T1");
  request.set_refund_id(prefix + what.id);
  request.mutable_order()->set_venue(sale.venue);
  request.mutable_order()->set_order_id(prefix + sale.id);
  request.set_occurred_at_unix_ms(now);
  if (tells_receipt_) request.set_received_at_unix_ms(now);
  if (what.amount == 0) {
    request.mutable_whole();
  } else {
    request.mutable_amount()->set_amount_minor(what.amount);
    request.mutable_amount()->set_excluded_minor(what.excluded);
  }
  return request;
}

namespace {

/// What requests for holds and grants have in common.
template <typename Request, typename What>
Request request_of(const What& what, const Till& till, bool tells_receipt) {
  Request request;
  request.mutable_member()->set_id(till.prefix + what.member);
  request.mutable_origin()->set_venue(what.venue);
  request.mutable_origin()->set_terminal("T1");
  request.set_occurred_at_unix_ms(till.now);
  if (tells_receipt) request.set_received_at_unix_ms(till.now);
  return request;
}

}  // namespace

v1::HoldRequest Till::hold(const Aside& what) const {
  auto request = request_of<v1::HoldRequest>(what, *this, tells_receipt_);
  request.set_hold_id(prefix + what.id);
  request.set_points(what.points);
  return request;
}

v1::ReleaseRequest Till::release(const Aside& what) const {
  auto request = request_of<v1::ReleaseRequest>(what, *this, tells_receipt_);
  request.set_hold_id(prefix + what.id);
  return request;
}

v1::GrantRequest Till::grant(const Gift& gift) const {
  auto request = request_of<v1::GrantRequest>(gift, *this, tells_receipt_);
  request.set_grant_id(prefix + gift.id);
  request.set_points(gift.points);
  request.set_party(gift.party);
  request.set_expires_on(gift.expires_on);
  request.set_reason("goodwill");
  return request;
}

v1::RevokeGrantRequest Till::revoke(const Gift& gift, const std::string& id) const {
  auto request = request_of<v1::RevokeGrantRequest>(gift, *this, tells_receipt_);
  request.set_revocation_id(prefix + id);
  request.set_grant_id(prefix + gift.id);
  request.set_reason("a mistake");
  return request;
}

v1::GetReceiptRequest Till::receipt_of(const v1::CheckoutRequest& order) {
  v1::GetReceiptRequest request;
  request.mutable_order()->set_venue(order.origin().venue());
  request.mutable_order()->set_order_id(order.order_id());
  return request;
}

v1::GetReceiptRequest Till::receipt_of(const v1::RefundRequest& refund) {
  v1::GetReceiptRequest request;
  request.mutable_refund()->set_venue(refund.origin().venue());
  request.mutable_refund()->set_refund_id(refund.refund_id());
  *request.mutable_refund()->mutable_order() = refund.order();
  return request;
}

template <typename Reply, typename Request, typename Method>
Answer<Reply> Till::run(Method method, const Request& request) const {
  grpc::ClientContext context;
  if (!line_->token.empty()) context.AddMetadata("authorization", "Bearer " + line_->token);
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(timeout_ms));
  Answer<Reply> answer;
  const grpc::Status status = (line_->stub.get()->*method)(&context, request, &answer.reply);
  answer.status = status.error_code();
  if (!status.ok()) answer.detail = detail_of(status);
  return answer;
}

namespace {

/// Picks the one of the stub's overloads that waits.
template <typename Request, typename Reply>
using Unary = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Reply*);

}  // namespace

Answer<v1::QuoteReply> Till::call(const v1::QuoteRequest& request) const {
  return run<v1::QuoteReply>(Unary<v1::QuoteRequest, v1::QuoteReply>(&Stub::Quote), request);
}
Answer<v1::CheckoutReply> Till::call(const v1::CheckoutRequest& request) const {
  using Method = Unary<v1::CheckoutRequest, v1::CheckoutReply>;
  return run<v1::CheckoutReply>(Method(&Stub::Checkout), request);
}
Answer<v1::RefundReply> Till::call(const v1::RefundRequest& request) const {
  return run<v1::RefundReply>(Unary<v1::RefundRequest, v1::RefundReply>(&Stub::Refund), request);
}
Answer<v1::HoldReply> Till::call(const v1::HoldRequest& request) const {
  return run<v1::HoldReply>(Unary<v1::HoldRequest, v1::HoldReply>(&Stub::Hold), request);
}
Answer<v1::ReleaseReply> Till::call(const v1::ReleaseRequest& request) const {
  return run<v1::ReleaseReply>(Unary<v1::ReleaseRequest, v1::ReleaseReply>(&Stub::Release),
                               request);
}
Answer<v1::GrantReply> Till::call(const v1::GrantRequest& request) const {
  return run<v1::GrantReply>(Unary<v1::GrantRequest, v1::GrantReply>(&Stub::Grant), request);
}
Answer<v1::RevokeGrantReply> Till::call(const v1::RevokeGrantRequest& request) const {
  using Method = Unary<v1::RevokeGrantRequest, v1::RevokeGrantReply>;
  return run<v1::RevokeGrantReply>(Method(&Stub::RevokeGrant), request);
}
Answer<v1::GetReceiptReply> Till::call(const v1::GetReceiptRequest& request) const {
  using Method = Unary<v1::GetReceiptRequest, v1::GetReceiptReply>;
  return run<v1::GetReceiptReply>(Method(&Stub::GetReceipt), request);
}
Answer<v1::EnrollReply> Till::call(const v1::EnrollRequest& request) const {
  return run<v1::EnrollReply>(Unary<v1::EnrollRequest, v1::EnrollReply>(&Stub::Enroll), request);
}
Answer<v1::LinkIdentityReply> Till::call(const v1::LinkIdentityRequest& request) const {
  using Method = Unary<v1::LinkIdentityRequest, v1::LinkIdentityReply>;
  return run<v1::LinkIdentityReply>(Method(&Stub::LinkIdentity), request);
}
Answer<v1::UnlinkIdentityReply> Till::call(const v1::UnlinkIdentityRequest& request) const {
  using Method = Unary<v1::UnlinkIdentityRequest, v1::UnlinkIdentityReply>;
  return run<v1::UnlinkIdentityReply>(Method(&Stub::UnlinkIdentity), request);
}
Answer<v1::GetMemberReply> Till::call(const v1::GetMemberRequest& request) const {
  using Method = Unary<v1::GetMemberRequest, v1::GetMemberReply>;
  return run<v1::GetMemberReply>(Method(&Stub::GetMember), request);
}
Answer<v1::ListHistoryReply> Till::call(const v1::ListHistoryRequest& request) const {
  using Method = Unary<v1::ListHistoryRequest, v1::ListHistoryReply>;
  return run<v1::ListHistoryReply>(Method(&Stub::ListHistory), request);
}

namespace {

template <typename Request>
bool call_if(const Till& till, const google::protobuf::Message& request, Answer<std::string>& out) {
  const auto* exact = dynamic_cast<const Request*>(&request);
  if (exact == nullptr) return false;
  const auto answer = till.call(*exact);
  out = {
      .reply = answer.reply.ShortDebugString(), .status = answer.status, .detail = answer.detail};
  return true;
}

}  // namespace

Answer<std::string> Till::call_any(const google::protobuf::Message& request) const {
  Answer<std::string> answer;
  const bool known = call_if<v1::QuoteRequest>(*this, request, answer) ||
                     call_if<v1::CheckoutRequest>(*this, request, answer) ||
                     call_if<v1::RefundRequest>(*this, request, answer) ||
                     call_if<v1::HoldRequest>(*this, request, answer) ||
                     call_if<v1::ReleaseRequest>(*this, request, answer) ||
                     call_if<v1::GrantRequest>(*this, request, answer) ||
                     call_if<v1::RevokeGrantRequest>(*this, request, answer) ||
                     call_if<v1::GetReceiptRequest>(*this, request, answer) ||
                     call_if<v1::EnrollRequest>(*this, request, answer) ||
                     call_if<v1::LinkIdentityRequest>(*this, request, answer) ||
                     call_if<v1::UnlinkIdentityRequest>(*this, request, answer) ||
                     call_if<v1::GetMemberRequest>(*this, request, answer) ||
                     call_if<v1::ListHistoryRequest>(*this, request, answer);
  EXPECT_TRUE(known) << request.GetTypeName();
  return answer;
}

void Till::enroll(const std::string& member) const {
  v1::EnrollRequest request;
  request.set_member_id(prefix + member);
  if (tells_receipt_) request.set_received_at_unix_ms(now);
  const auto answer = call(request);
  EXPECT_TRUE(answer.ok()) << answer.status << ": " << answer.detail.ShortDebugString();
  EXPECT_TRUE(answer.reply.enrolled_now()) << answer.reply.ShortDebugString();
}

v1::Receipt Till::accepted(const v1::CheckoutRequest& request) const {
  return receipt_in(call(request));
}
v1::Receipt Till::accepted(const v1::RefundRequest& request) const {
  return receipt_in(call(request));
}

v1::Receipt Till::accepted(const v1::HoldRequest& request) const {
  return receipt_in(call(request));
}
v1::Receipt Till::accepted(const v1::ReleaseRequest& request) const {
  return receipt_in(call(request));
}
v1::Receipt Till::accepted(const v1::GrantRequest& request) const {
  return receipt_in(call(request));
}
v1::Receipt Till::accepted(const v1::RevokeGrantRequest& request) const {
  return receipt_in(call(request));
}

v1::ReceiptRecord Till::buy(const Sale& sale) const {
  const v1::Receipt receipt = accepted(checkout(sale));
  EXPECT_FALSE(receipt.replayed()) << sale.id;
  return receipt.record();
}

v1::ReceiptRecord Till::give_back(const Sale& sale, const Return& what) const {
  const v1::Receipt receipt = accepted(refund(sale, what));
  EXPECT_FALSE(receipt.replayed()) << what.id;
  return receipt.record();
}

v1::Receipt Till::receipt(const v1::GetReceiptRequest& request) const {
  return receipt_in(call(request));
}

v1::Member Till::member(const std::string& id) const {
  v1::GetMemberRequest request;
  request.mutable_member()->set_id(prefix + id);
  const auto answer = call(request);
  EXPECT_TRUE(answer.ok()) << id << ", " << answer.status << ": "
                           << answer.detail.ShortDebugString();
  return answer.reply.member();
}

std::vector<v1::ReceiptRecord> Till::history(const std::string& member,
                                             std::uint32_t page_size) const {
  v1::ListHistoryRequest request;
  request.mutable_member()->set_id(prefix + member);
  request.set_page_size(page_size);
  std::vector<v1::ReceiptRecord> all;
  do {
    const auto answer = call(request);
    EXPECT_TRUE(answer.ok()) << answer.status << ": " << answer.detail.ShortDebugString();
    const auto& page = answer.reply.records();
    if (page_size > 0) {
      EXPECT_LE(page.size(), static_cast<int>(page_size));
    }
    all.insert(all.end(), page.begin(), page.end());
    request.set_page_token(answer.reply.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

v1::Refusal Till::refused(const v1::CheckoutRequest& request) const {
  return refusal_in(call(request));
}
v1::Refusal Till::refused(const v1::RefundRequest& request) const {
  return refusal_in(call(request));
}
v1::Refusal Till::refused(const v1::HoldRequest& request) const {
  return refusal_in(call(request));
}
v1::Refusal Till::refused(const v1::ReleaseRequest& request) const {
  return refusal_in(call(request));
}
v1::Refusal Till::refused(const v1::GrantRequest& request) const {
  return refusal_in(call(request));
}
v1::Refusal Till::refused(const v1::RevokeGrantRequest& request) const {
  return refusal_in(call(request));
}

}  // namespace wutong::test
