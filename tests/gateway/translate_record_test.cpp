#include "gateway/translate_record.h"

#include <gtest/gtest.h>

#include "actors/domain/calendar.h"
#include "gateway/shape.h"
#include "tests/gateway/reply_bytes.h"

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
  const auto record = test::told(domain::Record(refund_into_debt()), 5);

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
  const auto record = test::told(domain::Record(refund_into_debt()), 5);

  ASSERT_EQ(record.postings_size(), 1);
  EXPECT_EQ(record.postings(0).from(), "POOL");
  EXPECT_EQ(record.postings(0).to(), "MALL");
  EXPECT_EQ(record.postings(0).amount_thousandths(), 27'000);
  ASSERT_EQ(record.movements_size(), 1);
  EXPECT_EQ(record.movements(0).points(), 9);
  EXPECT_EQ(record.movements(0).expires_on(), "2028-12-31");
}

TEST(TranslateRecord, RefundTellsTheLossThatIsBooked) {
  auto refund = refund_into_debt();
  refund.effects.debts.clear();
  refund.booked_loss = {91};
  refund.checks = {{.limit = domain::LimitId::intern("refunds"), .value_asked = 1, .bound = 3}};
  const auto record = test::told(domain::Record(refund), 5);

  EXPECT_EQ(record.booked_loss(), 91);
  EXPECT_EQ(record.debt_incurred(), 0);
  ASSERT_EQ(record.risk_checks_size(), 1);
  EXPECT_EQ(record.risk_checks(0).limit(), "refunds");
}

TEST(TranslateRecord, WhatBecomesADebtIsNoLoss) {
  const auto record = test::told(domain::Record(refund_into_debt()), 5);

  EXPECT_EQ(record.booked_loss(), 0);
}

const domain::Origin at_m1{.venue = domain::VenueId::intern("M1"), .terminal = "T1"};

