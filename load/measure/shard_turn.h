#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "actors/engine.h"
#include "gateway/keys.h"
#include "load/measure/null_ledger.h"
#include "persistence/codec.h"

namespace wutong::bench {

/// A shard's turn: checkouts that come together, from `submit_all` until all are answered. The engine has one
/// shard and one thread, and a ledger that keeps nothing. One thread.
///
/// There are so many members that none has more than a few receipts by the time that a run ends.
class ShardTurn {
 public:
  static constexpr std::uint32_t calls = 64;

  explicit ShardTurn(Rules rules);
  ~ShardTurn();

  /// One checkout of each of the next `calls` members. Exits if one is not done.
  void run();

 private:
  class NoSafekeeping final : public Safekeeping {
   public:
    void witness(std::uint32_t, const Head&) override {}
    [[nodiscard]] std::optional<Head> witnessed(std::uint32_t) const override {
      return std::nullopt;
    }
    bool salvage(std::uint32_t, const std::vector<AppendRequest>&) override { return false; }
  };

  /// Of the next members, `request_of` each; until all are answered.
  template <typename RequestOf>
  void ask(RequestOf request_of);

  NullLedger ledger_;
  persistence::StoredCodec codec_;
  NoSafekeeping safekeeping_;
  const KeyHasher keys_;
  const domain::VenueId venue_;
  std::vector<std::string> members_;
  std::size_t next_ = 0;
  std::uint64_t orders_ = 0;
  std::atomic<std::uint32_t> unanswered_{0};
  std::atomic<std::uint32_t> failed_{0};
  // Last: its threads use all of the above.
  std::unique_ptr<Engine> engine_;
};

}  // namespace wutong::bench
