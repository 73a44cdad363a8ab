#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/actors/domain/oracle/oracle.h"
#include "tests/support/program_p0.h"

/// The oracle itself against the golden cases, all but tiers (15). Opening balances are grants, which
/// post what an order would.
namespace wutong::oracle {
namespace {

using namespace domain;
using testing::at;
using testing::day;
using Posted = std::map<std::string, std::int64_t>;
using Earned_ = std::vector<std::int64_t>;

RecordKey key(const std::string& id) { return {std::hash<std::string>()(id), 1}; }

/// What each direction sums to, in 1/1000 fen.
Posted posted(const Outcome& outcome, std::vector<Reason> reasons = {}) {
  Posted sums;
  for (const auto& [kind, points] : outcome.changes.moved) {
    if (!reasons.empty() && std::ranges::find(reasons, kind.reason) == reasons.end()) continue;
    const std::string party(kind.counterparty.text());
    sums[points > 0 ? party + "->POOL" : "POOL->" + party] += std::abs(points) * kind.terms.price;
  }
  return sums;
}

Earned_ earned(const Outcome& outcome) {
  Earned_ points;
  for (const Award& award : outcome.awards) points.push_back(award.points);
  return points;
}

std::int64_t sum(const Outcome& outcome) {
  std::int64_t sum = 0;
  for (const std::int64_t points : earned(outcome)) sum += points;
  return sum;
}

/// A fresh member under P0.
class Case {
 public:
  Case() {
    oracle.program = testing::program_p0();
    run(Enroll{"wang"});
  }

  Oracle oracle;
  Instant now = at("2026-11-02 10:00:00");

  Outcome run(const Command& command) {
    before = oracle.pass_time(now).value_or(Changes{});
    return oracle.run(command, now);
  }
  Checkout order(const std::string& id, std::int64_t fen, std::int64_t points = 0,
                 const std::string& venue = "M1") const {
    return {.key = key(id),
            .order_id = id,
            .origin = {.venue = VenueId::intern(venue)},
            .occurred_at = now,
            .currency = "CNY",
            .amount = {fen},
            .tenders = {{"cash", {fen - offset_money(oracle.program.offset, points)}}},
            .points_to_use = {points}};
  }
  Outcome buy(const std::string& id, std::int64_t fen, std::int64_t points = 0) {
    return run(order(id, fen, points));
  }
  Outcome refund(const std::string& id, const std::string& of, RefundScope scope) {
    return run(Refund{.key = key("refund " + id),
                      .refund_id = id,
                      .origin = {.venue = VenueId::intern("M1")},
                      .occurred_at = now,
                      .order = key(of),
                      .order_venue = VenueId::intern("M1"),
                      .order_id = of,
                      .scope = std::move(scope)});
  }
  void grant(const std::string& party, std::int64_t points, std::optional<Day> until = {}) {
    run(Grant{.key = key("grant " + party),
              .occurred_at = now,
              .points = {points},
              .party = PartyId::intern(party),
              .expires_on = until});
  }
  [[nodiscard]] std::int64_t balance() const { return oracle.purse().usable(oracle.today(now)); }

