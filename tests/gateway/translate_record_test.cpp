#include "gateway/translate_record.h"

#include <gtest/gtest.h>

#include "gateway/shape.h"

namespace wutong {
namespace {

using domain::PartyId;

/// Golden case 13 as an event: 77 had expired before, 9 are taken from a lot, 91 become a debt.
domain::Refunded refund_into_debt() {
  domain::Refunded refund;
  refund.header = {.position = {.epoch = 2, .sequence = 40},
                   .received_at = {1'830'000'000'000},
                   .program_version = 7,
                   .policy_version = 3};
  refund.refund_id = "R1";
  refund.order_id = "A";
  refund.order_venue = domain::VenueId::intern("M1");
  refund.amount = {88'800};
  refund.cash_back = {88'800};
  refund.clawed_back = {177};
  refund.totals = {.amount = {88'800}, .clawed_back = {{88}, {89}}, .given_back = {{5}}};
  refund.effects.movements = {{.reason = domain::Reason::claw_back,
                               .line = 0,
                               .lot_serial = 2,
                               .party = PartyId::intern("MALL"),
                               .price = {3'000},
                               .expires_on = {21'549},
                               .points = {-9},
                               .counterparty = PartyId::intern("MALL")}};
  refund.effects.expired_counts = {{.lot_serial = 1, .line = 0, .points = {77}}};
  refund.effects.debts = {{.line = 0, .party = PartyId::intern("MALL"), .points = {2}},
                          {.line = 1, .party = PartyId::intern("MALL"), .points = {89}}};
  refund.after = {.debt = {91}};
  return refund;
}

TEST(TranslateRecord, RefundTellsWhatBecameOfThePoints) {
  v1::ReceiptRecord record;

  tell(domain::Record(refund_into_debt()), 5, record);

  EXPECT_EQ(record.position().shard(), 5U);
  EXPECT_EQ(record.position().epoch(), 2U);
  EXPECT_EQ(record.position().sequence(), 40U);
  EXPECT_EQ(record.refund().clawed_back(), 177);
  EXPECT_EQ(record.refund().total_clawed_back(), 177);
  EXPECT_EQ(record.refund().total_given_back(), 5);
  EXPECT_EQ(record.clawed_back_as_expired(), 77);
  EXPECT_EQ(record.debt_incurred(), 91);
  EXPECT_EQ(record.debt_repaid(), 0);
  EXPECT_EQ(record.balances_after().debt(), 91);
}

TEST(TranslateRecord, PointsOutOfALotAreOwedByThePool) {
  v1::ReceiptRecord record;

  tell(domain::Record(refund_into_debt()), 5, record);

  ASSERT_EQ(record.postings_size(), 1);
  EXPECT_EQ(record.postings(0).from(), "POOL");
  EXPECT_EQ(record.postings(0).to(), "MALL");
  EXPECT_EQ(record.postings(0).amount_thousandths(), 27'000);
  ASSERT_EQ(record.movements_size(), 1);
  EXPECT_EQ(record.movements(0).points(), 9);
  EXPECT_EQ(record.movements(0).expires_on(), "2028-12-31");
}

TEST(TranslateRecord, EqualRecordsAreEqualBytes) {
  v1::ReceiptRecord one;
  v1::ReceiptRecord other;

  tell(domain::Record(refund_into_debt()), 5, one);
  tell(domain::Record(refund_into_debt()), 5, other);

  EXPECT_EQ(one.SerializeAsString(), other.SerializeAsString());
}

TEST(Shape, DaysAreThoseThatExist) {
  EXPECT_EQ(shape::day("2026-01-05", "day")->value(), domain::Day{20'458});
  EXPECT_EQ(shape::text_of(domain::Day{20'458}), "2026-01-05");
  EXPECT_TRUE(shape::day("2028-02-29", "day"));
  for (const char* wrong : {"2026-02-29", "2026-13-01", "2026-1-05", "2026-01-0x", "20260105"}) {
    EXPECT_FALSE(shape::day(wrong, "day")) << wrong;
  }
}

TEST(Shape, ControlCharactersAreFoundInEveryForm) {
  for (const char* text : {"a\tb", "a\nb", "a\x7f", "a\xc2\x85z"}) {
    EXPECT_TRUE(shape::has_control_character(text)) << text;
  }
  for (const char* text : {"", "T1-20260105-0001", "梧桐", "é", "\xc2\xa0"}) {
    EXPECT_FALSE(shape::has_control_character(text)) << text;
  }
}

}  // namespace
}  // namespace wutong
