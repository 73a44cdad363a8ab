#pragma once

#include <grpcpp/impl/codegen/status_code_enum.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wutong/v1/error.pb.h"
#include "wutong/v1/points.pb.h"

/// A till at a running gateway: requests are filled in as a till of the golden cases would send them,
/// and calls that must succeed fail the test if they do not.
namespace wutong::test {

class RunningGateway;

/// What a call was answered with: a reply, or a status with its detail.
template <typename Reply>
struct Answer {
  Reply reply;
  grpc::StatusCode status = grpc::StatusCode::OK;
  v1::ErrorDetail detail;

  [[nodiscard]] bool ok() const { return status == grpc::StatusCode::OK; }
};

/// An order as a customer would tell it; money in fen. What is left to pay is paid in cash.
struct Sale {
  std::string member;
  std::string id;
  std::int64_t amount = 0;
  std::int64_t use = 0;
  std::int64_t excluded = 0;
  std::string venue = "M1";
  /// Unix milliseconds; 0: just now.
  std::int64_t paid_at = 0;
  /// Id of the hold that it captures.
  std::string hold;
};

/// Part of a sale that comes back.
struct Return {
  std::string id;
  /// 0: the whole of what is left.
  std::int64_t amount = 0;
  std::int64_t excluded = 0;
};

/// Points set aside for a payment under way.
struct Aside {
  std::string member;
  std::string id;
  std::int64_t points = 0;
  std::string venue = "M1";
};

/// Points given by no order.
struct Gift {
  std::string member;
  std::string id;
  std::int64_t points = 0;
  std::string party = "MALL";
  /// As the program says, if empty.
  std::string expires_on;
  std::string venue = "M1";
};

/// Unix milliseconds of a civil time in Shanghai, as in "2026-03-02 12:00:00".
[[nodiscard]] std::int64_t shanghai(const std::string& civil);

/// One connection and one clock. Calls may come from any thread; the clock is set by its owner.
class Till {
 public:
  /// With the gateway's own token, or another; an empty one is not sent.
  explicit Till(const RunningGateway& gateway);
  Till(const RunningGateway& gateway, std::string token);
  ~Till();

  Till(const Till&) = delete;
  Till& operator=(const Till&) = delete;

  /// When things happen. Requests carry it as the time of receipt too where the ledger wants that.
  std::int64_t now = 0;
  /// Stands before every id that is given here.
  std::string prefix;
  std::int64_t timeout_ms = 10'000;

  [[nodiscard]] v1::CheckoutRequest checkout(const Sale& sale) const;
  [[nodiscard]] v1::QuoteRequest quote(const Sale& sale) const;
  [[nodiscard]] v1::RefundRequest refund(const Sale& sale, const Return& what) const;
  [[nodiscard]] v1::HoldRequest hold(const Aside& what) const;
  [[nodiscard]] v1::ReleaseRequest release(const Aside& what) const;
  [[nodiscard]] v1::GrantRequest grant(const Gift& gift) const;
  [[nodiscard]] v1::RevokeGrantRequest revoke(const Gift& gift, const std::string& id) const;
  [[nodiscard]] static v1::GetReceiptRequest receipt_of(const v1::CheckoutRequest& order);
  [[nodiscard]] static v1::GetReceiptRequest receipt_of(const v1::RefundRequest& refund);

  Answer<v1::QuoteReply> call(const v1::QuoteRequest& request) const;
  Answer<v1::CheckoutReply> call(const v1::CheckoutRequest& request) const;
  Answer<v1::RefundReply> call(const v1::RefundRequest& request) const;
  Answer<v1::HoldReply> call(const v1::HoldRequest& request) const;
  Answer<v1::ReleaseReply> call(const v1::ReleaseRequest& request) const;
  Answer<v1::GrantReply> call(const v1::GrantRequest& request) const;
  Answer<v1::RevokeGrantReply> call(const v1::RevokeGrantRequest& request) const;
  Answer<v1::GetReceiptReply> call(const v1::GetReceiptRequest& request) const;
  Answer<v1::EnrollReply> call(const v1::EnrollRequest& request) const;
  Answer<v1::LinkIdentityReply> call(const v1::LinkIdentityRequest& request) const;
  Answer<v1::UnlinkIdentityReply> call(const v1::UnlinkIdentityRequest& request) const;
  Answer<v1::GetMemberReply> call(const v1::GetMemberRequest& request) const;
  Answer<v1::ListHistoryReply> call(const v1::ListHistoryRequest& request) const;
  /// Any method's request.
  Answer<std::string> call_any(const google::protobuf::Message& request) const;

  // What must succeed.
  void enroll(const std::string& member) const;
  v1::Receipt accepted(const v1::CheckoutRequest& request) const;
  v1::Receipt accepted(const v1::RefundRequest& request) const;
  v1::Receipt accepted(const v1::HoldRequest& request) const;
  v1::Receipt accepted(const v1::ReleaseRequest& request) const;
  v1::Receipt accepted(const v1::GrantRequest& request) const;
  v1::Receipt accepted(const v1::RevokeGrantRequest& request) const;
  /// A sale that has never been seen; its record.
  v1::ReceiptRecord buy(const Sale& sale) const;
  v1::ReceiptRecord give_back(const Sale& sale, const Return& what) const;
  [[nodiscard]] v1::Receipt receipt(const v1::GetReceiptRequest& request) const;
  [[nodiscard]] v1::Member member(const std::string& id) const;
  /// All of it, newest first, a page at a time.
  [[nodiscard]] std::vector<v1::ReceiptRecord> history(const std::string& member,
                                                       std::uint32_t page_size = 0) const;

  // What must be refused, inside a reply.
  v1::Refusal refused(const v1::CheckoutRequest& request) const;
  v1::Refusal refused(const v1::RefundRequest& request) const;
  v1::Refusal refused(const v1::HoldRequest& request) const;
  v1::Refusal refused(const v1::ReleaseRequest& request) const;
  v1::Refusal refused(const v1::GrantRequest& request) const;
  v1::Refusal refused(const v1::RevokeGrantRequest& request) const;

 private:
  struct Line;

  template <typename Reply, typename Request, typename Method>
  Answer<Reply> run(Method method, const Request& request) const;

  const bool tells_receipt_;
  const std::unique_ptr<Line> line_;
};

}  // namespace wutong::test
