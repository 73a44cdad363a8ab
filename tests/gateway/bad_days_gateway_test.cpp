#include <gtest/gtest.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "tests/gateway/bad_days.h"

/// The gateway dies, again and again, in the midst of everything.
namespace wutong::test {
namespace {

using std::chrono::steady_clock;

constexpr auto stop_bound = 1s;
/// To end the process, on a crowded machine.
constexpr auto stop_slack = 1s;

/// A bound for stopping that is shorter than any answer of Redis may take.
GatewayOptions with_stop_bound() {
  auto options = in_a_hurry();
  options.ledger = {"append_timeout_ms = 20000", "flush_timeout_ms = 20000",
                    "read_timeout_ms = 20000"};
  options.gateway = {"stop_timeout_ms = 1000"};
  return options;
}

/// Orders that the ledger has half: their checkout is there and the claim is not settled, or the other
/// way round. The ledger must hold with them.
[[nodiscard]] std::int64_t half_done(const RunningGateway& gateway) {
  const auto audit = gateway.run({"audit", "--json"});
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  std::int64_t count = 0;
  for (const char* name : {"\"orders_in_flight\":", "\"claims_without_checkout\":"}) {
    const auto at = audit.output.find(name);
    if (at == std::string::npos) {
      ADD_FAILURE() << "no " << name << " in " << audit.output;
      continue;
    }
    count += std::stoll(audit.output.substr(at + std::strlen(name)));
  }
  return count;
}

/// Redis, a gateway, and a crowd that is served.
struct Served {
  explicit Served(GatewayOptions options) : gateway(redis, std::move(options)) {
    gateway.start();
    crowd.emplace(std::vector<const RunningGateway*>{&gateway}, CrowdOptions{.seed = seed});
    crowd->start();
    EXPECT_TRUE(crowd->everyone_served_within(10s)) << crowd->summary();
  }

  const std::uint64_t seed = seed_of_test();
  Moments moments{seed};
  RedisServer redis;
  RunningGateway gateway;
  std::optional<Crowd> crowd;
};

}  // namespace

TEST(GatewayThatDies, HasAllThatItAcknowledgedAfterTwentyKills) {
  Served at(in_a_hurry());
  Times back;
  int kills_between = 0;
  std::int64_t orders_half_done = 0;

  for (int kill = 1; kill <= 20; ++kill) {
    ASSERT_TRUE(at.moments.comes(*at.crowd, 150ms));
    at.gateway.kill();
    const auto half = half_done(at.gateway);
    orders_half_done += half;
    kills_between += half > 0 ? 1 : 0;
    at.gateway.launch();
    const auto served = at.crowd->everyone_served_within(15s);
    ASSERT_TRUE(served) << "after kill " << kill << ": " << at.crowd->summary();
    back.add(*served);
  }

  std::printf("%d kills came between claim and commit, of %lld orders\n", kills_between,
              static_cast<long long>(orders_half_done));
  EXPECT_GT(orders_half_done, 0);
  back.print("everybody served again after a kill of the gateway");
  expect_all_is_well(*at.crowd, at.gateway);
}

TEST(GatewayThatIsStopped, LeavesInOrderAndTheNextOneNeedNotWait) {
  // A lease that is not given up keeps the next owner out for far longer than this test waits.
  auto options = as_shipped();
  options.engine = {"lease_ttl_ms = 30000"};
  Served at(options);
  Times back;

  for (int stop = 1; stop <= 3; ++stop) {
    ASSERT_TRUE(at.moments.comes(*at.crowd, 300ms));
    EXPECT_EQ(at.gateway.terminate(), 0);
    at.gateway.launch();
    const auto served = at.crowd->everyone_served_within(5s);
    ASSERT_TRUE(served) << "after stop " << stop << ": " << at.crowd->summary();
    back.add(*served);
  }

  back.print("everybody served again after a restart in order");
  expect_all_is_well(*at.crowd, at.gateway);
}

TEST(GatewayThatIsStopped, EndsWithinItsBoundWhileRedisDoesNotAnswer) {
  for (const bool frozen : {true, false}) {
    SCOPED_TRACE(frozen ? "Redis is frozen" : "Redis is killed");
    Served at(with_stop_bound());
    ASSERT_TRUE(at.moments.comes(*at.crowd, 300ms));

    frozen ? at.redis.freeze() : at.redis.kill();
    const auto begin = steady_clock::now();
    EXPECT_EQ(at.gateway.terminate(), 0);
    EXPECT_LE(steady_clock::now() - begin, stop_bound + stop_slack);

    frozen ? at.redis.thaw() : at.redis.start();
    at.gateway.launch();
    ASSERT_TRUE(at.crowd->everyone_served_within(10s)) << at.crowd->summary();
    expect_all_is_well(*at.crowd, at.gateway);
  }
}

TEST(GatewayAndRedis, HaveAllThatWasAcknowledgedWhenBothAreKilledTogether) {
  Served at(in_a_hurry());

  for (int kill = 1; kill <= 5; ++kill) {
    ASSERT_TRUE(at.moments.comes(*at.crowd, 150ms));
    at.redis.kill();
    at.gateway.kill();
    at.redis.start();
    static_cast<void>(half_done(at.gateway));
    at.gateway.launch();
    ASSERT_TRUE(at.crowd->everyone_served_within(15s)) << "after kill " << kill;
  }

  expect_all_is_well(*at.crowd, at.gateway);
}

}  // namespace wutong::test
