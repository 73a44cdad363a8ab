#include "gateway/status_server.h"

#include <httplib.h>

#include <atomic>
#include <thread>
#include <utility>

namespace wutong {
namespace {

constexpr std::size_t threads = 2;

class HttpStatusServer final : public StatusServer {
 public:
  explicit HttpStatusServer(StatusPages pages) : pages_(std::move(pages)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    server_.set_keep_alive_timeout(1);
    server_.set_payload_max_length(0);
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(pages_.metrics(), "text/plain; version=0.0.4; charset=utf-8");
    });
    server_.Get("/livez", [](const httplib::Request&, httplib::Response& response) {
      response.set_content("ok\n", "text/plain");
    });
    server_.Get("/readyz", [this](const httplib::Request&, httplib::Response& response) {
      const Readiness readiness = pages_.readiness();
      response.status = readiness.ready ? 200 : 503;
      response.set_content(readiness.json + "\n", "application/json");
    });
  }

  ~HttpStatusServer() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  bool open(const std::string& host, int port) {
    // Without SO_REUSEPORT, which the library sets by default: a second gateway must fail, not share.
    server_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    port_ = port == 0 ? server_.bind_to_any_port(host.c_str())
                      : (server_.bind_to_port(host.c_str(), port) ? port : -1);
    if (port_ <= 0) return false;
    // The library accepts on a thread that it is given.
    thread_ = std::thread([this] {
      server_.listen_after_bind();
      ended_ = true;
    });
    // To stop a server that is about to run does nothing, and it would run for ever.
    while (!server_.is_running() && !ended_) std::this_thread::yield();
    return true;
  }

  [[nodiscard]] int port() const override { return port_; }

 private:
  const StatusPages pages_;
  httplib::Server server_;
  std::thread thread_;
  std::atomic<bool> ended_{false};
  int port_ = -1;
};

}  // namespace

tl::expected<std::unique_ptr<StatusServer>, std::string> StatusServer::start(
    const std::string& host, int port, StatusPages pages) {
  if (!host.starts_with("127.") && host != "::1" && host != "localhost") {
    return tl::make_unexpected(host + " is not a loopback address");
  }
  auto server = std::make_unique<HttpStatusServer>(std::move(pages));
  if (!server->open(host, port)) {
    return tl::make_unexpected("cannot listen on " + host + ":" + std::to_string(port));
  }
  return std::unique_ptr<StatusServer>(std::move(server));
}

}  // namespace wutong
