#pragma once

#include <cstdint>
#include <string>

#include "actors/ledger.h"

/// What `main` sets to reach a ledger in Redis. No defaults hide elsewhere.
namespace wutong::persistence {

/// Where Redis listens.
struct RedisEndpoint {
  /// Absolute path of its Unix socket, at most 107 bytes. Empty: TCP. On one machine a socket saves
  /// about a tenth of the round trip, and is guarded by file permissions.
  std::string unix_socket;
  /// A numeric address. A name would be looked up on the I/O thread and block every shard.
  std::string host = "127.0.0.1";
  std::uint16_t port = 6379;
};

struct RedisOptions {
  RedisEndpoint endpoint;

  /// How long an append, with its WAIT, or a read of the head may take before it answers `unknown`
  /// and its connection is closed. Longer rides out a slow disk; shorter tells callers sooner.
  std::int64_t append_timeout_ms = 1'000;
  /// The same for flushes. They are written behind, so nobody waits for one; but a flush given up
  /// costs sending it again.
  std::int64_t flush_timeout_ms = 3'000;
  /// The same for reads, the lease and the clock. A page of the log must fit in.
  std::int64_t read_timeout_ms = 2'000;

  /// For connecting and greeting. A frozen Redis accepts connections without answering; each
  /// attempt takes a place in its backlog, so do not go far below the default.
  std::int64_t connect_timeout_ms = 1'000;
  /// Longest pause between two attempts to connect; the first follows a cut at once. Bounds, with
  /// the above, how long after Redis is back a shard still waits.
  std::int64_t reconnect_pause_max_ms = 200;

  /// Replicas that must have an append before it is answered (WAIT). 0: the answer means this one
  /// Redis. With 1 or more, Redis without enough replicas answers no append.
  std::uint32_t replicas = 0;

  /// Accepts `appendfsync everysec`: faster, and up to a second of acknowledged events is lost when
  /// the machine (not only Redis) goes down. Opening then warns.
  bool allow_everysec = false;

  /// For creating or opening the ledger as a whole, waiting for Redis to start or load included.
  std::int64_t setup_timeout_ms = 10'000;
};

/// What a new ledger is for ever.
struct CreateOptions {
  /// A power of two, 1 to 1,024. More shards spread over more cores and nodes; each costs two
  /// connections and an append of its own.
  std::uint32_t shards = 16;
  LedgerClock clock = LedgerClock::gateway;
  /// Days for which orders are known and receipts kept, 1 to 1,100. Memory of the ledger grows with
  /// it.
  std::int32_t history_days = 35;
};

}  // namespace wutong::persistence
