#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// The golden case of holds through the running gateway, and what grants do, to the last unit.
namespace wutong::test {
namespace {

class GoldenHoldsGateway : public SharedGatewayTest {
 protected:
  /// `ann` has 500 points of MALL until the end of 2026, and it is noon on its last but one day.
  void open_for_ann(const GatewayOptions& options = {}) {
    open(options);
    till->now = shanghai("2026-12-30 12:00:00");
    till->enroll("ann");
    till->accepted(till->grant(opening));
  }

  v1::Balances balances() { return till->member("ann").balances(); }

  const Gift opening{.member = "ann", .id = "opening", .points = 500, .expires_on = "2026-12-31"};
};

TEST_F(GoldenHoldsGateway, Case18CapturesAHoldOverMidnight) {
  open({.program = data("p0_case_18.json")});
  const std::int64_t owed_before = audited("pool_owes_thousandths");
  const std::int64_t expired_before = audited("points_expired");
  open_for_ann({.program = data("p0_case_18.json")});
  till->now = shanghai("2026-12-31 23:50:00");
  const Aside aside{.member = "ann", .id = "till 1", .points = 300};
  const auto to_hold = till->hold(aside);

  const auto held = till->accepted(to_hold);
  EXPECT_EQ(held.record().hold().points(), 300);
  EXPECT_EQ(held.record().hold().lapses_at_unix_ms(), shanghai("2027-01-01 00:20:00"));
  EXPECT_EQ(postings(held.record()), Lines());
  EXPECT_EQ(held.record().balances_after().available(), 200);
  EXPECT_EQ(held.record().balances_after().held(), 300);
  EXPECT_EQ(held.standing().expiring(), 200);
  EXPECT_EQ(held.standing().expires_on(), "2026-12-31");
  EXPECT_EQ(balances().held(), 300);
  EXPECT_EQ(till->member("ann").lots(0).held(), 300);

  till->now = shanghai("2027-01-01 00:10:00");
  const Sale sale{
      .member = "ann", .id = "A", .amount = 50'00, .use = 200, .excluded = 50'00, .hold = "till 1"};
  const auto quoted = till->call(till->quote(sale)).reply.quotation();
  EXPECT_EQ(quoted.points_max(), 200);
  EXPECT_EQ(quoted.cash_due_minor(), 44'00);

  const auto captured = till->buy(sale);
  EXPECT_EQ(postings(captured), Lines({"use POOL->MALL 600000", "expire POOL->MALL 300000"}));
  EXPECT_EQ(captured.checkout().hold_id(), to_hold.hold_id());
  EXPECT_EQ(captured.checkout().points_earned(), 0);
  EXPECT_EQ(captured.checkout().cash_due_minor(), 44'00);
  EXPECT_EQ(captured.expired(), 100);
  EXPECT_EQ(captured.balances_after().available(), 0);
  EXPECT_EQ(captured.balances_after().held(), 0);
  EXPECT_EQ(lots(till->member("ann")), Lines());
  // 200 expired before, and were posted: of what the grant brought nothing is owed any more.
  EXPECT_EQ(audited("points_expired") - expired_before, 200 + 100);
  EXPECT_EQ(audited("pool_owes_thousandths") - owed_before, 0);

  const auto again = till->accepted(to_hold);
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.record().SerializeAsString(), held.record().SerializeAsString());
  EXPECT_EQ(text_of(till->refused(till->release(aside))), "HOLD_UNKNOWN hold_id");
}

TEST_F(GoldenHoldsGateway, AHoldIsReleasedOnceAndItsPointsAreFree) {
  open_for_ann();
  const Aside aside{.member = "ann", .id = "till 1", .points = 300};
  const Aside more{.member = "ann", .id = "till 2", .points = 201};
  till->accepted(till->hold(aside));
  EXPECT_EQ(text_of(till->refused(till->hold(more))), "BALANCE_TOO_LOW points");
  Aside other = aside;
  other.points = 299;
  EXPECT_EQ(text_of(till->refused(till->hold(other))), "OTHER_CONTENT points");

  const auto release = till->release(aside);
  const auto released = till->accepted(release);
  EXPECT_EQ(released.record().release().points(), 300);
  EXPECT_EQ(postings(released.record()), Lines());
  EXPECT_EQ(released.record().balances_after().available(), 500);
  EXPECT_EQ(balances().held(), 0);

  const auto again = till->accepted(release);
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(again.record().SerializeAsString(), released.record().SerializeAsString());
  const Sale late{.member = "ann", .id = "A", .amount = 100'00, .use = 300, .hold = "till 1"};
  EXPECT_EQ(text_of(till->refused(till->checkout(late))), "HOLD_UNKNOWN hold_id");
  EXPECT_EQ(text_of(till->refused(till->release(more))), "HOLD_UNKNOWN hold_id");
}

TEST_F(GoldenHoldsGateway, AHoldThatNobodyCapturesLapses) {
  open_for_ann();
  till->accepted(till->hold({.member = "ann", .id = "till 1", .points = 300}));

  till->now += 15 * 60'000 - 1;
  const Sale all{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  EXPECT_EQ(text_of(till->refused(till->checkout(all))), "BALANCE_TOO_LOW points_to_use");
  till->now += 1;
  const Sale captures{.member = "ann", .id = "A", .amount = 100'00, .use = 300, .hold = "till 1"};
  EXPECT_EQ(text_of(till->refused(till->checkout(captures))), "HOLD_UNKNOWN hold_id");
  EXPECT_EQ(till->buy(all).checkout().points_used(), 500);
}

TEST_F(GoldenHoldsGateway, AGrantIsGivenOnceAndTakenBackWhole) {
  open();
  till->enroll("ann");
  const Gift gift{.member = "ann", .id = "g", .points = 500};
  const auto give = till->grant(gift);

  const auto given = till->accepted(give);
  EXPECT_EQ(given.record().grant().points(), 500);
  EXPECT_EQ(given.record().grant().expires_on(), "2027-12-31");
  EXPECT_EQ(given.record().grant().reason(), "goodwill");
  EXPECT_EQ(postings(given.record()), Lines({"grant MALL->POOL 1500000"}));
  EXPECT_TRUE(till->accepted(give).replayed());
  Gift more = gift;
  more.points = 501;
  EXPECT_EQ(text_of(till->refused(till->grant(more))), "OTHER_CONTENT points");
  EXPECT_EQ(balances().available(), 500);

  // 200 are used and 4 earned, so 304 are there: the rest is a debt.
  till->buy({.member = "ann", .id = "A", .amount = 50'00, .use = 200});
  const auto take = till->revoke(gift, "v");
  const auto taken = till->accepted(take);
  EXPECT_EQ(taken.record().revocation().points(), 500);
  EXPECT_EQ(postings(taken.record()), Lines({"revoke POOL->MALL 912000"}));
  EXPECT_EQ(taken.record().debt_incurred(), 196);
  EXPECT_EQ(taken.record().booked_loss(), 0);
  EXPECT_EQ(taken.record().balances_after().debt(), 196);
  EXPECT_TRUE(till->accepted(take).replayed());
  EXPECT_EQ(text_of(till->refused(till->revoke(gift, "w"))), "GRANT_ALREADY_REVOKED grant_id");
  EXPECT_EQ(text_of(till->refused(till->revoke({.member = "ann", .id = "h"}, "w"))),
            "GRANT_UNKNOWN grant_id");

  // The next that come in repay it.
  const auto next = till->accepted(till->grant({.member = "ann", .id = "i", .points = 200}));
  EXPECT_EQ(next.record().debt_repaid(), 196);
  EXPECT_EQ(balances().available(), 4);
  EXPECT_EQ(balances().debt(), 0);
}

TEST_F(GoldenHoldsGateway, WhatWasHeldAndGrantedIsInTheHistory) {
  open_for_ann();
  const Aside aside{.member = "ann", .id = "till 1", .points = 300};
  till->accepted(till->hold(aside));
  till->accepted(till->release(aside));
  till->accepted(till->revoke(opening, "v"));

  const auto history = till->history("ann");

  ASSERT_EQ(history.size(), 4U);
  EXPECT_TRUE(history[0].has_revocation());
  EXPECT_TRUE(history[1].has_release());
  EXPECT_TRUE(history[2].has_hold());
  EXPECT_TRUE(history[3].has_grant());
}

}  // namespace
}  // namespace wutong::test