  /// What time brought about before the last run.
  Changes before;
};

TEST(OracleGolden, Case1And2TakeTheHighestStep) {
  EXPECT_EQ(earned(Case().buy("1", 587'99)), Earned_({58}));
  EXPECT_EQ(earned(Case().buy("1", 588'00)), Earned_({58, 30}));
  EXPECT_EQ(posted(Case().buy("1", 588'00)), Posted({{"MALL->POOL", 264'000}}));
  EXPECT_EQ(earned(Case().buy("1", 887'99)), Earned_({88, 45}));
  EXPECT_EQ(earned(Case().buy("1", 888'00)), Earned_({88, 89}));
}

TEST(OracleGolden, Case3And4PayInStepsUpToTheShare) {
  Case one;
  one.grant("MALL", 5'000);
  EXPECT_EQ(most_points(one.oracle.program.offset, 588'00), 2'900);
  EXPECT_EQ(one.buy("1", 588'00, 2'950).refused.refusal, Refusal::not_in_steps);
  EXPECT_EQ(one.buy("1", 588'00, 3'000).refused.refusal, Refusal::above_offset_share);
  const Outcome order = one.buy("1", 588'00, 2'900);
  EXPECT_EQ(order.cash_due, 501'00);
  EXPECT_EQ(earned(order), Earned_({50}));
  EXPECT_EQ(posted(order), Posted({{"POOL->MALL", 8'700'000}, {"MALL->POOL", 150'000}}));

  Case other;
  other.grant("MALL", 500);
  EXPECT_EQ(other.buy("1", 49'99, 100).refused.refusal, Refusal::below_offset_threshold);
  EXPECT_EQ(other.buy("1", 50'00, 200).cash_due, 44'00);
  EXPECT_EQ(other.balance(), 304);
}

TEST(OracleGolden, Case5And6StackGroups) {
  Case weekend;
  testing::add(weekend.oracle.program, testing::multiplier("W", 20'000));
  EXPECT_EQ(earned(weekend.buy("1", 588'00)), Earned_({58, 30, 59}));

  Case rivals;
  for (Promotion rival :
       {testing::multiplier("W", 20'000), testing::fixed_bonus("B60", 60, "BRAND")}) {
    rival.stacking_group = Symbol::intern("weekend");
    testing::add(rivals.oracle.program, rival);
  }
  EXPECT_EQ(earned(rivals.buy("1", 588'00)), Earned_({58, 30, 60}));
  EXPECT_EQ(earned(rivals.buy("2", 600'00)), Earned_({60, 30, 60}));
}

TEST(OracleGolden, Case7And8SpreadOverRefunds) {
  Case excluded;
  Checkout order = excluded.order("1", 1'000'00);
  order.excluded_from_earning = {400'00};
  EXPECT_EQ(earned(excluded.run(order)), Earned_({60, 30}));
  EXPECT_EQ(excluded.refund("1", "1", RefundOfAmount{{400'00}, {400'00}}).clawed_back, 0);
  EXPECT_EQ(excluded.refund("2", "1", RefundOfAmount{{600'00}, {}}).clawed_back, 90);

  Case thirds;
  thirds.grant("MALL", 500);
  EXPECT_EQ(sum(thirds.buy("1", 100'00, 500)), 8);
  const std::int64_t parts[][4] = {
      {33'33, 2, 166, 28'34}, {33'33, 3, 167, 28'33}, {33'34, 3, 167, 28'33}};
  for (const auto& [amount, clawed, given, cash] : parts) {
    const Outcome refund = thirds.refund(std::to_string(cash * 10 + clawed + amount), "1",
                                         RefundOfAmount{{amount}, {}});
    EXPECT_EQ(refund.clawed_back, clawed);
    EXPECT_EQ(refund.given_back, given);
    EXPECT_EQ(refund.cash_back, cash);
  }
  EXPECT_EQ(thirds.refund("further", "1", RefundOfAmount{{1}, {}}).refused.refusal,
            Refusal::more_than_left);
}

TEST(OracleGolden, Case9FloorsEachLine) {
  Case one;
  testing::add(one.oracle.program, testing::fixed_bonus("B", 100, "BRAND"));
  EXPECT_EQ(earned(one.buy("1", 300'00)), Earned_({30, 100}));
  EXPECT_EQ(one.refund("1", "1", RefundOfAmount{{2'99}, {}}).clawed_back, 0);
  const Outcome second = one.refund("2", "1", RefundOfAmount{{97'02}, {}});
  EXPECT_EQ(posted(second), Posted({{"POOL->MALL", 30'000}, {"POOL->BRAND", 99'000}}));
  const Outcome third = one.refund("3", "1", RefundOfAmount{{49'99}, {}});
  EXPECT_EQ(posted(third), Posted({{"POOL->MALL", 15'000}, {"POOL->BRAND", 51'000}}));
}

TEST(OracleGolden, Case10GivesBackToTheLotsUsed) {
  Case one;
  one.now = at("2026-12-30 10:00:00");
  one.grant("HOTEL", 250, day("2026-12-31"));
  one.grant("MALL", 400, day("2027-12-31"));
  const Outcome order = one.buy("1", 100'00, 500);
  EXPECT_EQ(posted(order, {Reason::use}), Posted({{"POOL->MALL", 1'450'000}}));
  EXPECT_EQ(sum(order), 8);

  one.now = at("2026-12-31 10:00:00");
  const Outcome refund = one.refund("1", "1", RefundOfAmount{{50'00}, {}});
  EXPECT_EQ(refund.given_back, 250);
  EXPECT_EQ(refund.clawed_back, 4);
  EXPECT_EQ(refund.cash_back, 42'50);
  EXPECT_EQ(posted(refund), Posted({{"MALL->POOL", 725'000}, {"POOL->MALL", 12'000}}));
  EXPECT_EQ(one.balance(), 125 + 279);
}

TEST(OracleGolden, Case11And12OweAndRepay) {
  Case one;
  EXPECT_EQ(sum(one.buy("A", 888'00)), 177);
  EXPECT_EQ(sum(one.buy("B", 100'00, 100)), 9);
  const Outcome refund = one.refund("1", "A", RefundOfWhole{});
  EXPECT_EQ(refund.changes.debts_incurred, 91);
  EXPECT_EQ(posted(refund), Posted({{"POOL->MALL", 258'000}}));
  EXPECT_EQ(refund.cash_back, 888'00);

  const Outcome stay = one.run(one.order("C", 600'00, 0, "H1"));
  EXPECT_EQ(posted(stay), Posted({{"HOTEL->POOL", 336'000}, {"POOL->MALL", 254'800}}));
  EXPECT_EQ(one.balance(), 29);
  EXPECT_EQ(one.oracle.purse().debt(), 0);
}

TEST(OracleGolden, Case13CountsWhatHasExpired) {
  Case one;
  one.now = at("2026-12-20 10:00:00");
  one.buy("A", 888'00);
  one.now = at("2027-06-01 10:00:00");
  one.buy("B", 100'00, 100);
  one.now = at("2028-01-05 10:00:00");
  const Outcome refund = one.refund("1", "A", RefundOfWhole{});
  EXPECT_EQ(one.before.sum(Reason::expire), -77);
  EXPECT_EQ(refund.changes.counted_as_expired, 77);
  EXPECT_EQ(posted(refund), Posted({{"POOL->MALL", 27'000}}));
  EXPECT_EQ(refund.changes.debts_incurred, 91);
}

TEST(OracleGolden, Case14GivesBackAfterTheDay) {
  for (const int grace : {0, 30}) {
    Case one;
    one.oracle.program.expiry.give_back_grace_days = grace;
    one.now = at("2027-12-30 10:00:00");
    one.grant("MALL", 500, day("2027-12-31"));
    EXPECT_EQ(sum(one.buy("1", 100'00, 500)), 8);
    one.now = at("2028-01-05 10:00:00");
    const Outcome refund = one.refund("1", "1", RefundOfWhole{});
    EXPECT_EQ(refund.given_back, 500);
    EXPECT_EQ(refund.clawed_back, 8);
    EXPECT_EQ(refund.cash_back, 85'00);
    if (grace == 0) {
      EXPECT_EQ(posted(refund), Posted({{"MALL->POOL", 1'500'000}, {"POOL->MALL", 1'524'000}}));
      EXPECT_EQ(one.balance(), 0);
    } else {
      const Terms terms{PartyId::intern("MALL"), 3'000, day("2028-02-04").since_epoch};
      EXPECT_EQ(one.oracle.purse().holdings(), (std::map<Terms, Holding>{{terms, {500, 0}}}));
    }
  }
}

TEST(OracleGolden, Case16DecidesLateOrdersByWhenTheyWerePaid) {
  Case one;
  Promotion twice = testing::multiplier("D", 20'000);
  twice.starts_at = at("2026-11-20 00:00:00");
  twice.ends_at = at("2026-11-21 00:00:00");
  testing::add(one.oracle.program, twice);
  one.now = at("2026-11-21 10:00:00");
  Checkout late = one.order("1", 400'00);
  late.occurred_at = at("2026-11-20 23:59:30");
  EXPECT_EQ(sum(one.run(late)), 80);
  Checkout after = one.order("2", 400'00);
  after.occurred_at = at("2026-11-21 00:00:00");
  EXPECT_EQ(sum(one.run(after)), 40);

  Case year_end;
  year_end.now = at("2027-01-01 00:05:00");
  Checkout last = year_end.order("1", 400'00);
  last.occurred_at = at("2026-12-31 23:59:59");
  year_end.run(last);
  EXPECT_EQ(year_end.oracle.purse().holdings().begin()->first.last_day,
            day("2027-12-31").since_epoch);
}

TEST(OracleGolden, Case17CapsTheDayOfTheOrder) {
  Case one;
  one.oracle.policy.limits = {testing::daily_limit("cap", 1'000)};
  one.now = at("2026-11-20 10:00:00");
  for (int i = 0; i < 19; ++i) one.buy(std::to_string(i), 500'00);
  one.now = at("2026-11-21 10:00:00");
  Checkout late = one.order("late", 888'00);
  late.occurred_at = at("2026-11-20 22:00:00");
  const Outcome order = one.run(late);
  EXPECT_EQ(order.seen[0].before, 950);
  EXPECT_EQ(earned(order), Earned_({50, 0}));
  EXPECT_EQ(one.buy("next day", 10'00).seen[0].before, 0);
  EXPECT_EQ(one.refund("1", "late", RefundOfWhole{}).clawed_back, 50);
  Checkout again = one.order("again", 10'00);
  again.occurred_at = at("2026-11-20 23:00:00");
  EXPECT_EQ(one.run(again).seen[0].before, 950);
}

TEST(OracleGolden, Case18KeepsHeldPointsOverMidnight) {
  Case one;
  one.oracle.program.hold_timeout = {30 * 60'000};
  one.now = at("2026-12-31 23:50:00");
  one.grant("MALL", 500, day("2026-12-31"));
  one.run(Hold{.key = key("hold"), .hold_id = "h", .occurred_at = one.now, .points = {300}});
  one.now = at("2027-01-01 00:10:00");
  Checkout order = one.order("1", 50'00, 200);
  order.excluded_from_earning = {50'00};
  order.hold_id = "h";
  order.hold = key("hold");
  const Outcome captured = one.run(order);
  EXPECT_EQ(one.before.sum(Reason::expire), -200);
  EXPECT_EQ(captured.cash_due, 44'00);
  EXPECT_EQ(posted(captured, {Reason::use}), Posted({{"POOL->MALL", 600'000}}));
  EXPECT_EQ(posted(captured, {Reason::expire}), Posted({{"POOL->MALL", 300'000}}));
  EXPECT_EQ(one.balance(), 0);
}

TEST(OracleGolden, Case19TellsARetryFromOtherContent) {
  Case one;
  EXPECT_EQ(sum(one.buy("X", 100'00)), 10);
  EXPECT_EQ(one.buy("X", 100'00).kind, Outcome::Kind::replay);
  EXPECT_EQ(one.buy("X", 100'01).refused, (Refused{Refusal::other_content, Field::amount}));
  EXPECT_EQ(one.refund("1", "X", RefundOfAmount{{60'00}, {}}).kind, Outcome::Kind::accepted);
  EXPECT_EQ(one.refund("2", "X", RefundOfAmount{{40'01}, {}}).refused.refusal,
            Refusal::more_than_left);
  one.grant("MALL", 396);
  EXPECT_EQ(one.buy("Y", 100'00, 500).refused.refusal, Refusal::balance_too_low);
  EXPECT_EQ(one.buy("Y", 100'00, 400).kind, Outcome::Kind::accepted);
}

TEST(OracleGolden, Case20DeclinesTheSixthInTheWindow) {
  Case one;
  one.oracle.policy.limits = {{.id = LimitId::intern("orders"),
                               .measure = Measure::orders,
                               .window = Window::sliding,
                               .seconds = 600,
                               .effect = LimitEffect::decline,
                               .bound = 5}};
  const Instant start = one.now;
  Checkout sixth;
  for (int i = 0; i < 7; ++i) {
    one.now = start + Duration{i * 100'000};
    const Checkout order = one.order(std::to_string(i), 10'00);
    if (i == 5) sixth = order;
    EXPECT_EQ(one.run(order).kind, i == 5 ? Outcome::Kind::declined : Outcome::Kind::accepted);
  }
  const Outcome again = one.run(sixth);
  EXPECT_EQ(again.kind, Outcome::Kind::replay);
}

}  // namespace
}  // namespace wutong::oracle
