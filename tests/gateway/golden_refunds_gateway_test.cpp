#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// The golden cases of refunds, debts and expiry through the running gateway, to the last unit.
namespace wutong::test {
namespace {

using Owed = std::map<std::string, std::int64_t>;

class GoldenRefundsGateway : public SharedGatewayTest {
 protected:
  void open_for_ann(const GatewayOptions& options = {}) {
    open(options);
    till->now = shanghai("2025-03-01 12:00:00");
    till->enroll("ann");
    till->now = shanghai("2026-03-02 12:00:00");
  }

  v1::Balances balances() { return till->member("ann").balances(); }
};

TEST_F(GoldenRefundsGateway, Case7ClawsNothingBackForExcludedGoods) {
  open_for_ann();
  const Sale order{.member = "ann", .id = "A", .amount = 1'000'00, .excluded = 400'00};
  EXPECT_EQ(awards(till->buy(order)), Lines({"base 60", "S 30"}));

  const auto excluded =
      till->give_back(order, {.id = "r1", .amount = 400'00, .excluded = 400'00}).refund();
  EXPECT_EQ(excluded.clawed_back(), 0);
  EXPECT_EQ(excluded.cash_back_minor(), 400'00);

  const auto earning = till->give_back(order, {.id = "r2", .amount = 600'00});
  EXPECT_EQ(earning.refund().clawed_back(), 90);
  EXPECT_EQ(earning.refund().cash_back_minor(), 600'00);
  EXPECT_EQ(owed(earning), Owed({{"POOL->MALL", 270'000}}));
  EXPECT_EQ(balances().available(), 0);
}

TEST_F(GoldenRefundsGateway, Case8SpreadsOffsetAndAwardOverPartialRefunds) {
  open_for_ann();
  till->buy({.member = "ann", .id = "opening", .amount = 2'500'00});
  const Sale order{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  const auto bought = till->buy(order).checkout();
  EXPECT_EQ(bought.points_earned(), 8);
  EXPECT_EQ(bought.cash_due_minor(), 85'00);

  const auto first = till->give_back(order, {.id = "r1", .amount = 33'33}).refund();
  const auto second = till->give_back(order, {.id = "r2", .amount = 33'33}).refund();
  const auto third = till->give_back(order, {.id = "r3", .amount = 33'34}).refund();

  EXPECT_EQ(first.clawed_back(), 2);
  EXPECT_EQ(second.clawed_back(), 3);
  EXPECT_EQ(third.clawed_back(), 3);
  EXPECT_EQ(first.given_back(), 166);
  EXPECT_EQ(second.given_back(), 167);
  EXPECT_EQ(third.given_back(), 167);
  EXPECT_EQ(first.cash_back_minor(), 28'34);
  EXPECT_EQ(second.cash_back_minor(), 28'33);
  EXPECT_EQ(third.cash_back_minor(), 28'33);
  EXPECT_EQ(third.total_amount_minor(), 100'00);
  EXPECT_EQ(third.total_clawed_back(), 8);
  EXPECT_EQ(third.total_given_back(), 500);
  EXPECT_EQ(text_of(till->refused(till->refund(order, {.id = "r4", .amount = 1}))),
            "MORE_THAN_LEFT amount.amount_minor");
  EXPECT_EQ(balances().available(), 500);
}

TEST_F(GoldenRefundsGateway, Case9FloorsEachLineOfTheRefundedShare) {
  open_for_ann({.program = data("p0_case_9.json")});
  const Sale order{.member = "ann", .id = "A", .amount = 300'00};
  EXPECT_EQ(awards(till->buy(order)), Lines({"base 30", "B100 100"}));

  const auto first = till->give_back(order, {.id = "r1", .amount = 2'99});
  EXPECT_EQ(movements(first), Lines());
  const auto second = till->give_back(order, {.id = "r2", .amount = 97'02});
  EXPECT_EQ(movements(second),
            Lines({"claw_back 10 MALL until 2027-12-31", "claw_back 33 BRAND until 2027-12-31"}));
  EXPECT_EQ(owed(second), Owed({{"POOL->MALL", 30'000}, {"POOL->BRAND", 99'000}}));
  const auto third = till->give_back(order, {.id = "r3", .amount = 49'99});
  EXPECT_EQ(movements(third),
            Lines({"claw_back 5 MALL until 2027-12-31", "claw_back 17 BRAND until 2027-12-31"}));
  EXPECT_EQ(third.refund().total_clawed_back(), 65);
}

TEST_F(GoldenRefundsGateway, Case10BurnsTheEarliestExpiryFirstAndGivesBackToTheSameLots) {
  open_for_ann();
  till->now = shanghai("2025-03-01 12:00:00");
  till->buy({.member = "ann", .id = "stay", .amount = 1'250'00, .venue = "H1"});
  till->now = shanghai("2026-03-01 12:00:00");
  till->buy({.member = "ann", .id = "opening", .amount = 2'000'00});
  ASSERT_EQ(lots(till->member("ann")),
            Lines({"HOTEL 250 until 2026-12-31", "MALL 400 until 2027-12-31"}));

  till->now = shanghai("2026-12-30 12:00:00");
  const Sale order{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  const auto bought = till->buy(order);
  EXPECT_EQ(movements(bought),
            Lines({"use 250 HOTEL until 2026-12-31", "use 250 MALL until 2027-12-31",
                   "earn 8 MALL until 2027-12-31"}));
  EXPECT_EQ(postings(bought),
            Lines({"use POOL->MALL 700000", "use POOL->MALL 750000", "earn MALL->POOL 24000"}));

  till->now = shanghai("2026-12-31 12:00:00");
  const auto refund = till->give_back(order, {.id = "r1", .amount = 50'00});
  EXPECT_EQ(refund.refund().cash_back_minor(), 42'50);
  EXPECT_EQ(refund.refund().clawed_back(), 4);
  EXPECT_EQ(refund.refund().given_back(), 250);
  EXPECT_EQ(postings(refund), Lines({"give_back MALL->POOL 350000", "give_back MALL->POOL 375000",
                                     "claw_back POOL->MALL 12000"}));
  EXPECT_EQ(lots(till->member("ann")),
            Lines({"HOTEL 125 until 2026-12-31", "MALL 279 until 2027-12-31"}));
}

TEST_F(GoldenRefundsGateway, Case11OwesWhatWasSpentAndCase12RepaysItFromTheNextAward) {
  open_for_ann();
  const std::int64_t owed_before = audited("pool_owes_thousandths");
  till->now = shanghai("2026-11-02 12:00:00");
  const Sale a{.member = "ann", .id = "A", .amount = 888'00};
  EXPECT_EQ(till->buy(a).checkout().points_earned(), 177);
  const auto spent = till->buy({.member = "ann", .id = "B", .amount = 100'00, .use = 100});
  EXPECT_EQ(spent.checkout().points_earned(), 9);
  EXPECT_EQ(spent.balances_after().available(), 86);

  const auto refund = till->give_back(a, {.id = "r1"});
  EXPECT_EQ(refund.refund().clawed_back(), 177);
  EXPECT_EQ(refund.refund().cash_back_minor(), 888'00);
  EXPECT_EQ(refund.debt_incurred(), 91);
  EXPECT_EQ(owed(refund), Owed({{"POOL->MALL", 258'000}}));
  EXPECT_EQ(balances().available(), 0);
  EXPECT_EQ(balances().debt(), 91);

  const auto stay = till->buy({.member = "ann", .id = "stay", .amount = 600'00, .venue = "H1"});
  EXPECT_EQ(stay.checkout().points_earned(), 120);
  EXPECT_EQ(stay.debt_repaid(), 91);
  EXPECT_EQ(owed(stay), Owed({{"HOTEL->POOL", 336'000}, {"POOL->MALL", 254'800}}));
  EXPECT_EQ(balances().debt(), 0);
  EXPECT_EQ(lots(till->member("ann")), Lines({"HOTEL 29 until 2027-12-31"}));
  EXPECT_EQ(audited("pool_owes_thousandths") - owed_before, 81'200);
}

TEST_F(GoldenRefundsGateway, Case13CountsWhatHasExpiredOfTheLotBeforeItTakesFromOthers) {
  open_for_ann();
  const std::int64_t expired_before = audited("points_expired");
  const std::int64_t owed_before = audited("pool_owes_thousandths");
  till->now = shanghai("2026-12-20 12:00:00");
  const Sale first{.member = "ann", .id = "1", .amount = 888'00};
  EXPECT_EQ(till->buy(first).checkout().points_earned(), 177);
  till->now = shanghai("2027-06-01 12:00:00");
  const auto second = till->buy({.member = "ann", .id = "2", .amount = 100'00, .use = 100});
  EXPECT_EQ(movements(second),
            Lines({"use 100 MALL until 2027-12-31", "earn 9 MALL until 2028-12-31"}));

  till->now = shanghai("2028-01-05 12:00:00");
  const auto refund = till->give_back(first, {.id = "r1"});
  EXPECT_EQ(refund.refund().clawed_back(), 177);
  EXPECT_EQ(refund.clawed_back_as_expired(), 77);
  EXPECT_EQ(refund.debt_incurred(), 91);
  EXPECT_EQ(movements(refund), Lines({"claw_back 9 MALL until 2028-12-31"}));
  EXPECT_EQ(owed(refund), Owed({{"POOL->MALL", 27'000}}));
  EXPECT_EQ(balances().available(), 0);
  EXPECT_EQ(balances().debt(), 91);
  EXPECT_EQ(audited("points_expired") - expired_before, 77);
  // 531,000 and 27,000 came in, 300,000 and 27,000 went out: the other 231,000 are of the 77.
  EXPECT_EQ(audited("pool_owes_thousandths") - owed_before, 0);
}

TEST_F(GoldenRefundsGateway, Case14ExpiresAtOnceWhatIsGivenBackAfterItsDay) {
  open_for_ann();
  till->buy({.member = "ann", .id = "opening", .amount = 2'500'00});
  till->now = shanghai("2027-12-30 12:00:00");
  const Sale order{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  EXPECT_EQ(till->buy(order).checkout().points_earned(), 8);

  till->now = shanghai("2028-01-05 12:00:00");
  const auto refund = till->give_back(order, {.id = "r1"});
  EXPECT_EQ(postings(refund), Lines({"give_back MALL->POOL 1500000", "claw_back POOL->MALL 24000",
                                     "expire POOL->MALL 1500000"}));
  EXPECT_EQ(movements(refund),
            Lines({"give_back 500 MALL until 2027-12-31", "claw_back 8 MALL until 2028-12-31",
                   "expire 500 MALL until 2027-12-31"}));
  EXPECT_EQ(refund.expired(), 500);
  EXPECT_EQ(refund.refund().cash_back_minor(), 85'00);
  EXPECT_EQ(balances().available(), 0);
  EXPECT_EQ(balances().debt(), 0);
}

TEST_F(GoldenRefundsGateway, Case14LetsWhatIsGivenBackLiveOnForTheDaysOfGrace) {
  open_for_ann({.program = data("p0_case_14.json")});
  till->buy({.member = "ann", .id = "opening", .amount = 2'500'00});
  till->now = shanghai("2027-12-30 12:00:00");
  const Sale order{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  till->buy(order);

  till->now = shanghai("2028-01-05 12:00:00");
  const auto refund = till->give_back(order, {.id = "r1"});
  EXPECT_EQ(refund.expired(), 0);
  EXPECT_EQ(balances().available(), 500);
  EXPECT_EQ(lots(till->member("ann")), Lines({"MALL 500 until 2028-02-04"}));
}

}  // namespace
}  // namespace wutong::test
