#include "load/day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "load/replay.h"
#include "load/rules_file.h"
#include "load/verify.h"
#include "tests/load/naive_gateway.h"

/// The commands as a whole, against a gateway that errs as it is told to.
namespace wutong::load {
namespace {

using testing::HasSubstr;
using testing::Not;

class DayTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::temp_directory_path() / ("wutong_load_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void start(NaiveGateway::Faults faults = {}) { gateway_.emplace(rules_, faults); }

  int day(std::uint32_t number = 1, std::uint64_t seed = 1) {
    return run_day({.common = common(),
                    .program_file = program_,
                    .plan = {.seed = seed, .day = number, .orders = 2'500},
                    .members = 200,
                    .acked_file = folder_ / "acked"});
  }

  int verify() { return run_verify({.common = common(), .acked_file = folder_ / "acked"}); }

  CommonFlags common() {
    return {.target = gateway_->target(),
            .channels = 2,
            .outstanding = 16,
            .give_up_after_s = 1,
            .json_file = folder_ / "summary.json"};
  }

  std::string summary() {
    std::ifstream in(folder_ / "summary.json");
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }

  const std::string program_ = WUTONG_SOURCE_DIR "/ops/program/program.json";
  const Rules rules_ = rules_of_file(program_).value();
  std::filesystem::path folder_;
  std::optional<NaiveGateway> gateway_;
};

TEST_F(DayTest, AGoodDayEndsWell) {
  start();

  EXPECT_EQ(day(), exit_ok);

  EXPECT_THAT(summary(), HasSubstr("\"ok\": true"));
  EXPECT_THAT(summary(), HasSubstr("\"orders_accepted\": 2500"));
  EXPECT_EQ(verify(), exit_ok);
}

TEST_F(DayTest, TheNextDayFindsTheMembersAndWhatTheyHave) {
  start();
  ASSERT_EQ(day(1), exit_ok);

  EXPECT_EQ(day(2), exit_ok);

  EXPECT_THAT(summary(), HasSubstr("\"members_enrolled\": 0"));
}

TEST_F(DayTest, ADaySentTwiceIsTheSameDay) {
  start();
  ASSERT_EQ(day(), exit_ok);

  EXPECT_EQ(day(), exit_ok);

  EXPECT_THAT(summary(), HasSubstr("\"sent_before\": true"));
}

TEST_F(DayTest, AnotherDayUnderTheSameNumberIsNotSent) {
  start();
  ASSERT_EQ(day(1, 1), exit_ok);

  EXPECT_EQ(day(1, 2), exit_usage);
}

TEST_F(DayTest, CallsThatFailAreTriedAgainUntilTheyAreAnswered) {
  start({.unavailable = 50});

  EXPECT_EQ(day(), exit_ok);

  EXPECT_THAT(summary(), HasSubstr("\"UNAVAILABLE\": "));
}

TEST_F(DayTest, AGatewayThatIsGoneEndsTheDayUnfinished) {
  start({.dies_after = 1'500});

  EXPECT_EQ(day(), exit_unfinished);
}

TEST_F(DayTest, ADayThatWasCutShortIsSentToItsEndAsItWas) {
  start({.dies_after = 2'500});
  ASSERT_EQ(day(), exit_unfinished);
  gateway_->recover();

  EXPECT_EQ(day(), exit_ok);

  EXPECT_THAT(summary(), HasSubstr("\"sent_before\": true"));
  EXPECT_THAT(summary(), HasSubstr("\"orders_accepted\": 2500"));
}

TEST_F(DayTest, ALostReceiptIsFound) {
  // The first order has no duplicate that would bring it back.
  start({.loses_receipt = 1});

  EXPECT_EQ(day(), exit_wrong);

  EXPECT_THAT(summary(), Not(HasSubstr("\"lost\": 0")));
}

TEST_F(DayTest, AChangedReceiptIsFound) {
  start({.changes_receipt = 100});

  EXPECT_EQ(day(), exit_wrong);
  EXPECT_EQ(verify(), exit_wrong);
}

TEST_F(DayTest, AnOrderThatTookEffectTwiceIsFound) {
  start({.takes_order_twice = 100});

  EXPECT_EQ(day(), exit_wrong);

  EXPECT_THAT(summary(), Not(HasSubstr("\"wrong_points\": 0")));
}

TEST_F(DayTest, AnOrderOfTwoMembersIsFound) {
  start({.takes_from_other_member = 1});

  EXPECT_EQ(day(), exit_wrong);

  EXPECT_THAT(summary(), Not(HasSubstr("\"doubled\": 0")));
}

TEST_F(DayTest, OnePointTooManyIsFound) {
  start({.awards_too_much = 100});

  EXPECT_EQ(day(), exit_wrong);

  EXPECT_THAT(summary(), HasSubstr("\"wrong_points\": 1,"));
}

TEST_F(DayTest, APointThatGoesWithoutAReceiptIsFound) {
  start({.forgets_points = 2'490});

  EXPECT_EQ(day(), exit_wrong);
}

TEST_F(DayTest, ADayThatLacksAKindOfTrafficFails) {
  start();

  // Too few orders for all kinds; nobody has points to pay with.
  EXPECT_EQ(
      run_day(
          {.common = common(), .program_file = program_, .plan = {.orders = 20}, .members = 20}),
      exit_wrong);

  EXPECT_THAT(summary(), HasSubstr("paid_with_points"));
}

TEST_F(DayTest, AReplayComesToItsTotals) {
  start();
  const std::string csv = folder_ / "orders.csv";
  std::ofstream(csv) << "occurred_at,kind,order_id,original_order_id,member_id,amount_minor\n"
                        "2010-12-01T08:26:00Z,purchase,1,,m,100000\n"
                        "2010-12-01T08:27:00Z,purchase,2,,n,2000\n"
                        "2010-12-02T08:28:00Z,return,C1,1,m,40000\n"
                        "2010-12-02T08:29:00Z,return,C2,,n,100\n"
                        "2010-12-02T08:30:00Z,return,C3,1,m,60001\n";
  ReplayFlags flags{.common = common(),
                    .csv_file = csv,
                    .program_file = program_,
                    .venue = "mall-old-town",
                    .expect =
                        "purchases=2,refunds=1,refunded_minor=40000,refused_order_unknown=1,"
                        "refused_more_than_left=1,awarded=202,awarded_base=102,"
                        "clawed_back=80,debt_incurred=0"};

  EXPECT_EQ(run_replay(flags), exit_ok);

  flags.expect = "awarded=203";
  EXPECT_EQ(run_replay(flags), exit_wrong);
  EXPECT_THAT(summary(), HasSubstr("awarded is 202, expected 203"));
}

TEST_F(DayTest, AReplayPaysWithPointsAndTellsEveryAnswer) {
  start();
  const std::string csv = folder_ / "orders.csv";
  std::ofstream(csv) << "occurred_at,kind,order_id,original_order_id,member_id,amount_minor\n"
                        "2010-12-01T08:26:00Z,purchase,1,,m,100000\n"
                        "2010-12-01T08:27:00Z,purchase,2,,n,10000\n"
                        "2010-12-01T08:28:00Z,purchase,3,,m,10000\n"
                        "2010-12-02T08:29:00Z,return,C1,,n,100\n"
                        "2010-12-02T08:30:00Z,return,C2,1,m,100000\n";
  const ReplayFlags flags{.common = common(),
                          .csv_file = csv,
                          .program_file = program_,
                          .venue = "mall-old-town",
                          .expect =
                              "purchases=3,points_used=200,awarded=219,clawed_back=200,"
                              "debt_incurred=191,capped=0,given_back=0",
                          .points_every = 2,
                          .answers_file = folder_ / "answers"};

  EXPECT_EQ(run_replay(flags), exit_ok);

  std::ifstream answers(flags.answers_file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(answers, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(lines[0], HasSubstr(R"("orderId":"1")"));
  EXPECT_THAT(lines[2], HasSubstr(R"("pointsUsed":"200")"));
  EXPECT_EQ(lines[3], R"({"refused":"ORDER_UNKNOWN"})");
  EXPECT_THAT(lines[4], HasSubstr(R"("debtIncurred":"191")"));
}

}  // namespace
}  // namespace wutong::load
