#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "actors/ledger.h"
#include "persistence/redis_counters.h"
#include "persistence/redis_options.h"

/// A ledger in Redis: created once by an explicit command, then opened by every gateway.
namespace wutong::persistence {

/// Why a ledger could not be created or opened. `main` tells the user and ends.
enum class SetupFault : std::uint8_t {
  invalid_options = 1,
  unreachable = 2,      ///< no answer in time: not running, loading, frozen, or the wrong address
  unsafe_settings = 3,  ///< Redis is set up so that it may lose what it acknowledged
  no_ledger = 4,        ///< none was created here
  ledger_exists = 5,    ///< one is here already, and is left as it is
  stray_data = 6,       ///< keys of a ledger that is not whole: an operator decides
  damaged = 7,          ///< the ledger's own record cannot be read
};
struct SetupError {
  SetupFault fault = SetupFault::unreachable;
  /// Names everything that is wrong, not only the first, and holds no secret.
  std::string detail;
};

/// Every shard's journal, and the connections and the I/O thread that they share. Owned by `main`.
///
/// The destructor closes it: destroy it when shards no longer call, and before whatever callbacks
/// point to.
class RedisLedger final : public Ledger {
 public:
  ~RedisLedger() override;

  [[nodiscard]] const LedgerInfo& info() const override;
  [[nodiscard]] Journal& journal(std::uint32_t shard) override;
  void read_clock(LedgerCallback<std::int64_t> done) override;
  void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                      LedgerCallback<SnapshotPage> done) override;

  /// Answers `unknown` to what is under way, on the I/O thread, and to whatever is asked from then on,
  /// at once and on the caller's thread. For a stop that may not wait for Redis. One thread only.
  void close();

  /// May be read from any thread as long as the ledger lives.
  [[nodiscard]] const RedisCounters& counters() const;

 private:
  struct Parts;
  friend struct RedisLedgerOpener;
  explicit RedisLedger(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

struct OpenedLedger {
  std::unique_ptr<RedisLedger> ledger;
  /// For the log: what is allowed by the options and yet worth a thought.
  std::vector<std::string> warnings;
};

/// Makes a new ledger with random keys: a head and a mark in every shard, then `wutong:ledger`,
/// which alone makes it one. Cut short it may be called again; of two at a time one wins. Refuses
/// where a ledger, or anything but such beginnings, is. Blocks, up to `setup_timeout_ms`: at start
/// only.
[[nodiscard]] tl::expected<LedgerInfo, SetupError> create_ledger(const RedisOptions& redis,
                                                                 const CreateOptions& options);

/// Checks Redis's settings, reads the ledger's record and connects.
/// Blocks, up to `setup_timeout_ms`: at start only.
[[nodiscard]] tl::expected<OpenedLedger, SetupError> open_ledger(const RedisOptions& options);

}  // namespace wutong::persistence
