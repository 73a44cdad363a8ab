#include "gateway/server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge_gateway.h"

namespace wutong::test {
namespace {

using ::testing::HasSubstr;

/// What reflection answers to "list the services", as bytes: its classes are in a library of gRPC's
/// without headers.
std::string listed_services(const std::shared_ptr<grpc::Channel>& channel) {
  constexpr const char* method = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
  const grpc::Slice list_services(std::string("\x3a\x00", 2));
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const auto wait = [&] { return queue.Next(&tag, &ok) && ok; };
  const auto call = stub.PrepareCall(&context, method, &queue);
  call->StartCall(nullptr);
  if (!wait()) return "no call";
  call->Write(grpc::ByteBuffer(&list_services, 1), nullptr);
  if (!wait()) return "no write";
  grpc::ByteBuffer answer;
  call->Read(&answer, nullptr);
  if (!wait()) return "no answer";
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (answer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) {
      bytes.append(slice.begin(), slice.end());
    }
  }
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  wait();
  return bytes;
}

/// A client that begins to speak HTTP/2 and says no more, as one whose machine has lost its power.
class MutePeer {
 public:
  explicit MutePeer(int port) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // The preface, and settings that change nothing.
    const std::string greeting =
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\4\0\0\0\0\0", 9);
    greeted_ = connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
               send(socket_, greeting.data(), greeting.size(), MSG_NOSIGNAL) > 0;
  }
  ~MutePeer() { close(socket_); }
  MutePeer(const MutePeer&) = delete;
  MutePeer& operator=(const MutePeer&) = delete;

  [[nodiscard]] bool greeted() const { return greeted_; }
  /// Whether the server hangs up by then.
  [[nodiscard]] bool is_closed_by(std::chrono::steady_clock::time_point end) const {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          end - std::chrono::steady_clock::now());
      pollfd events{.fd = socket_, .events = POLLIN, .revents = 0};
      if (poll(&events, 1, std::max(0, static_cast<int>(left.count()))) == 0) return false;
      std::array<char, 1'024> heard{};
      if (recv(socket_, heard.data(), heard.size(), 0) <= 0) return true;
    }
  }

 private:
  int socket_;
  bool greeted_ = false;
};

TEST(Server, HangsUpOnWhomNobodyHearsAnyMore) {
  constexpr std::chrono::milliseconds keepalive(300);
  EdgeGateway gateway(
      {.server = {.listen = "127.0.0.1:0", .keepalive_ms = std::int64_t{keepalive.count()}}});
  gateway.enroll("alice");
  const auto context = gateway.context();
  const auto stream = gateway.stub().Stream(context.get());
  const auto begun = std::chrono::steady_clock::now();
  const MutePeer mute(gateway.server().port());

  ASSERT_TRUE(mute.greeted());
  EXPECT_FALSE(mute.is_closed_by(begun + keepalive));
  EXPECT_TRUE(mute.is_closed_by(begun + std::chrono::seconds(20)));

  // Who answers is kept, though it has asked nothing all the time.
  std::this_thread::sleep_until(begun + 4 * keepalive);
  v1::BatchRequest request;
  auto& item = *request.add_items();
  item.set_number(7);
  item.mutable_checkout()->CopyFrom(*valid_request(Method::checkout, LedgerClock::gateway));
  v1::BatchReply reply;
  EXPECT_TRUE(stream->Write(request));
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(reply.items(0).number(), 7U);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(Server, HealthIsServingUntilItStops) {
  EdgeGateway gateway;
  const auto health = grpc::health::v1::Health::NewStub(gateway.channel());
  grpc::health::v1::HealthCheckRequest request;
  grpc::health::v1::HealthCheckResponse reply;
  request.set_service("wutong.v1.Points");

  const auto status = health->Check(gateway.context("").get(), request, &reply);
  gateway.server().stop(5'000);
  grpc::health::v1::HealthCheckResponse stopped;
  const auto after = health->Check(gateway.context("").get(), request, &stopped);

  EXPECT_TRUE(status.ok());
  EXPECT_EQ(reply.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  EXPECT_FALSE(after.ok());
}

TEST(Server, ReflectionNamesTheServices) {
  EdgeGateway gateway;

  const std::string services = listed_services(gateway.channel());

  EXPECT_THAT(services, HasSubstr("wutong.v1.Points"));
  EXPECT_THAT(services, HasSubstr("grpc.health.v1.Health"));
}

TEST(Server, StopAnswersWhatIsUnderWayAndNothingAfter) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  constexpr int tills = 8;
  std::atomic<int> accepted{0};
  std::vector<std::jthread> running;
  for (int till = 0; till < tills; ++till) {
    running.emplace_back([&gateway, &accepted, till] {
      auto request = dynamic_cast<const v1::CheckoutRequest&>(
          *valid_request(Method::checkout, LedgerClock::gateway));
      for (int i = 0;; ++i) {
        request.set_order_id(std::to_string(till) + "-" + std::to_string(i));
        v1::CheckoutReply reply;
        const auto status = gateway.stub().Checkout(gateway.context().get(), request, &reply);
        if (!status.ok()) break;
        EXPECT_TRUE(reply.has_receipt());
        ++accepted;
      }
    });
  }
  while (accepted < tills) std::this_thread::yield();

  gateway.server().stop(5'000);
  running.clear();

  EXPECT_EQ(gateway.metrics.under_way(), 0U);
  // A call that was taken is answered as if nothing were the matter.
  EXPECT_EQ(gateway.metrics.durations(Method::checkout, CallOutcome::unavailable).count, 0U);
}

TEST(Server, DrainTellsCallersToAskAgainAndNeverCutsThemOff) {
  EdgeGateway gateway;
  gateway.enroll("alice");

  gateway.server().drain(5'000);
  const auto status =
      gateway.call(Method::checkout, *valid_request(Method::checkout, LedgerClock::gateway));

  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(detail_of(status).retryable());
  EXPECT_GT(detail_of(status).retry_after_ms(), 0);
  EXPECT_EQ(gateway.metrics.under_way(), 0U);
}

TEST(Server, APortTakenIsSaid) {
  EdgeGateway gateway;
  CallMetrics metrics;
  const std::string listen = "127.0.0.1:" + std::to_string(gateway.server().port());

  const auto second =
      Server::start({.listen = listen}, gateway.engine(), {.hash_key = std::string(16, 'k')},
                    system_clocks(), nullptr, metrics);

  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr(listen));
}

TEST(Server, ListensOnLoopbackOnly) {
  for (const char* near :
       {"127.0.0.1:0", "127.1.2.3:7450", "localhost:7450", "[::1]:7450", "unix:/run/wutong.sock"}) {
    EXPECT_TRUE(is_loopback(near)) << near;
  }
  for (const char* far :
       {"0.0.0.0:7450", "192.168.1.1:7450", "[::]:7450", "127.0.0.1.example.com:7450",
        "127.example.com:7450", "127.1:7450", "127.0.0.256:7450", "localhost.example.com:7450",
        "128.0.0.1:7450", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", ""}) {
    EXPECT_FALSE(is_loopback(far)) << far;
  }
}

}  // namespace
}  // namespace wutong::test
