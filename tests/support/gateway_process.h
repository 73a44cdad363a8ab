#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/redis_server.h"

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace wutong::v1 {
class Points;
}  // namespace wutong::v1

/// The real gateway, as a process of the test's own, over a real Redis. This header is light.
namespace wutong::test {

struct GatewayOptions {
  /// Who the node is; two on one ledger need two names.
  std::string node = "node-1";
  /// Program and policy; by default P0 without limits.
  std::filesystem::path program;
  std::filesystem::path risk_policy;
  /// "gateway" or "caller", for `create`.
  std::string clock = "caller";
  int history_days = 800;
  int shards = 4;
  /// Lines of TOML for [engine], [ledger] and [gateway], as in {"lease_ttl_ms = 500"}.
  std::vector<std::string> engine;
  std::vector<std::string> ledger;
  std::vector<std::string> gateway;
  std::string log_level = "info";
};

/// Starts `wutong serve` on Unix sockets in a folder of its own and talks to it as a till that may do
/// everything. The first one on a Redis creates the ledger. Ends with the test, stopped by process id.
class RunningGateway {
 public:
  explicit RunningGateway(const RedisServer& redis, GatewayOptions options = {});
  ~RunningGateway();

  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;

  /// Starts the process; does not wait.
  void launch();
  /// Polls health until it serves; false when that takes longer.
  [[nodiscard]] bool serves_within(std::chrono::milliseconds limit);
  /// `launch`, then waits; fails the test if it does not serve within 20 s.
  void start();

  /// SIGTERM, then its exit code; -1 if it had to be killed after 30 s.
  int terminate();
  /// SIGKILL.
  void kill();
  void freeze();
  void thaw();
  [[nodiscard]] bool running() const { return process_ > 0; }

  /// A channel of its own each time.
  [[nodiscard]] std::shared_ptr<grpc::Channel> channel() const;
  /// REQUIRES: "tests/support/running_gateway.h", which brings gRPC's headers.
  template <typename Service = v1::Points>
  [[nodiscard]] auto stub() const {
    return Service::NewStub(channel());
  }
  /// A call's context with this gateway's token (or another) and a deadline.
  [[nodiscard]] std::unique_ptr<grpc::ClientContext> context(
      std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  [[nodiscard]] std::unique_ptr<grpc::ClientContext> context_with(
      const std::string& token, std::chrono::milliseconds timeout = std::chrono::seconds(10)) const;
  [[nodiscard]] const std::string& token() const { return token_; }
  /// Adds a credential to the gateway's file; its token. Known from the next start on, or after SIGHUP.
  [[nodiscard]] std::string add_token(const std::string& name, const std::string& role,
                                      const std::string& venue) const;
  [[nodiscard]] const GatewayOptions& options() const { return options_; }
  [[nodiscard]] pid_t process() const { return process_; }

  /// Body of /metrics, /livez or /readyz; empty if nothing answers.
  [[nodiscard]] std::string http(const std::string& path) const;
  /// A metric's value, summed over its labels; -1 if it is not there. Only samples with all these
  /// labels count, each given as in `outcome="done"`.
  [[nodiscard]] double metric(const std::string& name,
                              const std::vector<std::string>& labels = {}) const;
  /// The same of a page that was fetched before.
  [[nodiscard]] static double metric_in(const std::string& page, const std::string& name,
                                        const std::vector<std::string>& labels = {});

  /// Runs a subcommand of `wutong` (check, audit) on this configuration; exit code and output.
  struct Ran {
    int exit_code = 0;
    std::string output;
  };
  [[nodiscard]] Ran run(const std::vector<std::string>& arguments) const;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path config_file() const { return folder_ / "wutong.toml"; }
  [[nodiscard]] std::filesystem::path log_file() const { return folder_ / "gateway.log"; }
  [[nodiscard]] std::string target() const;

 private:
  void write_files(const RedisServer& redis);

  GatewayOptions options_;
  std::filesystem::path folder_;
  std::string token_;
  pid_t process_ = 0;
  /// Where this start's lines begin in the log.
  std::uintmax_t log_begin_ = 0;
};

/// Runs a program of the build to its end; output is both of its streams.
[[nodiscard]] RunningGateway::Ran run_program(const std::vector<std::string>& command_line);

}  // namespace wutong::test
