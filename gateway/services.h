#pragma once

#include <cstdint>
#include <memory>

#include "actors/engine.h"
#include "actors/ledger.h"
#include "gateway/call_metrics.h"
#include "gateway/credentials.h"

namespace grpc {
class Service;
}

namespace wutong {

struct ServiceOptions {
  /// A call is answered within the caller's deadline or this, whichever is shorter.
  std::int64_t deadline_max_ms = 5'000;
  /// Calls in the process at once; beyond it a call is answered RESOURCE_EXHAUSTED.
  std::uint32_t calls_under_way_max = 50'000;
  /// Items of one stream that are unanswered, or answered and not read; with as many, nothing more is
  /// read of it, so it may have a batch's items more.
  std::uint32_t stream_items_max = 4'096;
};

/// `wutong.v1.Points` over an engine: authenticates, translates, submits, and finishes the call on the
/// engine's thread. Blocks nowhere. Thread-safe; made by `Server`, or by a test with a server of its
/// own. Outlives the gRPC server that it is registered with.
class PointsService {
 public:
  /// `engine` and `metrics` outlive the service.
  static std::unique_ptr<PointsService> make(ServiceOptions options, Engine& engine,
                                             const LedgerInfo& ledger, Clocks clocks,
                                             std::shared_ptr<const Credentials> credentials,
                                             CallMetrics& metrics);
  virtual ~PointsService() = default;

  [[nodiscard]] virtual grpc::Service& grpc_service() = 0;
  /// For every call from now on; any thread.
  virtual void set_credentials(std::shared_ptr<const Credentials> credentials) = 0;
  /// Every call from now on is answered UNAVAILABLE; any thread.
  virtual void refuse_calls() = 0;
  /// Calls that are not answered yet; any thread.
  [[nodiscard]] virtual std::uint32_t under_way() const = 0;
};

}  // namespace wutong