TEST(TranslateRecord, DeclinedOrderTellsWhatWasAskedAndNoMore) {
  const domain::Declined declined{
      .header = {.position = {.epoch = 2, .sequence = 41}, .policy_version = 3},
      .id = "A",
      .origin = at_m1,
      .content = domain::OrderContent{.occurred_at = {1'830'000'000'000},
                                      .currency = "CNY",
                                      .amount = {58'800},
                                      .excluded_from_earning = {800},
                                      .excluded_from_offset = {900},
                                      .points_to_use = {100},
                                      .hold_id = "H1"},
      .late = true,
      .checks = {{.limit = domain::LimitId::intern("fast"),
                  .effect = domain::LimitEffect::decline,
                  .value_before = 5,
                  .value_asked = 1,
                  .bound = 5,
                  .exceeded = true}},
      .after = {.available = {88}}};
  const auto record = test::told(domain::Record(declined), 5);

  EXPECT_EQ(record.outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(record.position().sequence(), 41U);
  EXPECT_EQ(record.policy_version(), 3U);
  const auto& checkout = record.checkout();
  EXPECT_EQ(checkout.order_id(), "A");
  EXPECT_EQ(checkout.origin().terminal(), "T1");
  EXPECT_EQ(checkout.occurred_at_unix_ms(), 1'830'000'000'000);
  EXPECT_EQ(checkout.currency(), "CNY");
  EXPECT_EQ(checkout.amount_minor(), 58'800);
  EXPECT_EQ(checkout.excluded_from_earning_minor(), 800);
  EXPECT_EQ(checkout.excluded_from_offset_minor(), 900);
  EXPECT_EQ(checkout.hold_id(), "H1");
  EXPECT_TRUE(checkout.late());
  EXPECT_EQ(checkout.points_used(), 0);
  EXPECT_EQ(checkout.points_earned(), 0);
  EXPECT_EQ(checkout.cash_due_minor(), 0);
  ASSERT_EQ(record.risk_checks_size(), 1);
  EXPECT_EQ(record.risk_checks(0).effect(), v1::LIMIT_EFFECT_DECLINE);
  EXPECT_TRUE(record.risk_checks(0).exceeded());
  EXPECT_EQ(record.balances_after().available(), 88);
}

TEST(TranslateRecord, DeclinedRefundTellsWhatWasAskedAndNoMore) {
  const domain::Declined declined{
      .id = "R1",
      .origin = at_m1,
      .content =
          domain::RefundContent{
              .occurred_at = {1'830'000'000'000}, .scope = 1, .amount = {500}, .excluded = {20}},
      .order_venue = domain::VenueId::intern("H1"),
      .order_id = "A",
      .order_occurred_at = {1'820'000'000'000}};
  const auto record = test::told(domain::Record(declined), 5);

  EXPECT_EQ(record.outcome(), v1::OUTCOME_DECLINED);
  const auto& refund = record.refund();
  EXPECT_EQ(refund.refund_id(), "R1");
  EXPECT_EQ(refund.order().venue(), "H1");
  EXPECT_EQ(refund.order().order_id(), "A");
  EXPECT_EQ(refund.order_occurred_at_unix_ms(), 1'820'000'000'000);
  EXPECT_EQ(refund.occurred_at_unix_ms(), 1'830'000'000'000);
  EXPECT_EQ(refund.amount_minor(), 500);
  EXPECT_EQ(refund.excluded_minor(), 20);
  EXPECT_EQ(refund.clawed_back(), 0);
  EXPECT_EQ(refund.total_amount_minor(), 0);
}

TEST(TranslateRecord, HoldAndReleaseTellTheirPointsAndTimes) {
  const domain::Held held{.hold_id = "H1",
                          .origin = at_m1,
                          .content = {.occurred_at = {1'000}, .points = {300}},
                          .lapses_at = {901'000},
                          .after = {.available = {200}, .held = {300}}};
  const domain::Released released{.origin = at_m1,
                                  .hold_id = "H1",
                                  .hold_occurred_at = {1'000},
                                  .occurred_at = {2'000},
                                  .points = {300}};
  const auto hold = test::told(domain::Record(held), 5);
  const auto release = test::told(domain::Record(released), 5);

  EXPECT_EQ(hold.outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_EQ(hold.hold().hold_id(), "H1");
  EXPECT_EQ(hold.hold().origin().venue(), "M1");
  EXPECT_EQ(hold.hold().occurred_at_unix_ms(), 1'000);
  EXPECT_EQ(hold.hold().points(), 300);
  EXPECT_EQ(hold.hold().lapses_at_unix_ms(), 901'000);
  EXPECT_EQ(hold.balances_after().held(), 300);
  EXPECT_EQ(release.release().hold_id(), "H1");
  EXPECT_EQ(release.release().origin().venue(), "M1");
  EXPECT_EQ(release.release().hold_occurred_at_unix_ms(), 1'000);
  EXPECT_EQ(release.release().occurred_at_unix_ms(), 2'000);
  EXPECT_EQ(release.release().points(), 300);
}

TEST(TranslateRecord, GrantAndRevocationTellTheirPointsAndWhy) {
  domain::Granted granted{.grant_id = "G1",
                          .origin = at_m1,
                          .content = {.occurred_at = {1'000},
                                      .points = {500},
                                      .party = PartyId::intern("MALL"),
                                      .reason = "sorry"}};
  granted.effects.movements = {{.reason = domain::Reason::grant,
                                .lot_serial = 1,
                                .party = PartyId::intern("MALL"),
                                .price = {3'000},
                                .expires_on = {20'818},
                                .points = {500},
                                .counterparty = PartyId::intern("MALL")}};
  domain::GrantRevoked revoked{.revocation_id = "V1",
                               .origin = at_m1,
                               .grant_id = "G1",
                               .grant_occurred_at = {1'000},
                               .occurred_at = {2'000},
                               .reason = "not sorry",
                               .points = {500},
                               .booked_loss = {100}};
  revoked.effects.movements = granted.effects.movements;
  revoked.effects.movements[0].reason = domain::Reason::revoke;
  revoked.effects.movements[0].points = {-400};
  const auto grant = test::told(domain::Record(granted), 5);
  const auto revocation = test::told(domain::Record(revoked), 5);

  EXPECT_EQ(grant.grant().grant_id(), "G1");
  EXPECT_EQ(grant.grant().origin().venue(), "M1");
  EXPECT_EQ(grant.grant().occurred_at_unix_ms(), 1'000);
  EXPECT_EQ(grant.grant().points(), 500);
  EXPECT_EQ(grant.grant().party(), "MALL");
  EXPECT_EQ(grant.grant().expires_on(), "2026-12-31");
  EXPECT_EQ(grant.grant().reason(), "sorry");
  EXPECT_EQ(grant.postings(0).from(), "MALL");
  EXPECT_EQ(grant.postings(0).amount_thousandths(), 1'500'000);
  EXPECT_EQ(revocation.revocation().revocation_id(), "V1");
  EXPECT_EQ(revocation.revocation().origin().venue(), "M1");
  EXPECT_EQ(revocation.revocation().grant_id(), "G1");
  EXPECT_EQ(revocation.revocation().grant_occurred_at_unix_ms(), 1'000);
  EXPECT_EQ(revocation.revocation().occurred_at_unix_ms(), 2'000);
  EXPECT_EQ(revocation.revocation().points(), 500);
  EXPECT_EQ(revocation.revocation().reason(), "not sorry");
  EXPECT_EQ(revocation.booked_loss(), 100);
}

TEST(TranslateRecord, EqualRecordsAreEqualBytes) {
  const auto one = test::told(domain::Record(refund_into_debt()), 5);
  const auto other = test::told(domain::Record(refund_into_debt()), 5);

  EXPECT_EQ(one.SerializeAsString(), other.SerializeAsString());
}

TEST(Shape, DaysAreThoseThatExist) {
  EXPECT_EQ(shape::day("2026-01-05", "day")->value(), domain::Day{20'458});
  EXPECT_EQ(shape::text_of(domain::Day{20'458}), "2026-01-05");
  EXPECT_TRUE(shape::day("2028-02-29", "day"));
  for (const auto* text : {"0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "9999-12-31"}) {
    const auto day = shape::day(text, "day");
    ASSERT_TRUE(day && *day) << text;
    EXPECT_EQ(shape::text_of(**day), text);
  }
  // The end of a year that lies beyond those that can be asked for.
  EXPECT_EQ(shape::text_of(domain::day_of(10'001, 12, 31)), "10001-12-31");
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

TEST(Shape, ControlCharactersAreFoundWhereverTheyStand) {
  for (std::size_t size = 1; size <= 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 0x80; ++byte) {
        std::string text(size, '~');
        text[at] = static_cast<char>(byte);
        EXPECT_EQ(shape::has_control_character(text), byte < 0x20 || byte == 0x7f)
            << byte << " at " << at << " of " << size;
      }
      // Those of two bytes, and what comes right behind them in Unicode.
      for (const auto& [two_bytes, is_control] :
           {std::pair("\xc2\x80", true), {"\xc2\x9f", true}, {"\xc2\xa0", false}}) {
        std::string text(size, ' ');
        text.replace(at, 1, two_bytes);
        EXPECT_EQ(shape::has_control_character(text), is_control) << at << " of " << size;
      }
    }
  }
}

}  // namespace
}  // namespace wutong
