#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "tests/gateway/bad_days.h"

/// The disk lied: the end of what Redis had acknowledged is gone after it went down.
namespace wutong::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The heads as the ledger has them, one a line, as the witness file tells them.
std::string heads_of(const RedisServer& redis, int shards) {
  std::string lines;
  for (int shard = 0; shard < shards; ++shard) {
    const auto number = std::to_string(shard);
    lines += number + " " + redis.command({"GET", "{s" + number + "}:head"}) + "\n";
  }
  return lines;
}

}  // namespace

class TornTail : public ::testing::Test {
 protected:
  void SetUp() override {
    gateway_.start();
    crowd_.emplace(std::vector<const RunningGateway*>{&gateway_},
                   CrowdOptions{.seed = seed_, .timeout = caller_patience});
    busy_for_a_while();
  }

  void busy_for_a_while() {
    crowd_->start();
    ASSERT_TRUE(crowd_->everyone_served_within(10s));
    crowd_->finish();
  }

  [[nodiscard]] std::uintmax_t written() const { return fs::file_size(redis_.append_file()); }

  void wait_for_the_witness() {
    ASSERT_TRUE(wait_until(
        5s,
        [&] { return text_of(gateway_.folder() / "witness").ends_with(heads_of(redis_, shards)); }))
        << text_of(gateway_.folder() / "witness") << heads_of(redis_, shards);
  }

  /// What a call for this member is answered with.
  [[nodiscard]] grpc::StatusCode read(const std::string& member) const {
    v1::GetMemberRequest request;
    request.mutable_member()->set_id(member);
    v1::GetMemberReply reply;
    const auto context = gateway_.context();
    context->set_wait_for_ready(true);
    const auto status = gateway_.stub()->GetMember(context.get(), request, &reply);
    EXPECT_EQ(status.ok(), status.error_details().empty()) << "told by gRPC, not by the gateway";
    return status.error_code();
  }

  static constexpr int shards = 4;
  const std::uint64_t seed_ = seed_of_test();
  Moments moments_{seed_};
  RedisServer redis_;
  RunningGateway gateway_{redis_, in_a_hurry()};
  std::optional<Crowd> crowd_;
};

TEST_F(TornTail, IsNoticedByAGatewayThatDidNotLiveThroughItAndServesNothingOfThePast) {
  const auto size_then = written();
  ASSERT_NO_FATAL_FAILURE(busy_for_a_while());
  ASSERT_NO_FATAL_FAILURE(wait_for_the_witness());
  gateway_.kill();
  redis_.kill();
  const auto file = redis_.append_file();
  const auto whole = text_of(file);
  fs::resize_file(file, size_then + 5);

  redis_.start();
  const auto heads = heads_of(redis_, shards);
  gateway_.launch();

  EXPECT_TRUE(wait_until(10s, [&] { return gateway_.metric("wutong_shards_halted") == shards; }));
  EXPECT_NE(gateway_.http("/readyz").find("\"ready\":false"), std::string::npos);
  EXPECT_NE(gateway_.http("/readyz").find("4 shards are halted"), std::string::npos);
  EXPECT_FALSE(gateway_.serves_within(100ms));
  EXPECT_NE(text_of(gateway_.log_file()).find("the ledger stands behind"), std::string::npos);
  EXPECT_EQ(read("customer-0"), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(heads_of(redis_, shards), heads) << "a halted shard writes nothing";

  // The operator finds the rest of the file.
  gateway_.kill();
  redis_.kill();
  std::ofstream(file, std::ios::binary).write(whole.data(), std::ssize(whole));
  redis_.start();
  gateway_.launch();
  ASSERT_TRUE(gateway_.serves_within(10s));
  ASSERT_NO_FATAL_FAILURE(busy_for_a_while());
  crowd_->start();
  expect_all_is_well(*crowd_, gateway_);
}

TEST_F(TornTail, HaltsOnlyTheShardThatLostSomething) {
  v1::EnrollRequest request;
  request.set_member_id("last");
  v1::EnrollReply reply;
  const auto size_then = written();
  ASSERT_TRUE(gateway_.stub()->Enroll(gateway_.context().get(), request, &reply).ok());
  ASSERT_NO_FATAL_FAILURE(wait_for_the_witness());
  gateway_.kill();
  redis_.kill();
  fs::resize_file(redis_.append_file(), size_then + 5);

  redis_.start();
  gateway_.launch();

  EXPECT_TRUE(wait_until(10s, [&] {
    return gateway_.metric("wutong_shards_halted") == 1 &&
           gateway_.metric("wutong_shards_owned") == shards - 1;
  })) << gateway_.http("/readyz");
  EXPECT_EQ(read("last"), grpc::StatusCode::UNAVAILABLE);
  int served = 0;
  for (int i = 0; i < CrowdOptions().members; ++i) {
    served += read("customer-" + std::to_string(i)) == grpc::StatusCode::OK ? 1 : 0;
  }
  EXPECT_GT(served, 0);
  EXPECT_LT(served, CrowdOptions().members);
}

TEST_F(TornTail, IsMendedByAGatewayThatLivedThroughIt) {
  constexpr std::uint64_t cut_bytes_max = 3'000;
  crowd_->start();
  for (int tear = 1; tear <= 10; ++tear) {
    ASSERT_TRUE(crowd_->everyone_served_within(10s));
    ASSERT_TRUE(moments_.comes(*crowd_, 100ms));
    redis_.kill();
    const auto cut = 1 + moments_.below(cut_bytes_max);
    fs::resize_file(redis_.append_file(), written() - cut);
    redis_.start();
    ASSERT_TRUE(crowd_->everyone_served_within(5s))
        << "after losing " << cut << " bytes: " << crowd_->summary();
  }

  EXPECT_GT(gateway_.metric("wutong_shard_lost_tails_total"), 0);
  EXPECT_GT(crowd_->attempts().told_unavailable, 0U);
  expect_told_in_time(*crowd_, gateway_);
  expect_all_is_well(*crowd_, gateway_);
}

}  // namespace wutong::test
