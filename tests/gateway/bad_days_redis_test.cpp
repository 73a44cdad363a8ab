#include <gtest/gtest.h>

#include <functional>

#include "tests/gateway/bad_days.h"

/// Redis dies, stops, freezes and cuts connections; the gateway lives on.
namespace wutong::test {
namespace {

/// From Redis answering again until everybody is served again.
constexpr auto back_within = 5s;

}  // namespace

class RedisOutage : public ::testing::Test {
 protected:
  void SetUp() override {
    gateway_.start();
    crowd_.emplace(
        std::vector<const RunningGateway*>{&gateway_},
        CrowdOptions{
            .seed = seed_, .contests_percent = contests_percent_, .timeout = caller_patience});
    crowd_->start();
    ASSERT_TRUE(crowd_->everyone_served_within(10s));
  }

  /// REQUIRES: Redis answers.
  void expect_back(const std::string& after) {
    const auto served = crowd_->everyone_served_within(back_within);
    ASSERT_TRUE(served) << "after " << after << ": " << crowd_->summary();
    back_.add(*served);
  }

  const std::uint64_t seed_ = seed_of_test();
  Moments moments_{seed_};
  std::size_t contests_percent_ = CrowdOptions().contests_percent;
  RedisServer redis_;
  RunningGateway gateway_{redis_, as_shipped()};
  std::optional<Crowd> crowd_;
  Times back_;
};

/// Many orders are wanted by two members. A claim that a take-over forgot may be given to the second
/// one while the first one's checkout is on its way, which is then reversed.
class ContestedRedisOutage : public RedisOutage {
 protected:
  ContestedRedisOutage() { contests_percent_ = 60; }
};

TEST_F(ContestedRedisOutage, LosesAndDoublesNothingInTwentyKills) {
  const auto reversed = [&] { return gateway_.metric("wutong_claims_reversed_total"); };
  // About one kill in three reverses something; this goes on until one did.
  for (int kill = 1; kill <= 20 || (reversed() == 0 && kill <= 60); ++kill) {
    ASSERT_TRUE(moments_.comes(*crowd_, 150ms));
    redis_.kill();
    redis_.start();
    ASSERT_NO_FATAL_FAILURE(expect_back("kill " + std::to_string(kill)));
  }

  back_.print("everybody served again after Redis was killed and answered again");
  EXPECT_GE(gateway_.metric("wutong_redis_reconnects_total"), 20);
  std::printf("%.0f checkouts reversed\n", reversed());
  EXPECT_GT(reversed(), 0);
  EXPECT_GE(reversed(), crowd_->attempts().ended(grpc::StatusCode::ALREADY_EXISTS));
  expect_told_in_time(*crowd_, gateway_);
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
    expect_many_told(*crowd_);
    redis_.start();
    ASSERT_NO_FATAL_FAILURE(expect_back(name));
  }

  back_.print("everybody served again after Redis was away and answered again");
  expect_told_in_time(*crowd_, gateway_);
  expect_all_is_well(*crowd_, gateway_);
}

TEST_F(RedisOutage, IsSurvivedWhenRedisFreezesForLongerThanTheLease) {
  for (const auto length : {1'200ms, 2'500ms, 5'000ms}) {
    ASSERT_TRUE(moments_.comes(*crowd_, 150ms));
    redis_.freeze();
    const auto begin = std::chrono::steady_clock::now();
    expect_many_told(*crowd_);
    static_cast<void>(
        wait_until(60s, [&] { return std::chrono::steady_clock::now() - begin >= length; }));
    redis_.thaw();
    ASSERT_NO_FATAL_FAILURE(expect_back("freeze of " + std::to_string(length.count()) + " ms"));
  }

  back_.print("everybody served again after Redis was frozen and thawed");
  expect_told_in_time(*crowd_, gateway_);
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
  expect_told_in_time(*crowd_, gateway_);
  expect_all_is_well(*crowd_, gateway_);
}

TEST(FrozenRedis, IsToldWithinTheGatewaysBoundToCallersWhoWouldWaitLonger) {
  constexpr auto bound = 500ms;
  constexpr auto slack = 1s;
  RedisServer redis;
  auto options = as_shipped();
  options.gateway = {"deadline_max_ms = 500"};
  RunningGateway gateway(redis, options);
  gateway.start();
  const auto stub = gateway.stub();
  v1::EnrollRequest enroll;
  enroll.set_member_id("patient");
  v1::EnrollReply enrolled;
  ASSERT_TRUE(stub->Enroll(gateway.context().get(), enroll, &enrolled).ok());
  v1::GetMemberRequest known;
  known.mutable_member()->set_id("patient");
  v1::GetMemberRequest unknown;
  unknown.mutable_member()->set_id("one who must be looked up");
  enroll.set_member_id("another");

  redis.freeze();
  const auto expect_told = [&](const char* what, auto call) {
    const auto context = gateway.context(60s);
    const auto begin = std::chrono::steady_clock::now();
    const grpc::Status status = call(context.get());
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE) << what;
    EXPECT_NE(status.error_details(), "") << what;
    EXPECT_LE(took, bound + slack) << what;
  };
  v1::GetMemberReply member;
  expect_told("a write", [&](auto* context) { return stub->Enroll(context, enroll, &enrolled); });
  expect_told("a look-up",
              [&](auto* context) { return stub->GetMember(context, unknown, &member); });
  // Once the lease has run out, nothing that is in memory may be told either.
  ASSERT_TRUE(wait_until(
      10s, [&] { return !stub->GetMember(gateway.context().get(), known, &member).ok(); }));
  expect_told("a read", [&](auto* context) { return stub->GetMember(context, known, &member); });
  redis.thaw();

  EXPECT_TRUE(wait_until(
      5s, [&] { return stub->GetMember(gateway.context().get(), known, &member).ok(); }));
}

}  // namespace wutong::test
