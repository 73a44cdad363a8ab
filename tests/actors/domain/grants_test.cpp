#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/actors/domain/world.h"

/// Points by no order (D11), and what becomes of a shortfall (D6).
namespace wutong::testing {
namespace {

using namespace domain;
using Texts = std::vector<std::string>;

TEST(Grant, IsPostedAndExpiresAsPointsEarnedOnItsDay) {
  World world;

  const Granted granted = world.done<Granted>(world.grant("g1", {200}, "BRAND"));

  EXPECT_EQ(postings(granted.effects), Texts({"grant 200 BRAND->POOL 600000"}));
  EXPECT_EQ(lots(world.member), Texts({"BRAND 200 until 2027-12-31"}));
  EXPECT_EQ(granted.after, Balances{.available = {200}});
  EXPECT_EQ(granted.content.reason, "goodwill");
}

TEST(Grant, HasAnExpiryOfItsOwnIfItSaysSo) {
  World world;
  Grant grant = world.grant("g1", {200});
  grant.expires_on = day("2026-11-02");
  world.done<Granted>(grant);
  EXPECT_EQ(lots(world.member), Texts({"MALL 200 until 2026-11-02"}));

  world.now = at("2026-11-03 00:00:00");
  world.pass_time();
  EXPECT_EQ(world.balances(), Balances{});

  Grant past = world.grant("g2", {200});
  past.expires_on = day("2026-11-02");
  EXPECT_EQ(world.refusal(past), (Refused{Refusal::expires_in_past, Field::expires_on}));
}

TEST(Grant, OfAPartyThatTheProgramDoesNotHaveIsRefused) {
  World world;
  EXPECT_EQ(world.refusal(world.grant("g1", {200}, "NOBODY")),
            (Refused{Refusal::party_unknown, Field::party}));
}

TEST(Grant, IsKnownByItsId) {
  World world;
  const Granted granted = world.done<Granted>(world.grant("g1", {200}));

  const Decision again = world.run(world.grant("g1", {200}));
  ASSERT_TRUE(std::holds_alternative<Replay>(again));
  EXPECT_EQ(std::get<Granted>(std::get<Replay>(again).record), granted);
  EXPECT_EQ(world.refusal(world.grant("g1", {201})),
            (Refused{Refusal::other_content, Field::points}));
  EXPECT_EQ(world.refusal(world.grant("g1", {200}, "HOTEL")),
            (Refused{Refusal::other_content, Field::party}));
}

TEST(Grant, RepaysDebtsFirstAndCountsForNoLimit) {
  World world;
  world.policy.limits = {daily_limit("cap", 1'000)};
  const Order order{.id = "1", .amount = {1'000'00}};
  world.buy(order);
  world.buy({.id = "2", .amount = {2'000'00}, .use = {100}});
  world.done<Held>(world.hold("all", world.balances().available));
  world.give_back("r1", order, RefundOfWhole{});
  const Points owed = world.balances().debt;
  ASSERT_GT(owed, Points{});
  const auto counted = world.member.counters;

  const Granted granted = world.done<Granted>(world.grant("g1", owed + Points{5}));

  EXPECT_EQ(granted.after.debt, Points{});
  EXPECT_EQ(granted.after.available, Points{5});
  EXPECT_EQ(world.member.counters, counted);
}

TEST(Grant, IsTakenBackWholeOutOfItsLotOfWhatHasExpiredOfOthersAndAsADebt) {
  World world;
  Grant grant = world.grant("g1", {200});
  grant.expires_on = day("2026-12-31");
  world.done<Granted>(grant);
  world.now = at("2026-12-30 10:00:00");
  world.buy({.id = "1", .amount = {1'000'00}, .use = {100}});
  world.now = at("2027-01-01 10:00:00");
  world.pass_time();
  world.buy({.id = "2", .amount = {2'000'00}, .use = {100}});
  const Points rest = world.balances().available;
  world.done<Held>(world.hold("h", rest - Points{30}));

  const GrantRevoked revoked = world.done<GrantRevoked>(world.revocation("v1", "g1"));

  EXPECT_EQ(revoked.points, Points{200});
  ASSERT_EQ(revoked.effects.expired_counts.size(), 1U);
  EXPECT_EQ(revoked.effects.expired_counts[0].points, Points{100});
  EXPECT_EQ(postings(revoked.effects), Texts({"revoke -30 POOL->MALL 90000"}));
  EXPECT_EQ(revoked.after.debt, Points{70});
}

TEST(Grant, IsTakenBackOnce) {
  World world;
  world.done<Granted>(world.grant("g1", {200}));
  EXPECT_EQ(world.refusal(world.revocation("v1", "g2")),
            (Refused{Refusal::grant_unknown, Field::grant_id}));
  const GrantRevoked revoked = world.done<GrantRevoked>(world.revocation("v1", "g1"));

  const Decision again = world.run(world.revocation("v1", "g1"));
  ASSERT_TRUE(std::holds_alternative<Replay>(again));
  EXPECT_EQ(std::get<GrantRevoked>(std::get<Replay>(again).record), revoked);
  EXPECT_EQ(world.refusal(world.revocation("v2", "g1")),
            (Refused{Refusal::grant_already_revoked, Field::grant_id}));
  EXPECT_EQ(world.balances(), Balances{});
}

/// 177 earned, of which all but 77 are spent.
World with_a_shortfall(Shortfall shortfall) {
  World world;
  world.program.shortfall = shortfall;
  world.buy({.id = "1", .amount = {888'00}});
  world.buy({.id = "2", .amount = {100'00}, .use = {100}, .excluded = {100'00}});
  return world;
}

TEST(Shortfall, IsADebtByDefault) {
  World world = with_a_shortfall(Program().shortfall);
  const Refunded refund = world.give_back("r1", {.id = "1", .amount = {888'00}}, RefundOfWhole{});
  EXPECT_EQ(refund.after, Balances{.debt = {100}});
}

TEST(Shortfall, BookedAsALossIsNeitherOwedNorPosted) {
  World world = with_a_shortfall(Shortfall::booked_loss);
  const Refunded refund = world.give_back("r1", {.id = "1", .amount = {888'00}}, RefundOfWhole{});
  EXPECT_EQ(refund.clawed_back, Points{177});
  EXPECT_EQ(owed(refund.effects), (std::map<std::string, std::int64_t>{{"POOL->MALL", 231'000}}));
  EXPECT_EQ(refund.after, Balances{});
  EXPECT_EQ(earned(world.buy({.id = "3", .amount = {100'00}})), 10);
  EXPECT_EQ(world.balances(), Balances{.available = {10}});
}

TEST(Shortfall, MayRefuseTheRefundButNotTheEnginesOwn) {
  World world = with_a_shortfall(Shortfall::refused);
  const Order order{.id = "1", .amount = {888'00}};
  EXPECT_EQ(world.refusal(world.refund("r1", order, RefundOfWhole{})),
            (Refused{Refusal::shortfall, Field::none}));
  // What the member has covers a part.
  EXPECT_EQ(world.give_back("r2", order, RefundOfAmount{{300'00}, {}}).after.debt, Points{});

  Refund reversal = world.refund("r3", order, RefundOfWhole{});
  reversal.reversal = true;
  EXPECT_GT(world.done<Refunded>(reversal).after.debt, Points{});
}

TEST(Shortfall, RefusesARevocationToo) {
  World world;
  world.program.shortfall = Shortfall::refused;
  world.done<Granted>(world.grant("g1", {100}));
  world.buy({.id = "1", .amount = {100'00}, .use = {100}, .excluded = {100'00}});

  EXPECT_EQ(world.refusal(world.revocation("v1", "g1")),
            (Refused{Refusal::shortfall, Field::none}));
}

TEST(Revocation, WithAnotherReasonIsOtherContent) {
  World world;
  world.done<Granted>(world.grant("g1", {100}));
  RevokeGrant revocation = world.revocation("v1", "g1");
  world.done<GrantRevoked>(revocation);

  revocation.reason = "another";

  EXPECT_EQ(world.refusal(revocation), (Refused{Refusal::other_content, Field::reason}));
}

}  // namespace
}  // namespace wutong::testing
