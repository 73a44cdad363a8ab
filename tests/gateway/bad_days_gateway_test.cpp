#include <gtest/gtest.h>

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

}  // namespace

TEST(GatewayThatDies, HasAllThatItAcknowledgedAfterTwentyKills) {
  const auto seed = seed_of_test();
  RedisServer redis;
  RunningGateway gateway(redis, in_a_hurry());
  gateway.start();
  Crowd crowd({&gateway}, {.seed = seed});
  Moments moments(seed);
  Times back;

  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(10s));
  for (int kill = 1; kill <= 20; ++kill) {
    ASSERT_TRUE(moments.comes(crowd, 150ms));
    gateway.kill();
    gateway.launch();
    const auto served = crowd.everyone_served_within(15s);
    ASSERT_TRUE(served) << "after kill " << kill << ": " << crowd.summary();
    back.add(*served);
  }

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
    gateway.launch();
    ASSERT_TRUE(crowd.everyone_served_within(15s)) << "after kill " << kill;
  }

  expect_all_is_well(crowd, gateway);
}

}  // namespace wutong::test
