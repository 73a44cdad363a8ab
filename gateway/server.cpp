#include "gateway/server.h"

#include <arpa/inet.h>
#include <grpcpp/alarm.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <netinet/in.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

namespace wutong {
namespace {

constexpr const char* service_name = "wutong.v1.Points";

class GrpcServer final : public Server {
 public:
  GrpcServer(ServerOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
             std::shared_ptr<const Credentials> credentials, CallMetrics& metrics)
      : options_(std::move(options)),
        engine_(engine),
        service_(PointsService::make(options_.service, engine, ledger, std::move(clocks),
                                     std::move(credentials), metrics)) {}

  ~GrpcServer() override { stop(0); }

  /// Whether the address could be bound.
  bool open() {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options_.listen, grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_->grpc_service());
    builder.SetMaxReceiveMessageSize(static_cast<int>(options_.message_bytes_max));
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                               static_cast<int>(options_.streams_per_connection_max));
    // Two gateways on one port would each get half of the calls, without a word.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    // A till that lost its power, or the network between, says no word.
    const auto keepalive_ms = static_cast<int>(options_.keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_ms);
    builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) return false;
    watch_health();
    return true;
  }

  [[nodiscard]] int port() const override { return port_; }

  void set_credentials(std::shared_ptr<const Credentials> credentials) override {
    service_->set_credentials(std::move(credentials));
  }

  void drain(std::int64_t bound_ms) override {
    service_->refuse_calls();
    tell_health_of_stop();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(bound_ms);
    while (service_->under_way() > 0 && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void stop(std::int64_t bound_ms) override {
    if (server_ == nullptr) return;
    tell_health_of_stop();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(bound_ms));
    server_->Wait();
    server_.reset();
  }

 private:
  /// Looks at the engine, tells the health service, and looks again later on a thread of gRPC's.
  void watch_health() {
    const std::lock_guard lock(health_mutex_);
    if (stopping_) return;
    set_serving(engine_.ready());
    const auto next =
        std::chrono::system_clock::now() + std::chrono::milliseconds(options_.health_interval_ms);
    health_alarm_.Set(next, [this](bool ok) {
      if (ok) watch_health();
    });
  }

  void tell_health_of_stop() {
    const std::lock_guard lock(health_mutex_);
    stopping_ = true;
    set_serving(false);
    health_alarm_.Cancel();
  }

  void set_serving(bool serving) {
    auto* health = server_->GetHealthCheckService();
    if (health == nullptr || serving_ == (serving ? 1 : 0)) return;
    serving_ = serving ? 1 : 0;
    health->SetServingStatus(serving);
    health->SetServingStatus(service_name, serving);
  }

  const ServerOptions options_;
  Engine& engine_;
  std::unique_ptr<PointsService> service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;

  std::mutex health_mutex_;
  bool stopping_ = false;
  /// -1 before the first look.
  int serving_ = -1;
  grpc::Alarm health_alarm_;
};

}  // namespace

bool is_loopback(const std::string& listen) {
  if (listen.starts_with("unix:")) return true;
  const auto colon = listen.rfind(':');
  if (colon == std::string::npos) return false;
  std::uint16_t port = 0;
  const char* end = listen.data() + listen.size();
  const auto parsed = std::from_chars(listen.data() + colon + 1, end, port);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return false;
  const std::string host = listen.substr(0, colon);
  if (host == "localhost" || host == "[::1]") return true;
  // A name may begin like an address, and lead anywhere.
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 &&
         ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

tl::expected<std::unique_ptr<Server>, std::string> Server::start(
    ServerOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
    std::shared_ptr<const Credentials> credentials, CallMetrics& metrics) {
  const std::string listen = options.listen;
  if (!is_loopback(listen)) {
    return tl::make_unexpected(listen + " is not a loopback address");
  }
  auto server = std::make_unique<GrpcServer>(std::move(options), engine, ledger, std::move(clocks),
                                             std::move(credentials), metrics);
  if (!server->open()) return tl::make_unexpected("cannot listen on " + listen);
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace wutong
