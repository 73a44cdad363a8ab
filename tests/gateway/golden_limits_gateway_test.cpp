#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

#include "tests/gateway/own_gateway_test.h"
#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"
#include "tests/support/wait_until.h"

/// The golden cases of limits and of changes of the program, through the running gateway.
namespace wutong::test {
namespace {

class GoldenLimitsGateway : public SharedGatewayTest {};
class GoldenReloadGateway : public OwnGatewayTest {};

TEST_F(GoldenLimitsGateway, Case20DeclinesTheSixthOrderInTenMinutesAndKnowsItAgain) {
  open({.program = data("p0.json"), .risk_policy = data("p0_policy_case_20.json")});
  till->enroll("ann");
  const std::int64_t start = till->now;
  const auto order_at = [&](std::int64_t second) {
    return Sale{.member = "ann",
                .id = "at " + std::to_string(second),
                .amount = 100'00,
                .paid_at = start + second * 1'000};
  };
  const auto send = [&](std::int64_t second) {
    const auto answer = till->call(till->checkout(order_at(second)));
    EXPECT_TRUE(answer.reply.has_receipt()) << answer.reply.ShortDebugString();
    return answer.reply.receipt();
  };
  for (const std::int64_t second : {0, 100, 200, 300, 400}) {
    till->now = start + second * 1'000;
    const auto receipt = send(second);
    EXPECT_EQ(receipt.record().outcome(), v1::OUTCOME_ACCEPTED) << second;
    EXPECT_EQ(receipt.record().risk_checks(0).value_before(), second / 100);
  }

  till->now = start + 500'000;
  const auto sixth = send(500);
  EXPECT_FALSE(sixth.replayed());
  EXPECT_EQ(sixth.record().outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(sixth.record().policy_version(), 20U);
  EXPECT_EQ(sixth.record().checkout().points_earned(), 0);
  EXPECT_EQ(movements(sixth.record()), Lines());
  ASSERT_EQ(sixth.record().risk_checks_size(), 1);
  EXPECT_EQ(sixth.record().risk_checks(0).limit(), "rush");
  EXPECT_TRUE(sixth.record().risk_checks(0).exceeded());
  EXPECT_EQ(sixth.record().risk_checks(0).value_before(), 5);
  EXPECT_EQ(sixth.record().risk_checks(0).bound(), 5);

  till->now = start + 600'000;
  const auto known = send(500);
  EXPECT_TRUE(known.replayed());
  EXPECT_EQ(known.record().SerializeAsString(), sixth.record().SerializeAsString());
  const auto seventh = send(600);
  EXPECT_EQ(seventh.record().outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(seventh.record().risk_checks(0).value_before(), 4);

  // Counted once: four orders and the seventh are in the window, and nothing of the declined one.
  const auto again = send(500);
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.record().SerializeAsString(), sixth.record().SerializeAsString());
  till->now = start + 610'000;
  const auto next = send(610);
  EXPECT_EQ(next.record().outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(next.record().risk_checks(0).value_before(), 5);
  EXPECT_EQ(till->member("ann").balances().available(), 60);
}

/// The program that decides is the one in force at receipt, without a restart in between.
TEST_F(GoldenReloadGateway, Case16GivesNothingOfAPromotionThatWasRemovedBeforeReceipt) {
  const auto program = redis.folder() / "program.json";
  std::filesystem::copy_file(data("p0_case_16.json"), program);
  open({.program = program});
  till->enroll("ann");
  const auto evening = shanghai("2026-11-20 23:59:30");
  till->now = evening;
  EXPECT_EQ(awards(till->buy({.member = "ann", .id = "on time", .amount = 400'00})),
            Lines({"base 40", "D 40"}));

  std::filesystem::copy_file(data("p0.json"), program,
                             std::filesystem::copy_options::overwrite_existing);
  ::kill(gateway->process(), SIGHUP);
  ASSERT_TRUE(wait_until(std::chrono::seconds(10),
                         [&] { return gateway->metric("wutong_program_version") == 1; }));

  till->now = shanghai("2026-11-21 10:00:00");
  const auto late =
      till->buy({.member = "ann", .id = "late", .amount = 400'00, .paid_at = evening});
  EXPECT_TRUE(late.checkout().late());
  EXPECT_EQ(late.program_version(), 1U);
  EXPECT_EQ(awards(late), Lines({"base 40"}));
  EXPECT_EQ(owed(late), (std::map<std::string, std::int64_t>{{"MALL->POOL", 120'000}}));
  // Nothing that was decided earlier is decided again.
  const auto on_time =
      till->checkout({.member = "ann", .id = "on time", .amount = 400'00, .paid_at = evening});
  EXPECT_EQ(awards(till->accepted(on_time).record()), Lines({"base 40", "D 40"}));
}

}  // namespace
}  // namespace wutong::test
