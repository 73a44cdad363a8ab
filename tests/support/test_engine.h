#pragma once

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/engine.h"
#include "persistence/codec.h"
#include "tests/support/program_p0.h"

/// An engine over any ledger, with program P0, for tests that call it as the edge does.
namespace wutong::testing {

/// Keeps in memory what a machine keeps in its data folder.
class MemorySafekeeping : public Safekeeping {
 public:
  void witness(std::uint32_t shard, const Head& head) override;
  [[nodiscard]] std::optional<Head> witnessed(std::uint32_t shard) const override;
  bool salvage(std::uint32_t shard, const std::vector<AppendRequest>& lost) override;

  /// What is told to shards from now on as witnessed before the start.
  void remember(std::uint32_t shard, const Head& head);
  [[nodiscard]] std::size_t salvaged() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint32_t, Head> last_;
  std::map<std::uint32_t, Head> remembered_;
  std::size_t salvaged_ = 0;
};

/// A key as the edge would make it, without the secret.
[[nodiscard]] domain::MemberKey member_key(const std::string& member_id);
[[nodiscard]] domain::RecordKey record_key(const std::string& venue, const std::string& order_id);

[[nodiscard]] domain::IdentityKey identity_key(const std::string& value);

/// A checkout at venue M1 of P0 paid in one tender, at `occurred_at`.
[[nodiscard]] domain::Checkout checkout_of(const std::string& order_id, std::int64_t minor_units,
                                           domain::Instant occurred_at,
                                           const std::string& venue = "M1");
[[nodiscard]] domain::Refund refund_of(const std::string& refund_id, const std::string& order_id,
                                       std::int64_t minor_units, domain::Instant occurred_at,
                                       const std::string& venue = "M1");

class TestEngine {
 public:
  TestEngine(Ledger& ledger, EngineOptions options, Clocks clocks = system_clocks());
  ~TestEngine();

  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] MemorySafekeeping& safekeeping() { return safekeeping_; }

  /// Waits until every shard is owned; false if that takes more than `seconds`.
  bool wait_until_ready(int seconds = 30);

  /// Submits at `received_at`; the future is answered once.
  std::future<Reply> submit(const std::string& member_id, Request request,
                            domain::Instant received_at, std::int64_t timeout_ms = 20'000);
  Reply call(const std::string& member_id, Request request, domain::Instant received_at);

  /// The same for whomever the identity is linked to.
  std::future<Reply> submit(domain::IdentityKey identity, Request request,
                            domain::Instant received_at, std::int64_t timeout_ms = 20'000);
  Reply call(domain::IdentityKey identity, Request request, domain::Instant received_at);

  /// A call as it is, but for its deadline and for who is told.
  std::future<Reply> submit(std::shared_ptr<Call> call, std::int64_t timeout_ms = 20'000);

  void enroll(const std::string& member_id, domain::Instant at);

  /// Ends the engine without a flush, as a crash would, or in order.
  void crash();
  bool stop(std::int64_t bound_ms = 20'000);

 private:
  persistence::StoredCodec codec_;
  MemorySafekeeping safekeeping_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace wutong::testing
