#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <string_view>

#include "actors/engine.h"
#include "gateway/call_metrics.h"
#include "gateway/server.h"
#include "persistence/codec.h"
#include "persistence/memory_ledger.h"
#include "tests/support/test_engine.h"
#include "wutong/v1/error.pb.h"
#include "wutong/v1/points.grpc.pb.h"

/// The real server over the real engine, on a real channel; only the ledger is in memory.
namespace wutong::test {

struct EdgeOptions {
  LedgerClock clock = LedgerClock::gateway;
  /// P0 without limits where these are null.
  std::shared_ptr<const domain::Program> program;
  std::shared_ptr<const domain::RiskPolicy> policy;
  ServerOptions server{.listen = "127.0.0.1:0"};
};

class EdgeGateway {
 public:
  explicit EdgeGateway(EdgeOptions options = {});
  ~EdgeGateway();

  EdgeGateway(const EdgeGateway&) = delete;
  EdgeGateway& operator=(const EdgeGateway&) = delete;

  /// Tokens of the tests: `m1` may do everything for M1, `all` everything for all venues, `reader`
  /// (finance) may read of M1.
  [[nodiscard]] std::unique_ptr<grpc::ClientContext> context(std::string_view token = "m1") const;
  [[nodiscard]] v1::Points::Stub& stub() { return *stub_; }
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const { return channel_; }

  /// The reply, or its status in `status`.
  template <typename Reply, typename Request>
  Reply call(grpc::Status (v1::Points::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
             const Request& request, std::string_view token = "m1") {
    Reply reply;
    status = (stub_.get()->*method)(context(token).get(), request, &reply);
    return reply;
  }
  /// Any method, its request as it is on the wire.
  grpc::Status call(Method method, const google::protobuf::Message& request,
                    std::string_view token = "m1");

  void enroll(const std::string& member);

  grpc::Status status;
  CallMetrics metrics;

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Engine& engine() { return *engine_; }

 private:
  Clocks clocks_;
  persistence::MemoryLedger ledger_;
  persistence::StoredCodec codec_;
  testing::MemorySafekeeping safekeeping_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Points::Stub> stub_;
};

/// What the gateway told of an error.
[[nodiscard]] v1::ErrorDetail detail_of(const grpc::Status& status);

}  // namespace wutong::test
