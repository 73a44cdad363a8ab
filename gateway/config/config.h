#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "actors/engine.h"
#include "persistence/redis_options.h"

/// The gateway's configuration: one TOML file. `ops/wutong.toml` is a whole one with every key.
///
/// An unknown key, a value out of its range and a missing key that has no default are all told, each
/// with line and key, and stop the start. Paths are relative to the file's folder.
namespace wutong {

struct Config {
  // [ledger]: where Redis is, and who we are to other nodes.
  //   node                   1 to 32 letters, digits, '.', '-', '_'; one per node. Required.
  //   unix_socket            path, at most 107 bytes; or:
  //   host, port             a numeric address and 1 to 65535. One of the two is required.
  //   replicas               0 to 8
  //   allow_everysec         true accepts to lose a second with the machine
  //   append_timeout_ms, flush_timeout_ms, read_timeout_ms, connect_timeout_ms   10 to 60000
  //   reconnect_pause_max_ms 1 to 10000
  //   setup_timeout_ms       100 to 600000
  std::string node;
  persistence::RedisOptions redis;

  // [create]: what `wutong create` fixes for ever.
  //   shards                 a power of two, 1 to 1024
  //   clock                  "gateway" or "caller"
  //   history_days           1 to 1100
  persistence::CreateOptions create;

  // [engine]; what each key trades off stands at EngineOptions.
  //   threads                1 to 256
  //   resident_members_max   1 to 10^9
  //   identity_answers_max   0 to 10^9
  //   queued_calls_max       1 to 10^6, in each shard
  //   lease_ttl_ms           100 to 60000
  //   append_timeout_ms      10 to 60000
  //   tail_bytes_max, log_bytes_max   64 KiB to 1 TiB, over all shards
  //   batch_bytes_max        1000 to 1000000
  //   flush_members_max      1 to 512
  //   flush_interval_ms      1 to 600000
  //   sweep_keys_per_second  0 (no sweep) to 1000000
  //   sweep_members_per_second        1 to 1000000
  //   sweep_resident_members_max      1 to 1000000
  //   sweep_interval_ms      10 to 43200000
  /// `node_boot` is left empty: it is of a start, not of a file.
  EngineOptions engine;

  // [gateway]: gRPC.
  //   listen                 loopback address and port ("127.0.0.1:7450", "[::1]:0", "localhost:7450";
  //                          port 0 takes a free one) or "unix:PATH"
  //   message_bytes_max      1024 to 16777216
  //   streams_per_connection_max      1 to 65536
  //   calls_under_way_max    1 to 10^6
  //   stream_items_max       1 to 65536
  //   keepalive_ms           1000 to 3600000
  //   deadline_max_ms        10 to 60000
  //   stop_timeout_ms        100 to 600000
  //   heap_reserve_bytes     0 to 1 TiB
  struct Gateway {
    std::string listen = "127.0.0.1:7450";
    std::uint32_t message_bytes_max = 256 * 1024;
    std::uint32_t streams_per_connection_max = 4'096;
    std::uint32_t calls_under_way_max = 50'000;
    /// Of a stream, unanswered or unread: with as many nothing more is read of it.
    std::uint32_t stream_items_max = 4'096;
    /// A connection that was silent for so long, and then does not answer for as long, is closed.
    std::int64_t keepalive_ms = 60'000;
    /// A call is answered within this, also if its caller would wait longer.
    std::int64_t deadline_max_ms = 5'000;
    /// After SIGTERM: finish, flush and give the shards up within this.
    std::int64_t stop_timeout_ms = 20'000;
    /// Asked of the kernel at the start, a second a gibibyte, so that no call waits for memory that is new.
    std::uint64_t heap_reserve_bytes = 0;
  };
  Gateway gateway;

  // [metrics]: HTTP with /metrics, /livez and /readyz.
  //   listen                 loopback address and port
  struct Metrics {
    std::string host = "127.0.0.1";
    int port = 7451;
  };
  Metrics metrics;

  // [documents]
  //   program, risk_policy   files. Required.
  struct Documents {
    std::filesystem::path program;
    std::filesystem::path risk_policy;
  };
  Documents documents;

  // [credentials]
  //   file                   who may call what. Required.
  std::filesystem::path credentials_file;

  // [witness]: what the node keeps to notice that the ledger lost something.
  //   file                   the heads of the shards, at most a second late. Required.
  //   salvage_folder         for batches that were acknowledged and lost. Default: the file's folder.
  struct Witness {
    std::filesystem::path file;
    std::filesystem::path salvage_folder;
  };
  Witness witness;

  // [log]
  //   level                  "trace", "debug", "info", "warning" or "error"
  //   format                 "text" or "json"
  struct Log {
    enum class Level : std::uint8_t { trace, debug, info, warning, error };
    enum class Format : std::uint8_t { text, json };

    Level level = Level::info;
    Format format = Format::text;
  };
  Log log;
};

/// `text` as the configuration of `folder`; or all that is wrong with it, each as
/// `line 12: gateway.listen: ...`.
[[nodiscard]] tl::expected<Config, std::vector<std::string>> parse_config(
    std::string_view text, const std::filesystem::path& folder);

/// The same of a file, each error after `file: `; one that cannot be read is an error.
[[nodiscard]] tl::expected<Config, std::vector<std::string>> load_config(
    const std::filesystem::path& file);

}  // namespace wutong
