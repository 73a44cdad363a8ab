#include <gmock/gmock.h>
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
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

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

  [[nodiscard]] bool enroll(const std::string& member) const {
    v1::EnrollRequest request;
    request.set_member_id(member);
    v1::EnrollReply reply;
    return gateway_.stub()->Enroll(gateway_.context().get(), request, &reply).ok();
  }

  /// What a checkout of 600.00 is answered with.
  grpc::Status buy(const std::string& member, const std::string& order,
                   v1::CheckoutReply& reply) const {
    v1::CheckoutRequest request;
    request.mutable_member()->set_id(member);
    request.mutable_origin()->set_venue("M1");
    request.set_order_id(order);
    request.set_occurred_at_unix_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
    request.set_amount_minor(600'00);
    request.set_currency("CNY");
    auto& tender = *request.add_tenders();
    tender.set_kind("cash");
    tender.set_amount_minor(600'00);
    return gateway_.stub()->Checkout(gateway_.context().get(), request, &reply);
  }

  /// What the gateway put aside, of this shard or of all.
  [[nodiscard]] std::vector<std::string> salvage_files(const std::string& shard = "") const {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(gateway_.folder())) {
      const auto name = entry.path().filename().string();
      if (!name.starts_with("salvage-" + shard) || name.ends_with(".new")) continue;
      files.push_back(entry.path().string());
    }
    return files;
  }

  /// The command's words for an audit with all of that.
  [[nodiscard]] std::vector<std::string> audit_with_salvage() const {
    std::vector<std::string> words{"audit"};
    for (const auto& file : salvage_files()) words.insert(words.end(), {"--salvage", file});
    return words;
  }

  /// A member's shard loses twice as many batches as it keeps to send them again; until it says so.
  void lose_more_than_is_kept() {
    const auto size_then = written();
    ASSERT_TRUE(enroll("last"));
    v1::CheckoutReply reply;
    for (int i = 1; i <= 16; ++i) {
      ASSERT_TRUE(buy("last", "L" + std::to_string(i), reply).ok());
      ASSERT_TRUE(reply.has_receipt());
    }
    last_ = reply.receipt().record();
    shard_ = std::to_string(last_.position().shard());
    redis_.kill();
    whole_ = text_of(redis_.append_file());
    fs::resize_file(redis_.append_file(), size_then + 5);
    redis_.start();
    ASSERT_TRUE(wait_until(10s, [&] { return !salvage_files(shard_ + "-").empty(); }));
  }

  static constexpr int shards = 4;
  const std::uint64_t seed_ = seed_of_test();
  Moments moments_{seed_};
  RedisServer redis_;
  RunningGateway gateway_{redis_, in_a_hurry()};
  std::optional<Crowd> crowd_;

  /// Of the member's last receipt, its shard, and Redis's file when all was there.
  v1::ReceiptRecord last_;
  std::string shard_;
  std::string whole_;
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
  const auto size_then = written();
  ASSERT_TRUE(enroll("last"));
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

TEST_F(TornTail, LongerThanWhatIsKeptHaltsTheShard) {
  ASSERT_NO_FATAL_FAILURE(lose_more_than_is_kept());
  const auto head = redis_.command({"GET", "{s" + shard_ + "}:head"});

  EXPECT_TRUE(wait_until(10s, [&] { return gateway_.metric("wutong_shards_halted") > 0; }));
  EXPECT_NE(gateway_.http("/readyz").find("\"ready\":false"), std::string::npos);
  EXPECT_THAT(text_of(gateway_.log_file()),
              HasSubstr("the ledger lost acknowledged events; our last batches are kept"));
  EXPECT_EQ(read("last"), grpc::StatusCode::UNAVAILABLE);
  v1::CheckoutReply reply;
  EXPECT_EQ(buy("last", "L16", reply).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(redis_.command({"GET", "{s" + shard_ + "}:head"}), head)
      << "a halted shard writes nothing";
}

TEST_F(TornTail, LongerThanWhatIsKeptIsToldByTheAuditFromTheSalvageFiles) {
  ASSERT_NO_FATAL_FAILURE(lose_more_than_is_kept());
  gateway_.kill();

  const auto lost = gateway_.run(audit_with_salvage());
  EXPECT_EQ(lost.exit_code, 1) << lost.output;
  EXPECT_THAT(lost.output,
              ContainsRegex("lost by the ledger, kept in .*/salvage-[^ ]*: shard " + shard_ +
                            ", position " + std::to_string(last_.position().epoch()) + "-" +
                            std::to_string(last_.position().sequence()) +
                            ", member key [0-9a-f]+, checkout of order L16, "
                            "points 90\n"));
  EXPECT_THAT(lost.output, Not(HasSubstr("checkout of order L1,"))) << "more than was kept";
  EXPECT_THAT(lost.output,
              HasSubstr("lost by the ledger, kept in none of the files: shard " + shard_ + ", "));
  EXPECT_THAT(lost.output, HasSubstr("the ledger holds\n")) << "as it stands";
  auto words = audit_with_salvage();
  words.emplace_back("--json");
  EXPECT_THAT(gateway_.run(words).output,
              HasSubstr("\"what\":\"checkout of order L16\",\"points\":90,\"again\":null}"));

  // The operator finds the rest of the file: nothing is lost any more.
  redis_.kill();
  std::ofstream(redis_.append_file(), std::ios::binary).write(whole_.data(), std::ssize(whole_));
  redis_.start();
  const auto mended = gateway_.run(audit_with_salvage());
  EXPECT_EQ(mended.exit_code, 0) << mended.output;
  EXPECT_THAT(mended.output, HasSubstr("the ledger has all that was salvaged\n"));
}

TEST_F(TornTail, LeavesASalvageFileThatIsOfNoUseToAnotherLedgerOrCut) {
  ASSERT_NO_FATAL_FAILURE(lose_more_than_is_kept());
  gateway_.kill();
  const auto words = audit_with_salvage();
  const RedisServer elsewhere;

  const auto another = RunningGateway(elsewhere).run(words);
  fs::resize_file(words.back(), fs::file_size(words.back()) - 1);
  const auto cut = gateway_.run(words);

  EXPECT_EQ(another.exit_code, 2) << another.output;
  EXPECT_THAT(another.output, HasSubstr(": it is of the ledger "));
  EXPECT_EQ(cut.exit_code, 2) << cut.output;
  EXPECT_THAT(cut.output, HasSubstr(": it is cut or was changed\n"));
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
