#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "wutong/v1/error.pb.h"
#include "wutong/v1/points.grpc.pb.h"

namespace wutong::ctl {

struct ClientOptions {
  std::string target = "127.0.0.1:7450";
  std::string token;
  std::int64_t timeout_ms = 5'000;
};

/// How a call ended: OK, or the status with what the gateway told of it.
struct CallResult {
  grpc::Status status;
  v1::ErrorDetail detail;

  [[nodiscard]] bool ok() const { return status.ok(); }
};

/// One connection to a gateway; blocking calls, for one thread.
class Client {
 public:
  explicit Client(ClientOptions options);

  [[nodiscard]] CallResult call(const v1::QuoteRequest& request, v1::QuoteReply& reply);
  [[nodiscard]] CallResult call(const v1::CheckoutRequest& request, v1::CheckoutReply& reply);
  [[nodiscard]] CallResult call(const v1::RefundRequest& request, v1::RefundReply& reply);
  [[nodiscard]] CallResult call(const v1::HoldRequest& request, v1::HoldReply& reply);
  [[nodiscard]] CallResult call(const v1::ReleaseRequest& request, v1::ReleaseReply& reply);
  [[nodiscard]] CallResult call(const v1::GrantRequest& request, v1::GrantReply& reply);
  [[nodiscard]] CallResult call(const v1::RevokeGrantRequest& request, v1::RevokeGrantReply& reply);
  [[nodiscard]] CallResult call(const v1::GetReceiptRequest& request, v1::GetReceiptReply& reply);
  [[nodiscard]] CallResult call(const v1::EnrollRequest& request, v1::EnrollReply& reply);
  [[nodiscard]] CallResult call(const v1::LinkIdentityRequest& request,
                                v1::LinkIdentityReply& reply);
  [[nodiscard]] CallResult call(const v1::UnlinkIdentityRequest& request,
                                v1::UnlinkIdentityReply& reply);
  [[nodiscard]] CallResult call(const v1::GetMemberRequest& request, v1::GetMemberReply& reply);
  [[nodiscard]] CallResult call(const v1::ListHistoryRequest& request, v1::ListHistoryReply& reply);

  /// Whether the gateway says that it serves.
  [[nodiscard]] CallResult healthy(bool& serving);

 private:
  template <typename Request, typename Reply>
  [[nodiscard]] CallResult run(grpc::Status (v1::Points::Stub::*method)(grpc::ClientContext*,
                                                                        const Request&, Reply*),
                               const Request& request, Reply& reply);

  ClientOptions options_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Points::Stub> stub_;
};

/// `INVALID_ARGUMENT` and the like.
[[nodiscard]] std::string name_of(grpc::StatusCode code);

}  // namespace wutong::ctl
