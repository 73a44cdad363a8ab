#include "tests/gateway/edge_gateway.h"

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/gateway/edge.h"

namespace wutong::test {
namespace {

// SHA-256 of the tokens "m1", "all" and "reader".
constexpr std::string_view credentials_text = R"(
[[credential]]
name = "everything at M1"
token_sha256 = "ca0df2c95aa144c1d0ff2ff3c8f967fdc1de9ef0c4120b3726416701b519d619"
role = "operator"
venues = ["M1"]

[[credential]]
name = "everything"
token_sha256 = "5ef5ef0364b6939c4ca61f34b393f7b368d1be8619647aaf83d5b395919ab629"
role = "operator"
venues = ["*"]

[[credential]]
name = "reader of M1"
token_sha256 = "3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"
role = "finance"
venues = ["M1"]
)";

std::shared_ptr<const Credentials> credentials() {
  auto parsed = parse_credentials(credentials_text, "credentials");
  if (!parsed) std::abort();
  return std::make_shared<const Credentials>(*std::move(parsed));
}

/// It is noon of the requests' day when a test begins, and time goes on from there.
Clocks clocks_from_noon() {
  const auto begin = std::chrono::steady_clock::now();
  return {.wall_ms =
              [begin] {
                const auto passed = std::chrono::steady_clock::now() - begin;
                return noon.unix_ms +
                       std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
              },
          .boot_ns = system_clocks().boot_ns};
}

template <typename Request, typename Reply>
grpc::Status unary(v1::Points::Stub& stub,
                   grpc::Status (v1::Points::Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Reply*),
                   grpc::ClientContext& context, const google::protobuf::Message& request) {
  Reply reply;
  return (stub.*method)(&context, dynamic_cast<const Request&>(request), &reply);
}

}  // namespace

EdgeGateway::EdgeGateway(EdgeOptions options)
    : clocks_(clocks_from_noon()),
      ledger_({.id = "edge",
               .shards = 4,
               .hash_key = hash_key(),
               .identity_key = identity_key(),
               .clock = options.clock},
              clocks_.wall_ms) {
  engine_ = Engine::start({.node_boot = "edge/1", .threads = 2},
                          {.ledger = ledger_,
                           .codec = codec_,
                           .safekeeping = safekeeping_,
                           .clocks = clocks_,
                           .log = [](LogLevel, const std::string&) {}},
                          {.program = options.program ? options.program : program_p0(),
                           .policy = options.policy ? options.policy : policy_without_limits()});
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!engine_->ready() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(engine_->ready());
  auto started = Server::start(std::move(options.server), *engine_, ledger_.info(), clocks_,
                               credentials(), metrics);
  if (!started) {
    ADD_FAILURE() << started.error();
    std::abort();
  }
  server_ = *std::move(started);
  channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                 grpc::InsecureChannelCredentials());
  stub_ = v1::Points::NewStub(channel_);
}

EdgeGateway::~EdgeGateway() {
  server_->stop(5'000);
  engine_->stop(5'000);
}

std::unique_ptr<grpc::ClientContext> EdgeGateway::context(std::string_view token) const {
  auto made = std::make_unique<grpc::ClientContext>();
  made->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  if (!token.empty()) made->AddMetadata("authorization", "Bearer " + std::string(token));
  return made;
}

grpc::Status EdgeGateway::call(Method method, const google::protobuf::Message& request,
                               std::string_view token) {
  const auto made = context(token);
  using Stub = v1::Points::Stub;
  switch (method) {
    case Method::quote:
      return unary(*stub_, &Stub::Quote, *made, request);
    case Method::checkout:
      return unary(*stub_, &Stub::Checkout, *made, request);
    case Method::refund:
      return unary(*stub_, &Stub::Refund, *made, request);
    case Method::hold:
      return unary(*stub_, &Stub::Hold, *made, request);
    case Method::release:
      return unary(*stub_, &Stub::Release, *made, request);
    case Method::grant:
      return unary(*stub_, &Stub::Grant, *made, request);
    case Method::revoke_grant:
      return unary(*stub_, &Stub::RevokeGrant, *made, request);
    case Method::link_identity:
      return unary(*stub_, &Stub::LinkIdentity, *made, request);
    case Method::unlink_identity:
      return unary(*stub_, &Stub::UnlinkIdentity, *made, request);
    case Method::get_receipt:
      return unary(*stub_, &Stub::GetReceipt, *made, request);
    case Method::enroll:
      return unary(*stub_, &Stub::Enroll, *made, request);
    case Method::get_member:
      return unary(*stub_, &Stub::GetMember, *made, request);
    case Method::list_history:
      return unary(*stub_, &Stub::ListHistory, *made, request);
  }
  return {};
}

void EdgeGateway::enroll(const std::string& member) {
  v1::EnrollRequest request;
  request.set_member_id(member);
  const auto reply = call(&v1::Points::Stub::Enroll, request);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

v1::ErrorDetail detail_of(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  if (!details.ParseFromString(status.error_details()) || details.details_size() != 1 ||
      !details.details(0).UnpackTo(&detail)) {
    ADD_FAILURE() << "no detail in: " << status.error_message();
  }
  EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
  return detail;
}

}  // namespace wutong::test
