#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

/// Refunds beyond the golden cases (D5), what expires (D8), and what is kept of it.
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

const Order thousand{.id = "1", .amount = {1'000'00}};

RefundScope part(std::int64_t minor_units) { return RefundOfAmount{{minor_units}, {}}; }

TEST(Refund, GivesLinesBackByTheirAmountsAndKnowsWhatIsExcluded) {
  World world;
  Checkout checkout = world.checkout({.id = "1", .amount = {1'000'00}, .excluded = {400'00}});
  checkout.lines = {{.number = 3, .amount = {400'00}, .excluded = true},
                    {.number = 1, .amount = {100'00}},
                    {.number = 2, .amount = {500'00}}};
  world.buy(checkout);
  const Order order{.id = "1", .amount = {1'000'00}, .excluded = {400'00}};

  const Refunded first = world.give_back("r1", order, RefundOfLines{{1, 3}});
  EXPECT_EQ(first.amount, Money{500'00});
  EXPECT_EQ(first.excluded, Money{400'00});
  EXPECT_EQ(first.clawed_back, Points{15});
  EXPECT_EQ(first.totals.lines, std::vector<std::uint32_t>({1, 3}));

  const Refunded rest = world.give_back("r2", order, RefundOfWhole{});
  EXPECT_EQ(rest.amount, Money{500'00});
  EXPECT_EQ(rest.totals.lines, std::vector<std::uint32_t>({1, 2, 3}));
  EXPECT_EQ(world.balances(), Balances{});
}

TEST(Refund, ALineIsRefusedWhereAmountsHaveTakenItsMoney) {
  World world;
  Checkout checkout = world.checkout(thousand);
  checkout.lines = {{.number = 1, .amount = {400'00}}, {.number = 2, .amount = {600'00}}};
  world.buy(checkout);
  world.give_back("r1", thousand, part(700'00));

  EXPECT_EQ(world.refusal(world.refund("r2", thousand, RefundOfLines{{1}})),
            (Refused{Refusal::more_than_left, Field::lines}));
}

TEST(Refund, TheWholeIsWhatIsLeft) {
  World world;
  world.buy(thousand);
  world.give_back("r1", thousand, part(333'33));

  EXPECT_EQ(world.give_back("r2", thousand, RefundOfWhole{}).cash_back, Money{666'67});
  EXPECT_EQ(world.refusal(world.refund("r3", thousand, RefundOfWhole{})),
            (Refused{Refusal::more_than_left, Field::refund_scope}));
}

TEST(Refund, GoesByTheTotalsOfTheLastRefundAlsoWhereAnEarlierOneIsMissing) {
  World world;
  world.buy(thousand);
  world.give_back("r1", thousand, part(300'00));
  world.give_back("r2", thousand, part(300'00));
  std::erase_if(world.member.records,
                [](const Record& record) { return key_of(record) == refund_key("M1", "r1"); });

  EXPECT_EQ(world.refusal(world.refund("r3", thousand, part(400'01))).refusal,
            Refusal::more_than_left);
  EXPECT_EQ(world.give_back("r3", thousand, part(400'00)).totals.amount, Money{1'000'00});
}

TEST(Refund, TheLastRefundIsTheOneWithTheLastPositionWhereverItStands) {
  World world;
  world.buy(thousand);
  world.give_back("r1", thousand, part(300'00));
  world.give_back("r2", thousand, part(300'00));
  std::reverse(world.member.records.begin(), world.member.records.end());

  EXPECT_EQ(find_totals(world.member, order_key("M1", "1"))->amount, Money{600'00});
}

TEST(Refund, TheSameIdAgainIsAReplayAndTakesNothing) {
  World world;
  world.buy(thousand);
  const Refund refund = world.refund("r1", thousand, part(300'00));
  ASSERT_TRUE(std::holds_alternative<Accepted>(world.run(refund)));
  const Member before = world.member;

  EXPECT_TRUE(std::holds_alternative<Replay>(world.run(refund)));
  EXPECT_EQ(world.member, before);
}

TEST(Refund, AVenueRefundsTheOrdersThatTheProgramLetsItRefund) {
  World world;
  world.buy(thousand);
  Refund refund = world.refund("r1", thousand, part(300'00));
  refund.origin.venue = VenueId::intern("H1");
  EXPECT_EQ(world.refusal(refund), (Refused{Refusal::venue_not_allowed, Field::venue}));

  world.program.venues.at(VenueId::intern("H1")).refunds_orders_of.push_back(VenueId::intern("M1"));
  EXPECT_TRUE(std::holds_alternative<Accepted>(world.run(refund)));
}

TEST(Refund, AReversalIsDoneWhoeverAsksAndWhateverTheMemberIs) {
  World world;
  world.buy(thousand);
  world.member.status = MemberStatus::suspended;
  Refund reversal = world.refund("reversed", thousand, RefundOfWhole{});
  reversal.origin = {};
  reversal.occurred_at = {};
  reversal.reversal = true;

  EXPECT_TRUE(std::holds_alternative<Accepted>(world.run(reversal)));
  EXPECT_EQ(world.balances(), Balances{});
}

TEST(Refund, AReversalMarksAnOrderOfWhichNothingIsLeft) {
  World world;
  world.buy(thousand);
  world.give_back("all of it", thousand, RefundOfWhole{});
  Refund reversal = world.refund("reversed", thousand, RefundOfWhole{});
  reversal.reversal = true;

  const Decision decision = world.run(reversal);
  const auto& refunded = std::get<Refunded>(std::get<Accepted>(decision).event);

  EXPECT_EQ(refunded.cash_back, Money{});
  EXPECT_EQ(world.balances(), Balances{});
}

/// S is lost below 588.00 and below 888.00 all the more: the line keeps its own step.
World world_that_loses_steps() {
  World world;
  world.program.promotions[0].lost_below_threshold = true;
  return world;
}

TEST(Refund, TakesAllOfAnAwardWhoseThresholdTheRestFallsBelow) {
  World world = world_that_loses_steps();
  world.buy(thousand);  // 100 + 100 for the step of 888.00

  EXPECT_EQ(world.give_back("r1", thousand, part(112'00)).totals.clawed_back,
            std::vector<Points>({{11}, {11}}));
  EXPECT_EQ(world.give_back("r2", thousand, part(1)).totals.clawed_back,
            std::vector<Points>({{11}, {100}}));
  EXPECT_EQ(world.give_back("r3", thousand, part(1)).clawed_back, Points{0});
}

TEST(Refund, TheRestOfWhatPointsPaidForIsTakenInProportion) {
  World world = world_that_loses_steps();
  world.buy({.id = "opening", .amount = {2'500'00}});
  const Order order{.id = "1", .amount = {900'00}, .use = {400}};
  // 888.00 eligible of 900.00: any refund of earning goods leaves less.
  EXPECT_EQ(points_of(world.buy(order).awards), std::vector<std::int64_t>({88, 89}));

  const Refunded refund = world.give_back("r1", order, part(1));

  EXPECT_EQ(refund.totals.clawed_back, std::vector<Points>({{0}, {89}}));
}

TEST(Refund, EachUseGoesBackToItsLotAndItsParty) {
  World world;
  const StoreId shoes = StoreId::intern("shoes");
  world.program.venues.at(VenueId::intern("M1"))
      .stores.emplace(shoes, Store{.id = shoes, .party = PartyId::intern("BRAND")});
  world.buy({.id = "opening", .amount = {2'500'00}});
  Checkout checkout = world.checkout({.id = "1", .amount = {100'00}, .use = {500}});
  checkout.lines = {{.number = 1, .amount = {60'00}},
                    {.number = 2, .store = shoes, .amount = {40'00}}};
  world.buy(checkout);

  const Refunded refund = world.give_back("r1", {.id = "1", .amount = {100'00}}, part(50'00));

  EXPECT_EQ(postings(refund.effects),
            Texts({"give_back 150 MALL->POOL 450000", "give_back 100 BRAND->POOL 300000",
                   "claw_back -4 POOL->MALL 12000"}));
}

TEST(Refund, ALotGetsItsFlooredShareBackHoweverManyPartiesItPaid) {
  World world;
  const StoreId shoes = StoreId::intern("shoes");
  world.program.venues.at(VenueId::intern("M1"))
      .stores.emplace(shoes, Store{.id = shoes, .party = PartyId::intern("BRAND")});
  world.buy({.id = "opening", .amount = {2'500'00}});
  Checkout checkout = world.checkout({.id = "1", .amount = {100'00}, .use = {500}});
  checkout.lines = {{.number = 1, .amount = {50'00}},
                    {.number = 2, .store = shoes, .amount = {50'00}}};
  world.buy(checkout);
  const Order order{.id = "1", .amount = {100'00}};

  // Of 250 and 250 points a hundredth is 2.5 each, and of the lot's 500 it is 5.
  const Refunded first = world.give_back("r1", order, part(1'00));
  const Refunded second = world.give_back("r2", order, part(1'00));

  EXPECT_EQ(first.given_back, Points{5});
  EXPECT_EQ(first.totals.given_back, std::vector<Points>({{3}, {2}}));
  EXPECT_EQ(second.given_back, Points{5});
  EXPECT_EQ(second.totals.given_back, std::vector<Points>({{5}, {5}}));
}

TEST(Refund, TheCounterOfTheDayGoesDownOnlyByWhatWasCounted) {
  World world;
  world.buy({.id = "uncounted", .amount = {100'00}});
  world.policy.limits = {daily_limit("cap", 1'000)};
  world.buy({.id = "counted", .amount = {100'00}});
  ASSERT_EQ(world.member.counters[0].value, 10);

  world.give_back("r1", {.id = "uncounted", .amount = {100'00}}, RefundOfWhole{});
  ASSERT_EQ(world.member.counters.size(), 1U);
  EXPECT_EQ(world.member.counters[0].value, 10);

  world.give_back("r2", {.id = "counted", .amount = {100'00}}, RefundOfWhole{});
  EXPECT_TRUE(world.member.counters.empty());
}

TEST(Refund, OfADayWhoseCounterIsForgottenMovesNone) {
  World world;
  world.policy.limits = {daily_limit("cap", 1'000)};
  world.buy(thousand);
  world.now = world.now + Duration{60LL * 86'400'000};
  world.buy({.id = "2", .amount = {100'00}});
  ASSERT_EQ(world.member.counters.size(), 1U) << "the first day's is forgotten";

  EXPECT_TRUE(world.give_back("r1", thousand, RefundOfWhole{}).effects.counters.empty());
}

TEST(Expiry, BindsFromTheFirstInstantOfTheNextDay) {
  World world;
  world.buy({.id = "1", .amount = {500'00}});
  world.now = at("2027-12-31 23:59:59.999");
  EXPECT_EQ(world.balances().available, Points{50});
  EXPECT_FALSE(due(world.member, world.program, world.policy, world.now));

  world.now = at("2028-01-01 00:00:00");
  EXPECT_EQ(world.balances().available, Points{0});
  EXPECT_TRUE(due(world.member, world.program, world.policy, world.now));
}

TEST(Expiry, PaysTheGroupsBreakagePartyWhereTheContractSaysSo) {
  World world;
  world.program.parties.at(PartyId::intern("MALL")).breakage = PartyId::intern("GROUP");
  world.buy({.id = "1", .amount = {500'00}});
  world.now = at("2028-01-01 00:00:00");
  world.pass_time();

  EXPECT_EQ(postings(std::get<TimePassed>(world.events.back()).effects),
            Texts({"expire -50 POOL->GROUP 150000"}));
}

TEST(Expiry, WhatALateOrderEarnsAfterItsDayExpiresInTheSameEvent) {
  World world;
  world.program.expiry.ahead = 0;
  world.now = at("2027-01-02 10:00:00");

  const CheckedOut late =
      world.buy({.id = "1", .amount = {100'00}, .paid_at = at("2026-12-31 23:00:00")});

  EXPECT_EQ(postings(late.effects),
            Texts({"earn 10 MALL->POOL 30000", "expire -10 POOL->MALL 30000"}));
  EXPECT_EQ(late.after, Balances{});
}

TEST(Keeping, AnEmptiedLotKeepsItsSerialWhileItMayBeEarnedInto) {
  World world;
  world.buy({.id = "1", .amount = {1'000'00}});
  const std::uint32_t serial = world.member.lots[0].serial;
  world.buy({.id = "2", .amount = {200'00}, .use = {200}, .excluded = {200'00}});
  ASSERT_TRUE(lots(world.member).empty());

  world.buy({.id = "3", .amount = {100'00}});
  ASSERT_EQ(world.member.lots.size(), 1U);
  EXPECT_EQ(world.member.lots[0].serial, serial);
}

TEST(Keeping, ForgetsEmptyLotsOnceNothingCanNeedThem) {
  World world;
  world.buy({.id = "1", .amount = {1'000'00}});
  const Order spent{.id = "2", .amount = {200'00}, .use = {200}, .excluded = {200'00}};
  world.buy(spent);
  world.now = at("2028-03-01 12:00:00");
  world.buy({.id = "3", .venue = "H1", .amount = {100'00}});
  ASSERT_EQ(world.member.lots.size(), 1U) << "only the hotel's";

  world.program.expiry.give_back_grace_days = 0;
  world.give_back("r1", spent, RefundOfAmount{{200'00}, {200'00}});
  EXPECT_EQ(world.member.lots[0].serial, 1U) << "a lot that comes back is the one it was";
  EXPECT_EQ(world.member.lots[0].expired_uncounted, Points{200});
}

}  // namespace
}  // namespace wutong::testing
