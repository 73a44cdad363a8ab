#include "actors/domain/earning.h"

#include <gtest/gtest.h>

#include "tests/actors/domain/world.h"

/// Earning beyond the golden cases (D1, D2), and who settles it (D10).
namespace wutong::testing {
namespace {

using namespace domain;
using Awarded = std::vector<std::int64_t>;
using Owed = std::map<std::string, std::int64_t>;

PartyId party(const char* id) { return PartyId::intern(id); }

Venue& m1(World& world) { return world.program.venues.at(VenueId::intern("M1")); }

TEST(Earning, TendersOfTheGroupsOwnMoneyEarnNothing) {
  World world;
  world.program.tenders_without_earning = {"gift card"};
  Checkout checkout = world.checkout({.id = "1", .amount = {600'00}});
  checkout.tenders = {{"gift card", {100'00}}, {"cash", {500'00}}};

  const CheckedOut order = world.buy(checkout);

  EXPECT_EQ(order.eligible, Money{500'00});
  EXPECT_EQ(points_of(order.awards), Awarded({50}));
}

TEST(Earning, WhatIsTakenOffTwiceLeavesNothingAndNotLess) {
  World world;
  add(world.program, fixed_bonus("B", 100, "BRAND"));
  world.program.tenders_without_earning = {"gift card"};
  Checkout checkout = world.checkout({.id = "1", .amount = {600'00}, .excluded = {400'00}});
  checkout.tenders = {{"gift card", {300'00}}, {"cash", {300'00}}};

  const CheckedOut order = world.buy(checkout);

  EXPECT_EQ(order.eligible, Money{0});
  EXPECT_TRUE(order.awards.empty()) << "a bonus here could never be clawed back";
}

TEST(Earning, AnOrderOfNothingIsAReceiptAndEarnsNothing) {
  World world;
  add(world.program, fixed_bonus("B", 100, "BRAND"));
  const Order order{.id = "1"};

  EXPECT_EQ(earned(world.buy(order)), 0);
  EXPECT_EQ(world.give_back("r1", order, RefundOfWhole{}).cash_back, Money{0});
  EXPECT_EQ(world.refusal(world.refund("r2", order, RefundOfWhole{})).refusal,
            Refusal::more_than_left);
}

TEST(Earning, TheMostSpecificRateAndFundingCount) {
  World world;
  const StoreId shoes = StoreId::intern("shoes");
  m1(world).stores.emplace(shoes,
                           Store{.id = shoes, .party = party("BRAND"), .rate = {{{2}, {10'00}}}});
  Checkout checkout = world.checkout({.id = "1", .amount = {100'00}});
  checkout.origin.store = shoes;

  const CheckedOut order = world.buy(checkout);

  EXPECT_EQ(points_of(order.awards), Awarded({20}));
  EXPECT_EQ(owed(order.effects), Owed({{"BRAND->POOL", 60'000}}));
}

TEST(Earning, SharesGetOneLineAPartyByOneCumulativeFloor) {
  World world;
  m1(world).funding = {{party("MALL"), {5'000}}, {party("HOTEL"), {5'000}}};
  Promotion& steps = world.program.promotions[0];
  steps.funding = {{party("BRAND"), {3'300}}, {party("MALL"), {6'700}}};

  // 58.8 of base in halves, then 29.4 in 33 % and 67 %: 29.4 | 58.8 | 68.502 | 88.2.
  const CheckedOut order = world.buy({.id = "1", .amount = {588'00}});

  EXPECT_EQ(points_of(order.awards), Awarded({29, 29, 10, 20}));
  EXPECT_EQ(order.awards[0].party, party("MALL"));
  EXPECT_EQ(order.awards[1].party, party("HOTEL"));
  EXPECT_EQ(order.awards[2].party, party("BRAND"));
  EXPECT_EQ(order.awards[3].party, party("MALL"));
  EXPECT_EQ(owed(order.effects),
            Owed({{"MALL->POOL", 147'000}, {"HOTEL->POOL", 81'200}, {"BRAND->POOL", 30'000}}));
}

TEST(Earning, LinesAreBaseThenMultipliersThenBonusesEachById) {
  World world;
  for (const char* id : {"Z", "C"}) add(world.program, multiplier(id, 20'000));
  for (const char* id : {"Y", "A"}) add(world.program, fixed_bonus(id, 5, "BRAND"));

  const CheckedOut order = world.buy({.id = "1", .amount = {588'00}});

  std::vector<std::string> ids;
  for (const AwardLine& line : order.awards) ids.emplace_back(line.promotion.text());
  EXPECT_EQ(ids, std::vector<std::string>({"", "C", "S", "Z", "A", "Y"}));
}

/// Lines of 100.00 shoes, 200.00 hats and 300.00 of tobacco, which earns nothing.
Checkout basket(const World& world) {
  Checkout checkout = world.checkout({.id = "1", .amount = {600'00}, .excluded = {300'00}});
  checkout.lines = {{.number = 1, .category = "shoes", .amount = {100'00}},
                    {.number = 2, .category = "hats", .amount = {200'00}},
                    {.number = 3, .category = "tobacco", .amount = {300'00}, .excluded = true}};
  return checkout;
}

TEST(Earning, AMultiplierOnLinesCountsTheirPartOfTheEligible) {
  World world;
  Promotion shoes = multiplier("shoes", 30'000);
  shoes.lines.categories = {"shoes", "tobacco"};
  add(world.program, shoes);

  EXPECT_EQ(points_of(world.buy(basket(world)).awards), Awarded({30, 20}));
}

TEST(Earning, ALineThatNamesNoStoreIsOfTheOrdersStore) {
  World world;
  const StoreId here = StoreId::intern("here");
  const StoreId there = StoreId::intern("there");
  Promotion of_here = multiplier("of here", 30'000);
  of_here.lines.stores = {here};
  add(world.program, of_here);
  Checkout checkout = basket(world);
  checkout.origin.store = here;
  checkout.lines[1].store = there;

  EXPECT_EQ(points_of(world.buy(checkout).awards), Awarded({30, 20})) << "the shoes alone count";
}

TEST(Earning, WhatPointsPayIsSpreadOverTheEarningLines) {
  World world;
  world.buy({.id = "opening", .amount = {2'500'00}});
  Promotion hats = multiplier("hats", 30'000);
  hats.lines.categories = {"hats"};
  add(world.program, hats);
  Checkout checkout = basket(world);
  checkout.points_to_use = {500};
  checkout.tenders = {{"cash", {585'00}}};

  // 15.00 off 300.00: 5.00 off the shoes, 10.00 off the hats. 28.5 + 2 × 19 = 66.5.
  EXPECT_EQ(points_of(world.buy(checkout).awards), Awarded({28, 38}));
}

TEST(Earning, AMultiplierOnAllLinesByNameGivesWhatOneWithoutAFilterGives) {
  World by_name;
  by_name.program.tenders_without_earning = {"gift card"};
  World plain = by_name;
  Promotion all = multiplier("all", 20'000);
  add(plain.program, all);
  all.lines.categories = {"shoes", "hats", "tobacco"};
  add(by_name.program, all);
  Checkout checkout = basket(by_name);
  checkout.tenders = {{"gift card", {77'77}}, {"cash", {522'23}}};

  EXPECT_EQ(by_name.buy(checkout).awards, plain.buy(checkout).awards);
}

TEST(Earning, ThresholdsCompareWithAllThatIsEligible) {
  World world;
  Promotion hats = multiplier("hats", 20'000);
  hats.steps = {{{300'00}, {20'000}}};
  hats.lines.categories = {"hats"};
  add(world.program, hats);

  EXPECT_EQ(points_of(world.buy(basket(world)).awards), Awarded({30, 20}))
      << "the hats alone are 200.00, but 300.00 are eligible";
}

TEST(Earning, APromotionAppliesWhereAndWhenItSays) {
  World world;
  Promotion here = fixed_bonus("B", 7, "BRAND");
  here.venues = {VenueId::intern("M1")};
  here.formats = {FormatId::intern("mall")};
  here.fixed_from = {100'00};
  add(world.program, here);

  EXPECT_EQ(earned(world.buy({.id = "1", .amount = {99'99}})), 9);
  EXPECT_EQ(earned(world.buy({.id = "2", .amount = {100'00}})), 17);
  EXPECT_EQ(earned(world.buy({.id = "3", .venue = "H1", .amount = {100'00}})), 20);
}

TEST(Earning, PointsOfAnOrderGoIntoTheLotThatTheySharePriceAndExpiryWith) {
  World world;
  world.buy({.id = "1", .amount = {100'00}});
  world.buy({.id = "2", .amount = {100'00}});
  EXPECT_EQ(world.member.lots.size(), 1U);

  world.program.parties.at(party("MALL")).price = {3'100};
  world.buy({.id = "3", .amount = {100'00}});

  EXPECT_EQ(world.member.lots.size(), 2U);
  EXPECT_EQ(pool_owes(world.member), 20 * 3'000 + 10 * 3'100);
}

TEST(Offset, StoresOfLinesAcceptTheirPartOfThePoints) {
  World world;
  const StoreId shoes = StoreId::intern("shoes");
  m1(world).stores.emplace(shoes, Store{.id = shoes, .party = party("BRAND")});
  world.buy({.id = "opening", .amount = {2'500'00}});
  Checkout checkout = world.checkout({.id = "1", .amount = {100'00}, .use = {500}});
  checkout.lines = {{.number = 1, .amount = {66'67}},
                    {.number = 2, .store = shoes, .amount = {33'33}}};

  const CheckedOut order = world.buy(checkout);

  EXPECT_EQ(postings(order.effects),
            std::vector<std::string>({"use -333 POOL->MALL 999000", "use -167 POOL->BRAND 501000",
                                      "earn 8 MALL->POOL 24000"}));
  EXPECT_EQ(order.effects.movements[1].line, 1U);
}

TEST(Offset, GoodsThatNameNoStoreAreOfTheOrdersStore) {
  World world;
  const StoreId shoes = StoreId::intern("shoes");
  const StoreId tea = StoreId::intern("tea");
  m1(world).stores.emplace(shoes, Store{.id = shoes, .party = party("BRAND")});
  m1(world).stores.emplace(tea, Store{.id = tea});
  world.buy({.id = "opening", .amount = {5'000'00}});
  Checkout lines = world.checkout({.id = "1", .amount = {100'00}, .use = {300}});
  lines.origin.store = shoes;
  lines.lines = {{.number = 1, .amount = {50'00}}, {.number = 2, .store = tea, .amount = {50'00}}};
  Checkout no_lines = world.checkout({.id = "2", .amount = {100'00}, .use = {300}});
  no_lines.origin.store = shoes;

  const auto used_of = [](const CheckedOut& order) {
    auto all = postings(order.effects);
    std::erase_if(all, [](const std::string& posting) { return !posting.starts_with("use"); });
    return all;
  };
  EXPECT_EQ(used_of(world.buy(lines)), std::vector<std::string>({"use -150 POOL->BRAND 450000",
                                                                 "use -150 POOL->MALL 450000"}));
  EXPECT_EQ(used_of(world.buy(no_lines)),
            std::vector<std::string>({"use -300 POOL->BRAND 900000"}));
}

TEST(Offset, IsNotOfferedWhereAStepHasNoPoints) {
  World world;
  world.buy({.id = "opening", .amount = {2'500'00}});
  world.program.offset = {};
  Checkout checkout = world.checkout({.id = "1", .amount = {100'00}});
  checkout.points_to_use = {100};

  EXPECT_EQ(world.refusal(checkout).refusal, Refusal::above_offset_share);
  EXPECT_EQ(quote(world.member, world.program, world.policy, {checkout}, world.now).points_max,
            Points{0});
}

}  // namespace
}  // namespace wutong::testing
