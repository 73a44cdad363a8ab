#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "actors/engine.h"
#include "actors/ledger.h"

namespace wutong {

struct Readiness {
  bool ready = false;
  /// One JSON object: why not, shards owned, clock mode, versions, share of the log's bound.
  std::string json;
};

/// What `/readyz` tells of `engine`. `log_bytes_max` is the engine's bound; from 80 % of it on there is
/// a warning.
[[nodiscard]] Readiness readiness_of(const Engine& engine, const LedgerInfo& ledger,
                                     std::int64_t log_bytes_max);

struct StatusPages {
  /// Prometheus' text form.
  std::function<std::string()> metrics;
  std::function<Readiness()> readiness;
};

/// HTTP for operators, on loopback: `/metrics`, `/livez` (200 while the process answers) and `/readyz`
/// (200 or 503, JSON). Has threads of its own; ends with its destruction. The pages are called on
/// those threads.
class StatusServer {
 public:
  /// Serves on `host`:`port` (port 0 takes a free one), or says why not.
  static tl::expected<std::unique_ptr<StatusServer>, std::string> start(const std::string& host,
                                                                        int port,
                                                                        StatusPages pages);
  virtual ~StatusServer() = default;
  [[nodiscard]] virtual int port() const = 0;
};

}  // namespace wutong
