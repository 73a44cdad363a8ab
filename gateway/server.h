#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "gateway/services.h"

namespace wutong {

struct ServerOptions {
  /// `127.0.0.1:PORT`, `[::1]:PORT`, `localhost:PORT` or `unix:PATH`; port 0 takes a free one.
  std::string listen = "127.0.0.1:7450";
  /// Larger requests are answered RESOURCE_EXHAUSTED.
  std::uint32_t message_bytes_max = 256 * 1024;
  /// Calls of one connection at once; more wait in the client.
  std::uint32_t streams_per_connection_max = 4'096;
  /// A connection that has been silent for so long is asked whether anybody is there, and closed with all
  /// its streams if it is silent for as long again.
  std::int64_t keepalive_ms = 60'000;
  /// How often readiness is looked at for the health service.
  std::int64_t health_interval_ms = 500;
  ServiceOptions service;
};

/// Whether `listen` can be reached from this machine only. There is no TLS yet, and tokens travel in
/// the clear.
[[nodiscard]] bool is_loopback(const std::string& listen);

/// The gRPC server: `wutong.v1.Points`, standard health (of the server and of that service; serving
/// while the engine is ready) and reflection. Owned by `main`, used by its thread.
class Server {
 public:
  /// Serves from now on, or says why not. `engine` and `metrics` outlive the server.
  static tl::expected<std::unique_ptr<Server>, std::string> start(
      ServerOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
      std::shared_ptr<const Credentials> credentials, CallMetrics& metrics);
  virtual ~Server() = default;

  /// The port taken; 0 for a Unix socket.
  [[nodiscard]] virtual int port() const = 0;
  virtual void set_credentials(std::shared_ptr<const Credentials> credentials) = 0;

  /// Answers new calls UNAVAILABLE, tells health that it does not serve, and waits until the calls under
  /// way are answered, at most `bound_ms`. To come before `stop`: gRPC answers calls that reach a
  /// server after its shutdown began CANCELLED, without a word, and no till knows what to make of it.
  virtual void drain(std::int64_t bound_ms) = 0;

  /// Not serving any more: takes no calls, waits for those under way. After `bound_ms` they are
  /// cancelled; the engine still has to answer them, as it does by their deadlines.
  virtual void stop(std::int64_t bound_ms) = 0;
};

}  // namespace wutong
