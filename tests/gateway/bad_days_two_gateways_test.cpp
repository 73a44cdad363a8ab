#include <gtest/gtest.h>

#include <array>
#include <future>

#include "tests/gateway/bad_days.h"

/// Two gateways on one ledger, by mistake or as a spare.
namespace wutong::test {
namespace {

constexpr int shards = 4;
/// Half of them are at the gateway that turns them away, and wait there until they are to be asked again.
constexpr int many_requests = 192;
constexpr auto lease = 500ms;
/// After the lease: to notice, to take over and to read the tail.
constexpr auto take_over = 3s;
/// A bound of the histogram of answers, below what is left of a lease when its owner falls asleep.
constexpr auto sleep_at_least_s = "0.2";

double owned(const RunningGateway& gateway) { return gateway.metric("wutong_shards_owned"); }

grpc::Status enroll(const RunningGateway& gateway, const std::string& member) {
  v1::EnrollRequest request;
  request.set_member_id(member);
  v1::EnrollReply reply;
  const auto context = gateway.context();
  return gateway.stub()->Enroll(context.get(), request, &reply);
}

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

GatewayOptions with_lease(std::string node, std::chrono::milliseconds ttl) {
  auto options = in_a_hurry(std::move(node));
  options.engine.front() = "lease_ttl_ms = " + std::to_string(ttl.count());
  return options;
}

/// A checkout of a new order, repeated until it is acknowledged.
grpc::Status buy(const RunningGateway& gateway, const std::string& member, const std::string& id) {
  v1::CheckoutRequest request;
  request.mutable_member()->set_id(member);
  request.mutable_origin()->set_venue("M1");
  request.set_order_id(id);
  request.set_occurred_at_unix_ms(now_ms());
  request.set_amount_minor(10'000);
  request.set_currency("CNY");
  request.add_tenders()->set_kind("cash");
  request.mutable_tenders(0)->set_amount_minor(10'000);
  v1::CheckoutReply reply;
  grpc::Status status;
  for (int attempt = 0; attempt < 20; ++attempt) {
    status = gateway.stub()->Checkout(gateway.context(2s).get(), request, &reply);
    if (!worth_asking_again(status)) break;
  }
  return status;
}

/// Reads sent to a gateway that does not run, each on its own thread; its answers come when it wakes.
class EarlyReads {
 public:
  EarlyReads(const RunningGateway& gateway, const std::string& member) {
    request_.mutable_member()->set_id(member);
    // Connected while the gateway still answers.
    stub_ = gateway.stub();
    contexts_.front() = gateway.context();
    v1::GetMemberReply reply;
    EXPECT_TRUE(stub_->GetMember(contexts_.front().get(), request_, &reply).ok());
    for (auto& context : contexts_) context = gateway.context(60s);
  }
  void send() {
    for (auto& context : contexts_) {
      answers_.push_back(std::async(std::launch::async, [this, &context] {
        v1::GetMemberReply reply;
        return stub_->GetMember(context.get(), request_, &reply);
      }));
    }
  }
  void expect_all_unavailable() {
    for (auto& answer : answers_) {
      EXPECT_EQ(answer.get().error_code(), grpc::StatusCode::UNAVAILABLE);
    }
  }

 private:
  v1::GetMemberRequest request_;
  std::unique_ptr<v1::Points::Stub> stub_;
  std::array<std::unique_ptr<grpc::ClientContext>, 8> contexts_;
  std::vector<std::future<grpc::Status>> answers_;
};

}  // namespace

class TwoGateways : public ::testing::Test {
 protected:
  [[nodiscard]] bool takes_all_within(const RunningGateway& gateway,
                                      std::chrono::milliseconds limit) const {
    return wait_until(limit, [&] { return owned(gateway) == shards; });
  }

  const std::uint64_t seed_ = seed_of_test();
  Moments moments_{seed_};
  RedisServer redis_;
  RunningGateway first_{redis_, in_a_hurry("node-1")};
  RunningGateway second_{redis_, in_a_hurry("node-2")};
};

TEST_F(TwoGateways, ServeEachShardOnceAndTheSecondTakesOverWhenTheFirstDies) {
  first_.start();
  second_.launch();
  Crowd crowd({&first_, &second_}, {.seed = seed_, .requests = many_requests});
  crowd.start();
  ASSERT_TRUE(crowd.everyone_served_within(15s)) << crowd.summary();
  EXPECT_EQ(owned(first_), shards);
  EXPECT_EQ(owned(second_), 0);
  EXPECT_NE(second_.http("/readyz").find("4 of 4 shards are not owned here"), std::string::npos);

  std::array<RunningGateway*, 2> gateways = {&first_, &second_};
  Times back;
  for (int death = 1; death <= 6; ++death) {
    ASSERT_TRUE(moments_.comes(crowd, 200ms));
    gateways[0]->kill();
    const auto died = std::chrono::steady_clock::now();
    ASSERT_TRUE(takes_all_within(*gateways[1], lease + take_over)) << "after death " << death;
    back.add(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - died));
    ASSERT_TRUE(crowd.everyone_served_within(10s)) << crowd.summary();
    gateways[0]->launch();
    std::swap(gateways[0], gateways[1]);
  }

  back.print("the other node has all shards after the owner was killed");
  expect_all_is_well(crowd, *gateways[0]);
}

TEST_F(TwoGateways, AnOwnerThatWakesUpAfterAnotherTookOverWritesNothingAndTellsNothingOld) {
  first_.start();
  second_.launch();
  ASSERT_TRUE(enroll(first_, "reader").ok());
  Crowd crowd({&first_, &second_}, {.seed = seed_, .requests = many_requests});
  crowd.start();

  std::array<RunningGateway*, 2> gateways = {&first_, &second_};
  for (int sleep = 1; sleep <= 4; ++sleep) {
    auto& sleeper = *gateways[0];
    auto& other = *gateways[1];
    ASSERT_TRUE(crowd.everyone_served_within(15s)) << crowd.summary();
    EarlyReads reads(sleeper, "reader");
    ASSERT_TRUE(moments_.comes(crowd, 200ms));
    const auto fenced = sleeper.metric("wutong_shard_fenced_total");
    const auto slow = answers_slower_than(sleeper, sleep_at_least_s, {});
    ASSERT_TRUE(wait_until(10s, [&] { return sleeper.metric("wutong_calls_under_way") >= 10; }));
    sleeper.freeze();
    ASSERT_TRUE(takes_all_within(other, lease + take_over)) << "sleep " << sleep;
    ASSERT_TRUE(buy(other, "reader", "reader-" + std::to_string(sleep)).ok());
    reads.send();
    sleeper.thaw();

    reads.expect_all_unavailable();
    EXPECT_TRUE(wait_until(5s, [&] { return owned(sleeper) == 0; }));
    EXPECT_EQ(owned(other), shards);
    EXPECT_GE(sleeper.metric("wutong_shard_fenced_total"), fenced + 1);
    // Its clock goes on while it sleeps, so these calls had begun before.
    EXPECT_GT(answers_slower_than(sleeper, sleep_at_least_s, {}), slow)
        << "nothing was under way when it fell asleep";
    std::swap(gateways[0], gateways[1]);
  }

  ASSERT_TRUE(crowd.everyone_served_within(15s)) << crowd.summary();
  expect_all_is_well(crowd, *gateways[0]);
}

TEST_F(TwoGateways, SettleWhatIsOpenWhenOneOfThemDiesWhileEachHasSomeShards) {
  // Long enough for the first to be frozen for a moment without losing what it has.
  RunningGateway first(redis_, with_lease("node-1", 2s));
  RunningGateway second(redis_, with_lease("node-2", 2s));
  const auto until = now_ms() + 60'000;
  for (const auto* lease : {"{s0}:lease", "{s1}:lease"}) {
    redis_.command({"SET", lease, std::to_string(until) + " 1 nobody/1"});
  }
  first.launch();
  ASSERT_TRUE(wait_until(5s, [&] { return owned(first) == 2; }));
  first.freeze();
  redis_.command({"DEL", "{s0}:lease", "{s1}:lease"});
  second.launch();
  ASSERT_TRUE(wait_until(5s, [&] { return owned(second) >= 2; }));
  first.thaw();
  EXPECT_EQ(owned(first), 2);
  EXPECT_EQ(owned(second), 2);

  // Orders whose member and order book lie on two nodes wait; the others go through.
  Crowd crowd({&first, &second}, {.seed = seed_, .requests = 400});
  crowd.start();
  ASSERT_TRUE(wait_until(10s, [&] { return crowd.acknowledged() > 100; })) << crowd.summary();
  ASSERT_TRUE(moments_.comes(crowd, 300ms));
  first.kill();

  ASSERT_TRUE(takes_all_within(second, 2s + take_over));
  ASSERT_TRUE(crowd.everyone_served_within(15s)) << crowd.summary();
  expect_all_is_well(crowd, second);
}

}  // namespace wutong::test
