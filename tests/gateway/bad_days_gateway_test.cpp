#include <gtest/gtest.h>

#include "tests/gateway/bad_days.h"

/// The gateway dies, again and again, in the midst of everything.
namespace wutong::test {

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
  RunningGateway gateway(redis, as_shipped());
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
