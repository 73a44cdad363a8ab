#include <gmock/gmock.h>

#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// The golden cases through the running gateway, to the last unit: earning and paying with points.
/// Opening balances come from earlier checkouts. Money is in fen, settlement in 1/1000 fen.
namespace wutong::test {
namespace {

using Owed = std::map<std::string, std::int64_t>;

class GoldenGateway : public SharedGatewayTest {
 protected:
  void open_with(const std::string& program, const std::string& policy = "p0_policy.json") {
    open({.program = data(program), .risk_policy = data(policy)});
  }

  /// A fresh member's first purchase.
  v1::ReceiptRecord fresh(const std::string& member, std::int64_t amount) {
    till->enroll(member);
    return till->buy({.member = member, .id = "of " + member, .amount = amount});
  }

  std::int64_t available(const std::string& member) {
    return till->member(member).balances().available();
  }
};

TEST_F(GoldenGateway, Case1EarnsTheBaseAndFromTheFirstStepHalfAsMuchAgain) {
  open();

  const auto below = fresh("ann", 587'99);
  EXPECT_EQ(awards(below), Lines({"base 58"}));
  EXPECT_EQ(below.checkout().points_earned(), 58);
  EXPECT_EQ(postings(below), Lines({"earn MALL->POOL 174000"}));
  EXPECT_EQ(below.checkout().cash_due_minor(), 587'99);

  const auto reached = fresh("bob", 588'00);
  EXPECT_EQ(awards(reached), Lines({"base 58", "S 30"}));
  EXPECT_EQ(owed(reached), Owed({{"MALL->POOL", 264'000}}));
  EXPECT_EQ(reached.checkout().awards(1).threshold_minor(), 588'00);
  EXPECT_EQ(reached.balances_after().available(), 88);
  EXPECT_EQ(lots(till->member("bob")), Lines({"MALL 88 until 2027-12-31"}));
}

TEST_F(GoldenGateway, Case2TakesTheHighestStepForTheWholeEligibleAmount) {
  open();

  const auto first_step = fresh("ann", 887'99);
  EXPECT_EQ(awards(first_step), Lines({"base 88", "S 45"}));
  EXPECT_EQ(owed(first_step), Owed({{"MALL->POOL", 399'000}}));

  const auto second_step = fresh("bob", 888'00);
  EXPECT_EQ(awards(second_step), Lines({"base 88", "S 89"}));
  EXPECT_EQ(owed(second_step), Owed({{"MALL->POOL", 531'000}}));
}

TEST_F(GoldenGateway, Case3PaysUpToTheShareInSteps) {
  open();
  fresh("ann", 25'000'00);
  ASSERT_EQ(available("ann"), 5'000);
  const auto asking = [](std::int64_t points) {
    return Sale{.member = "ann", .id = "A", .amount = 588'00, .use = points};
  };

  const auto quoted = till->call(till->quote(asking(0))).reply.quotation();
  EXPECT_EQ(quoted.points_max(), 2'900);
  EXPECT_EQ(quoted.offset_money_max_minor(), 87'00);
  EXPECT_EQ(quoted.points_earned(), 88);
  const auto quoted_with_points = till->call(till->quote(asking(2'900))).reply.quotation();
  EXPECT_EQ(quoted_with_points.cash_due_minor(), 501'00);
  EXPECT_EQ(quoted_with_points.points_earned(), 50);
  EXPECT_EQ(text_of(till->refused(till->checkout(asking(2'950)))), "NOT_IN_STEPS points_to_use");
  EXPECT_EQ(text_of(till->refused(till->checkout(asking(3'000)))),
            "ABOVE_OFFSET_SHARE points_to_use");

  const auto order = till->buy(asking(2'900));
  EXPECT_EQ(order.checkout().offset_money_minor(), 87'00);
  EXPECT_EQ(order.checkout().cash_due_minor(), 501'00);
  EXPECT_EQ(order.checkout().eligible_minor(), 501'00);
  EXPECT_EQ(awards(order), Lines({"base 50"}));
  EXPECT_EQ(postings(order), Lines({"use POOL->MALL 8700000", "earn MALL->POOL 150000"}));
  EXPECT_EQ(order.balances_after().available(), 2'150);
  EXPECT_EQ(available("ann"), 2'150);
}

TEST_F(GoldenGateway, Case4PaysWithPointsFromTheThresholdOn) {
  open();
  fresh("ann", 500'00);
  till->buy({.member = "ann", .id = "more", .amount = 500'00});
  ASSERT_EQ(available("ann"), 100);
  const Sale small{.member = "ann", .id = "A", .amount = 49'99, .use = 100};
  EXPECT_EQ(text_of(till->refused(till->checkout(small))), "BELOW_OFFSET_THRESHOLD points_to_use");
  EXPECT_EQ(available("ann"), 100);

  fresh("bob", 2'500'00);
  ASSERT_EQ(available("bob"), 500);
  const auto order = till->buy({.member = "bob", .id = "B", .amount = 50'00, .use = 200});
  EXPECT_EQ(order.checkout().offset_money_minor(), 6'00);
  EXPECT_EQ(order.checkout().cash_due_minor(), 44'00);
  EXPECT_EQ(awards(order), Lines({"base 4"}));
  EXPECT_EQ(order.balances_after().available(), 304);
}

TEST_F(GoldenGateway, Case5AddsUpMultipliersOfDifferentGroups) {
  open_with("p0_case_5.json");

  till->now = shanghai("2026-11-20 12:00:00");
  EXPECT_EQ(awards(fresh("friday", 588'00)), Lines({"base 58", "S 30"}));
  till->now = shanghai("2026-11-21 12:00:00");
  const auto saturday = fresh("saturday", 588'00);
  EXPECT_EQ(awards(saturday), Lines({"base 58", "S 30", "W 59"}));
  EXPECT_EQ(saturday.checkout().points_earned(), 147);
  EXPECT_EQ(saturday.program_version(), 5U);
}

TEST_F(GoldenGateway, Case6LetsTheBestOfAGroupWinAndTheSmallerIdOnATie) {
  open_with("p0_case_6.json");
  till->now = shanghai("2026-11-21 12:00:00");

  const auto less = fresh("ann", 588'00);
  EXPECT_EQ(awards(less), Lines({"base 58", "S 30", "B60 60"}));
  EXPECT_EQ(owed(less), Owed({{"MALL->POOL", 264'000}, {"BRAND->POOL", 180'000}}));
  EXPECT_EQ(less.balances_after().available(), 148);

  const auto tie = fresh("bob", 600'00);
  EXPECT_EQ(awards(tie), Lines({"base 60", "S 30", "B60 60"}));
  EXPECT_EQ(owed(tie), Owed({{"MALL->POOL", 270'000}, {"BRAND->POOL", 180'000}}));
  EXPECT_EQ(tie.balances_after().available(), 150);
  EXPECT_EQ(lots(till->member("bob")),
            Lines({"MALL 90 until 2027-12-31", "BRAND 60 until 2027-12-31"}));
}

TEST_F(GoldenGateway, Case16GoesByTheTimeOfPaymentAndTheProgramInForceAtReceipt) {
  const auto evening = shanghai("2026-11-20 23:59:30");
  open_with("p0.json");
  till->enroll("ann");
  till->now = shanghai("2026-11-21 10:00:00");
  const Sale late{.member = "ann", .id = "late", .amount = 400'00, .paid_at = evening};
  EXPECT_EQ(awards(till->buy(late)), Lines({"base 40"}));

  open_with("p0_case_16.json", "p0_policy_cap_1000.json");
  till->enroll("ann");
  till->now = shanghai("2026-11-21 10:00:00");
  const auto promoted = till->buy(late);
  EXPECT_TRUE(promoted.checkout().late());
  EXPECT_EQ(awards(promoted), Lines({"base 40", "D 40"}));
  const auto midnight = till->buy({.member = "ann",
                                   .id = "midnight",
                                   .amount = 400'00,
                                   .paid_at = shanghai("2026-11-21 00:00:00.000")});
  EXPECT_EQ(awards(midnight), Lines({"base 40"}));
  EXPECT_EQ(midnight.risk_checks(0).value_before(), 0);
  const auto next = till->buy({.member = "ann", .id = "next", .amount = 0, .paid_at = evening});
  EXPECT_EQ(next.risk_checks(0).value_before(), 80);

  till->now = shanghai("2027-01-01 00:05:00");
  till->buy({.member = "ann",
             .id = "year's end",
             .amount = 100'00,
             .paid_at = shanghai("2026-12-31 23:59:59")});
  EXPECT_EQ(lots(till->member("ann")), Lines({"MALL 130 until 2027-12-31"}));
}

TEST_F(GoldenGateway, Case17CutsToTheCapOfTheDayOfThePurchase) {
  open_with("p0.json", "p0_policy_cap_1000.json");
  till->now = shanghai("2026-11-20 12:00:00");
  EXPECT_EQ(fresh("ann", 4'750'00).checkout().points_earned(), 950);

  till->now = shanghai("2026-11-21 10:00:00");
  const auto evening = shanghai("2026-11-20 20:00:00");
  const Sale late{.member = "ann", .id = "late", .amount = 888'00, .paid_at = evening};
  const auto cut = till->buy(late);
  EXPECT_TRUE(cut.checkout().late());
  EXPECT_EQ(awards(cut), Lines({"base 50", "S 0"}));
  EXPECT_EQ(cut.checkout().awards(0).cut(), 38);
  EXPECT_EQ(cut.checkout().awards(1).cut(), 89);
  ASSERT_EQ(cut.risk_checks_size(), 1);
  EXPECT_TRUE(cut.risk_checks(0).exceeded());
  EXPECT_EQ(cut.risk_checks(0).value_before(), 950);
  EXPECT_EQ(cut.risk_checks(0).value_asked(), 177);
  EXPECT_EQ(cut.risk_checks(0).bound(), 1'000);

  EXPECT_EQ(till->give_back(late, {.id = "r1"}).refund().clawed_back(), 50);
  const auto again = till->buy({.member = "ann", .id = "again", .amount = 100, .paid_at = evening});
  EXPECT_EQ(again.risk_checks(0).value_before(), 950);
  const auto today = till->buy({.member = "ann", .id = "today", .amount = 888'00});
  EXPECT_EQ(today.risk_checks(0).value_before(), 0);
  EXPECT_EQ(awards(today), Lines({"base 88", "S 89"}));
}

TEST_F(GoldenGateway, Case19KnowsAnOrderAgainAndRefusesWithoutATrace) {
  open();
  fresh("ann", 1'950'00);
  till->enroll("bob");
  ASSERT_EQ(available("ann"), 390);
  const Sale x{.member = "ann", .id = "X", .amount = 100'00};

  const v1::Receipt first = till->accepted(till->checkout(x));
  EXPECT_EQ(first.record().checkout().points_earned(), 10);
  const v1::Receipt again = till->accepted(till->checkout(x));
  EXPECT_FALSE(first.replayed());
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.record().SerializeAsString(), first.record().SerializeAsString());

  Sale dearer = x;
  dearer.amount = 100'01;
  EXPECT_EQ(text_of(till->refused(till->checkout(dearer))), "OTHER_CONTENT amount_minor");
  Sale of_another = x;
  of_another.member = "bob";
  const v1::Refusal not_his = till->refused(till->checkout(of_another));
  EXPECT_EQ(text_of(not_his), "OTHER_MEMBER order_id");
  EXPECT_FALSE(not_his.retryable());
  EXPECT_THAT(not_his.ShortDebugString(), ::testing::Not(::testing::HasSubstr("ann")));

  till->give_back(x, {.id = "r1", .amount = 60'00});
  const std::int64_t before = available("ann");
  EXPECT_EQ(text_of(till->refused(till->refund(x, {.id = "r2", .amount = 40'01}))),
            "MORE_THAN_LEFT amount.amount_minor");
  EXPECT_EQ(available("ann"), before);
  EXPECT_EQ(till->receipt(Till::receipt_of(till->checkout(x))).standing().refundable_minor(),
            40'00);

  till->buy({.member = "ann", .id = "more", .amount = 60'00});
  ASSERT_EQ(available("ann"), 400);
  const Sale y{.member = "ann", .id = "Y", .amount = 100'00, .use = 500};
  EXPECT_EQ(text_of(till->refused(till->checkout(y))), "BALANCE_TOO_LOW points_to_use");
  const auto accepted = till->buy({.member = "ann", .id = "Y", .amount = 100'00, .use = 400});
  EXPECT_EQ(accepted.checkout().cash_due_minor(), 88'00);
  EXPECT_EQ(accepted.checkout().points_earned(), 8);
}

}  // namespace
}  // namespace wutong::test
