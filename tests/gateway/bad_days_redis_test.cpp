#include <gtest/gtest.h>

#include <functional>

#include "tests/gateway/bad_days.h"

/// Redis dies, stops, freezes and cuts connections; the gateway lives on.
namespace wutong::test {
namespace {

/// From Redis answering again until everybody is served again.
constexpr auto back_within = 5s;
/// An attempt may end this long after its deadline, for want of a core.
constexpr std::int64_t slack_ms = 400;

}  // namespace

class RedisOutage : public ::testing::Test {
 protected:
  void SetUp() override {
    gateway_.start();
    crowd_.emplace(std::vector<const RunningGateway*>{&gateway_}, CrowdOptions{.seed = seed_});
    crowd_->start();
    ASSERT_TRUE(crowd_->everyone_served_within(10s));
  }

  /// REQUIRES: Redis answers.
  void expect_back(const std::string& after) {
    const auto served = crowd_->everyone_served_within(back_within);
    ASSERT_TRUE(served) << "after " << after << ": " << crowd_->summary();
    back_.add(*served);
  }

  /// Redis is gone: callers are told so, by the gateway, before their time is up.
  void expect_unavailable() {
    const auto before = crowd_->attempts().ended(grpc::StatusCode::UNAVAILABLE);
    EXPECT_TRUE(wait_until(10s, [&] {
      return crowd_->attempts().ended(grpc::StatusCode::UNAVAILABLE) >= before + 300;
    })) << crowd_->summary();
  }

  void expect_all_answered_in_time() {
    const auto& attempts = crowd_->attempts();
    EXPECT_LE(attempts.latest_ms, slack_ms);
    // The gateway answers a little before the deadline; a crowded machine may take that little away.
    EXPECT_LE(attempts.ended(grpc::StatusCode::DEADLINE_EXCEEDED),
              attempts.ended(grpc::StatusCode::UNAVAILABLE) / 20)
        << crowd_->summary();
  }

  const std::uint64_t seed_ = seed_of_test();
  Moments moments_{seed_};
  RedisServer redis_;
  RunningGateway gateway_{redis_, as_shipped()};
  std::optional<Crowd> crowd_;
  Times back_;
};

TEST_F(RedisOutage, LosesNothingInTwentyKills) {
  for (int kill = 1; kill <= 20; ++kill) {
    ASSERT_TRUE(moments_.comes(*crowd_, 150ms));
    redis_.kill();
    redis_.start();
    ASSERT_NO_FATAL_FAILURE(expect_back("kill " + std::to_string(kill)));
  }

  back_.print("everybody served again after Redis was killed and answered again");
  expect_all_answered_in_time();
  expect_all_is_well(*crowd_, gateway_);
}

TEST_F(RedisOutage, IsToldToCallersInTimeAndEndsSoonAfterRedisIsBack) {
  const std::pair<const char*, std::function<void()>> outages[] = {
      {"stop", [&] { redis_.stop(); }},
      {"kill", [&] { redis_.kill(); }},
  };
  for (const auto& [name, begin] : outages) {
    ASSERT_TRUE(moments_.comes(*crowd_, 150ms));
    begin();
    expect_unavailable();
    redis_.start();
    ASSERT_NO_FATAL_FAILURE(expect_back(name));
  }

  back_.print("everybody served again after Redis was away and answered again");
  expect_all_answered_in_time();
  expect_all_is_well(*crowd_, gateway_);
}

TEST_F(RedisOutage, IsSurvivedWhenRedisFreezesForLongerThanTheLease) {
  for (const auto length : {1'200ms, 2'500ms, 5'000ms}) {
    ASSERT_TRUE(moments_.comes(*crowd_, 150ms));
    redis_.freeze();
    static_cast<void>(wait_until(length, [] { return false; }));
    redis_.thaw();
    ASSERT_NO_FATAL_FAILURE(expect_back("freeze of " + std::to_string(length.count()) + " ms"));
  }

  back_.print("everybody served again after Redis was frozen and thawed");
  expect_all_answered_in_time();
  expect_all_is_well(*crowd_, gateway_);
}

TEST_F(RedisOutage, IsNothingWhenOnlyConnectionsAndScriptsAreLost) {
  for (int cut = 1; cut <= 20; ++cut) {
    ASSERT_TRUE(moments_.comes(*crowd_, 100ms));
    if (cut % 2 == 0) redis_.command({"SCRIPT", "FLUSH"});
    redis_.command({"CLIENT", "KILL", "TYPE", "normal"});
    ASSERT_NO_FATAL_FAILURE(expect_back("cut " + std::to_string(cut)));
  }

  back_.print("everybody served again after all connections were cut");
  expect_all_answered_in_time();
  expect_all_is_well(*crowd_, gateway_);
}

}  // namespace wutong::test
