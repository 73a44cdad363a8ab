#include <absl/synchronization/mutex.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/server_callback.h>
#include <wutong/v1/points.grpc.pb.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

// What gRPC itself costs: a server that answers each checkout, alone or in a batch, with one and the same
// reply, of the size that the gateway's have, and does nothing else. Set up as the gateway sets its own up.

namespace wutong::bench {
namespace {

/// One stream: a batch is read, answered and written, one after another.
class EchoStream final : public grpc::ServerBidiReactor<v1::BatchRequest, v1::BatchReply> {
 public:
  explicit EchoStream(const v1::CheckoutReply& reply) : answer_(reply) { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    while (reply_.items_size() < request_.items_size()) {
      *reply_.add_items()->mutable_checkout() = answer_;
    }
    while (reply_.items_size() > request_.items_size()) reply_.mutable_items()->RemoveLast();
    for (int index = 0; index < request_.items_size(); ++index) {
      reply_.mutable_items(index)->set_number(request_.items(index).number());
    }
    StartWrite(&reply_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&request_);
  }
  void OnDone() override { delete this; }

 private:
  const v1::CheckoutReply& answer_;
  v1::BatchRequest request_;
  v1::BatchReply reply_;
};

class EchoPoints final : public v1::Points::CallbackService {
 public:
  explicit EchoPoints(v1::CheckoutReply reply) : reply_(std::move(reply)) {}

  grpc::ServerUnaryReactor* Checkout(grpc::CallbackServerContext* context,
                                     const v1::CheckoutRequest*, v1::CheckoutReply* out) override {
    *out = reply_;
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerBidiReactor<v1::BatchRequest, v1::BatchReply>* Stream(
      grpc::CallbackServerContext*) override {
    return new EchoStream(reply_);
  }

 private:
  const v1::CheckoutReply reply_;
};

int serve(const std::string& listen, const std::string& reply_file) {
  std::ifstream in(reply_file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  v1::CheckoutReply reply;
  if (!in || !reply.ParseFromString(bytes) || !reply.has_receipt()) {
    std::fprintf(stderr, "wutong-echo: %s holds no receipt\n", reply_file.c_str());
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  // Before any thread starts, which would take them otherwise.
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  EchoPoints service(std::move(reply));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) {
    std::fprintf(stderr, "wutong-echo: cannot listen on %s\n", listen.c_str());
    return 2;
  }
  std::printf("port %d, replies of %zu bytes\n", port, bytes.size());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  return 0;
}

}  // namespace
}  // namespace wutong::bench

int main(int argc, char** argv) {
  CLI::App app("Answers every checkout with the same reply: what gRPC itself costs.",
               "wutong-echo");
  std::string listen = "127.0.0.1:0";
  std::string reply_file;
  app.add_option("--listen", listen,
                 "loopback address and port; 0 takes a free one, and says which")
      ->capture_default_str();
  app.add_option("--reply", reply_file, "file with the serialized CheckoutReply")->required();
  CLI11_PARSE(app, argc, argv);
  // As in the gateway.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return wutong::bench::serve(listen, reply_file);
}
