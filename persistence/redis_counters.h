#pragma once

#include <atomic>
#include <cstdint>

namespace wutong::persistence {

/// What the conversation with Redis came to, for metrics. Written by the I/O thread; read from any
/// thread, where it is exact only in the long run.
struct RedisCounters {
  /// Sent for callers, repeats included.
  std::atomic<std::uint64_t> commands = 0;
  /// Of those commands.
  std::atomic<std::uint64_t> bytes_sent = 0;
  /// Commands of callers that were answered with an error, were cut, or ran out of time.
  std::atomic<std::uint64_t> errors = 0;
  /// Connects that followed a cut.
  std::atomic<std::uint64_t> reconnects = 0;
  /// Connections that are ready now.
  std::atomic<std::int64_t> connected = 0;
};

}  // namespace wutong::persistence
