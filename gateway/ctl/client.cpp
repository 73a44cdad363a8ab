#include "gateway/ctl/client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <array>
#include <chrono>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"

namespace wutong::ctl {
namespace {

void prepare(grpc::ClientContext& context, const ClientOptions& options) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::milliseconds(options.timeout_ms));
  if (!options.token.empty()) context.AddMetadata("authorization", "Bearer " + options.token);
}

CallResult result_of(grpc::Status status) {
  CallResult result{.status = std::move(status)};
  v1::StatusDetails details;
  if (!result.ok() && details.ParseFromString(result.status.error_details())) {
    for (const auto& detail : details.details()) {
      if (detail.Is<v1::ErrorDetail>()) detail.UnpackTo(&result.detail);
    }
  }
  return result;
}

}  // namespace

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      channel_(grpc::CreateChannel(options_.target, grpc::InsecureChannelCredentials())),
      stub_(v1::Points::NewStub(channel_)) {}

template <typename Request, typename Reply>
CallResult Client::run(grpc::Status (v1::Points::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Reply*),
                       const Request& request, Reply& reply) {
  grpc::ClientContext context;
  prepare(context, options_);
  return result_of((stub_.get()->*method)(&context, request, &reply));
}

CallResult Client::call(const v1::QuoteRequest& request, v1::QuoteReply& reply) {
  return run(&v1::Points::Stub::Quote, request, reply);
}
CallResult Client::call(const v1::CheckoutRequest& request, v1::CheckoutReply& reply) {
  return run(&v1::Points::Stub::Checkout, request, reply);
}
CallResult Client::call(const v1::RefundRequest& request, v1::RefundReply& reply) {
  return run(&v1::Points::Stub::Refund, request, reply);
}
CallResult Client::call(const v1::HoldRequest& request, v1::HoldReply& reply) {
  return run(&v1::Points::Stub::Hold, request, reply);
}
CallResult Client::call(const v1::ReleaseRequest& request, v1::ReleaseReply& reply) {
  return run(&v1::Points::Stub::Release, request, reply);
}
CallResult Client::call(const v1::GrantRequest& request, v1::GrantReply& reply) {
  return run(&v1::Points::Stub::Grant, request, reply);
}
CallResult Client::call(const v1::RevokeGrantRequest& request, v1::RevokeGrantReply& reply) {
  return run(&v1::Points::Stub::RevokeGrant, request, reply);
}
CallResult Client::call(const v1::GetReceiptRequest& request, v1::GetReceiptReply& reply) {
  return run(&v1::Points::Stub::GetReceipt, request, reply);
}
CallResult Client::call(const v1::EnrollRequest& request, v1::EnrollReply& reply) {
  return run(&v1::Points::Stub::Enroll, request, reply);
}
CallResult Client::call(const v1::LinkIdentityRequest& request, v1::LinkIdentityReply& reply) {
  return run(&v1::Points::Stub::LinkIdentity, request, reply);
}
CallResult Client::call(const v1::UnlinkIdentityRequest& request, v1::UnlinkIdentityReply& reply) {
  return run(&v1::Points::Stub::UnlinkIdentity, request, reply);
}
CallResult Client::call(const v1::GetMemberRequest& request, v1::GetMemberReply& reply) {
  return run(&v1::Points::Stub::GetMember, request, reply);
}
CallResult Client::call(const v1::ListHistoryRequest& request, v1::ListHistoryReply& reply) {
  return run(&v1::Points::Stub::ListHistory, request, reply);
}

CallResult Client::healthy(bool& serving) {
  grpc::ClientContext context;
  prepare(context, options_);
  grpc::health::v1::HealthCheckRequest request;
  request.set_service("wutong.v1.Points");
  grpc::health::v1::HealthCheckResponse reply;
  CallResult result =
      result_of(grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, &reply));
  serving = result.ok() && reply.status() == grpc::health::v1::HealthCheckResponse::SERVING;
  return result;
}

std::string name_of(grpc::StatusCode code) {
  constexpr std::array<const char*, 17> names = {"OK",
                                                 "CANCELLED",
                                                 "UNKNOWN",
                                                 "INVALID_ARGUMENT",
                                                 "DEADLINE_EXCEEDED",
                                                 "NOT_FOUND",
                                                 "ALREADY_EXISTS",
                                                 "PERMISSION_DENIED",
                                                 "RESOURCE_EXHAUSTED",
                                                 "FAILED_PRECONDITION",
                                                 "ABORTED",
                                                 "OUT_OF_RANGE",
                                                 "UNIMPLEMENTED",
                                                 "INTERNAL",
                                                 "UNAVAILABLE",
                                                 "DATA_LOSS",
                                                 "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : std::to_string(index);
}

}  // namespace wutong::ctl
