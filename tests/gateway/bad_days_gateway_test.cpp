#include <gtest/gtest.h>

#include <cstring>

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

}  // namespace

TEST(GatewayThatDies, HasAllThatItAcknowledgedAfterTwentyKills) {
  const auto seed = seed_of_test();
  RedisServer redis;
  RunningGateway gateway(redis, in_a_hurry());
  gateway.start();
  Crowd crowd({&gateway}, {.seed = seed});
  Moments moments(seed);
  Times back;
  int kills_between = 0;
  std::int64_t orders_half_done = 0;

  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(10s));
  for (int kill = 1; kill <= 20; ++kill) {
    ASSERT_TRUE(moments.comes(crowd, 150ms));
    gateway.kill();
    const auto half = half_done(gateway);
    orders_half_done += half;
    kills_between += half > 0 ? 1 : 0;
    gateway.launch();
    const auto served = crowd.everyone_served_within(15s);
    ASSERT_TRUE(served) << "after kill " << kill << ": " << crowd.summary();
    back.add(*served);
  }

  std::printf("%d kills came between claim and commit, of %lld orders\n", kills_between,
              static_cast<long long>(orders_half_done));
  EXPECT_GT(orders_half_done, 0);
  back.print("everybody served again after a kill of the gateway");
  expect_all_is_well(crowd, gateway);
}

TEST(GatewayThatIsStopped, LeavesInOrderAndTheNextOneNeedNotWait) {
  const auto seed = seed_of_test();
  RedisServer redis;
  // A lease that is not given up keeps the next owner out for far longer than this test waits.
  auto options = as_shipped();
  options.engine = {"lease_ttl_ms = 30000"};
  RunningGateway gateway(redis, options);
  gateway.start();
  Crowd crowd({&gateway}, {.seed = seed});
  Moments moments(seed);
  Times back;

  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(10s));
  for (int stop = 1; stop <= 3; ++stop) {
    ASSERT_TRUE(moments.comes(crowd, 300ms));
    EXPECT_EQ(gateway.terminate(), 0);
    gateway.launch();
    const auto served = crowd.everyone_served_within(5s);
    ASSERT_TRUE(served) << "after stop " << stop << ": " << crowd.summary();
    back.add(*served);
  }

  back.print("everybody served again after a restart in order");
  expect_all_is_well(crowd, gateway);
}

TEST(GatewayThatIsStopped, EndsWithinItsBoundWhileRedisDoesNotAnswer) {
  for (const bool frozen : {true, false}) {
    SCOPED_TRACE(frozen ? "Redis is frozen" : "Redis is killed");
    const auto seed = seed_of_test();
    RedisServer redis;
    RunningGateway gateway(redis, with_stop_bound());
    gateway.start();
    Crowd crowd({&gateway}, {.seed = seed});
    Moments moments(seed);
    crowd.start();
    ASSERT_TRUE(crowd.everyone_served_within(10s));
    ASSERT_TRUE(moments.comes(crowd, 300ms));

    frozen ? redis.freeze() : redis.kill();
    const auto begin = steady_clock::now();
    EXPECT_EQ(gateway.terminate(), 0);
    EXPECT_LE(steady_clock::now() - begin, stop_bound + stop_slack);

    frozen ? redis.thaw() : redis.start();
    gateway.launch();
    ASSERT_TRUE(crowd.everyone_served_within(10s)) << crowd.summary();
    expect_all_is_well(crowd, gateway);
  }
}

TEST(GatewayAndRedis, HaveAllThatWasAcknowledgedWhenBothAreKilledTogether) {
  const auto seed = seed_of_test();
  RedisServer redis;
  RunningGateway gateway(redis, in_a_hurry());
  gateway.start();
  Crowd crowd({&gateway}, {.seed = seed});
  Moments moments(seed);

  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(10s));
  for (int kill = 1; kill <= 5; ++kill) {
    ASSERT_TRUE(moments.comes(crowd, 150ms));
    redis.kill();
    gateway.kill();
    redis.start();
    static_cast<void>(half_done(gateway));
    gateway.launch();
    ASSERT_TRUE(crowd.everyone_served_within(15s)) << "after kill " << kill;
  }

  expect_all_is_well(crowd, gateway);
}

}  // namespace wutong::test
