#include <gtest/gtest.h>

#include <functional>

#include "actors/domain/fingerprint.h"
#include "tests/actors/domain/world.h"

/// What makes a repeated request the same one (D14).
namespace wutong::testing {
namespace {

using namespace domain;

struct Change {
  Field field;
  std::function<void(Checkout&)> apply_to;
};

const std::vector<Change>& changes() {
  static const std::vector<Change> all = {
      {Field::occurred_at, [](Checkout& order) { order.occurred_at.unix_ms += 1; }},
      {Field::currency, [](Checkout& order) { order.currency = "EUR"; }},
      {Field::amount, [](Checkout& order) { order.amount.minor_units += 1; }},
      {Field::excluded, [](Checkout& order) { order.excluded_from_earning.minor_units += 1; }},
      {Field::excluded_from_offset,
       [](Checkout& order) { order.excluded_from_offset.minor_units += 1; }},
      {Field::points_to_use, [](Checkout& order) { order.points_to_use.count += 100; }},
      {Field::hold_id, [](Checkout& order) { order.hold_id = "hold"; }},
      {Field::tenders, [](Checkout& order) { order.tenders[0].kind = "card"; }},
      {Field::lines, [](Checkout& order) { order.lines[0].sku = "other"; }},
      {Field::store, [](Checkout& order) { order.origin.store = StoreId::intern("shoes"); }},
  };
  return all;
}

Checkout two_lines(const World& world) {
  Checkout order = world.checkout({.id = "1", .amount = {100'00}});
  order.tenders = {{"cash", {40'00}}, {"card", {60'00}}};
  order.lines = {{.number = 1, .sku = "a", .amount = {30'00}},
                 {.number = 2, .sku = "b", .amount = {70'00}}};
  return order;
}

TEST(SameContent, NamesTheFieldThatAloneDiffers) {
  World world;
  const Checkout sent = two_lines(world);
  world.buy(sent);

  for (const Change& change : changes()) {
    Checkout changed = sent;
    change.apply_to(changed);
    EXPECT_EQ(world.refusal(changed), (Refused{Refusal::other_content, change.field}));
  }
}

TEST(SameContent, NamesTheFirstOfTwoFieldsThatDiffer) {
  World world;
  const Checkout sent = two_lines(world);
  world.buy(sent);

  for (std::size_t second = 1; second < changes().size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      Checkout changed = sent;
      changes()[second].apply_to(changed);
      changes()[first].apply_to(changed);
      EXPECT_EQ(world.refusal(changed).field, changes()[first].field);
    }
  }
}

TEST(SameContent, EveryFieldOfALineCounts) {
  World world;
  const Checkout sent = two_lines(world);
  world.buy(sent);
  const std::vector<std::function<void(BasketLine&)>> line_changes = {
      [](BasketLine& line) { line.number = 3; },
      [](BasketLine& line) { line.sku = "c"; },
      [](BasketLine& line) { line.category = "c"; },
      [](BasketLine& line) { line.brand = "c"; },
      [](BasketLine& line) { line.store = StoreId::intern("c"); },
      [](BasketLine& line) { line.quantity_thousandths = 1; },
      [](BasketLine& line) { line.amount.minor_units += 1; },
      [](BasketLine& line) { line.excluded = true; },
  };

  for (const auto& change : line_changes) {
    Checkout changed = sent;
    change(changed.lines[0]);
    EXPECT_EQ(world.refusal(changed).field, Field::lines);
  }
}

TEST(SameContent, WhatARetryFromAnotherTillDiffersInDoesNotMatter) {
  World world;
  const Checkout sent = two_lines(world);
  const CheckedOut receipt = world.buy(sent);
  Checkout retry = sent;
  retry.origin.terminal = "7";
  retry.origin.cashier = "li";
  retry.origin.offline = true;
  retry.origin.channel = Channel::web;
  retry.origin.till_business_date = day("2026-11-01");
  retry.origin.printed_receipt_number = "0042";
  retry.tax = {13'00};
  std::swap(retry.tenders[0], retry.tenders[1]);
  std::swap(retry.lines[0], retry.lines[1]);

  const Decision decision = world.run(retry);

  ASSERT_TRUE(std::holds_alternative<Replay>(decision));
  EXPECT_EQ(std::get<CheckedOut>(std::get<Replay>(decision).record).effects, receipt.effects);
}

TEST(SameContent, ARepeatedRefundIsComparedTheSameWay) {
  World world;
  const Checkout order = two_lines(world);
  world.buy(order);
  const Order named{.id = "1", .amount = {100'00}};
  const Refund sent = world.refund("r1", named, RefundOfAmount{{10'00}, {}});
  ASSERT_TRUE(std::holds_alternative<Accepted>(world.run(sent)));

  Refund retry = sent;
  retry.origin.cashier = "li";
  retry.reason = "too small";
  EXPECT_TRUE(std::holds_alternative<Replay>(world.run(retry)));

  const std::vector<std::pair<Field, std::function<void(Refund&)>>> refund_changes = {
      {Field::order_id,
       [](Refund& refund) {
         refund.order = {1, 2};
       }},
      {Field::occurred_at, [](Refund& refund) { refund.occurred_at.unix_ms += 1; }},
      {Field::refund_scope, [](Refund& refund) { refund.scope = RefundOfWhole{}; }},
      {Field::refund_scope, [](Refund& refund) { refund.scope = RefundOfLines{{1}}; }},
      {Field::amount,
       [](Refund& refund) {
         refund.scope = RefundOfAmount{{10'01}, {}};
       }},
      {Field::excluded,
       [](Refund& refund) {
         refund.scope = RefundOfAmount{{10'00}, {1}};
       }},
  };
  for (const auto& [field, change] : refund_changes) {
    Refund changed = sent;
    change(changed);
    EXPECT_EQ(world.refusal(changed), (Refused{Refusal::other_content, field}));
  }
}

TEST(SameContent, ARefundOfOtherLinesIsAnother) {
  World world;
  world.buy(two_lines(world));
  const Order named{.id = "1", .amount = {100'00}};
  const Refund sent = world.refund("r1", named, RefundOfLines{{1}});
  ASSERT_TRUE(std::holds_alternative<Accepted>(world.run(sent)));

  Refund changed = sent;
  changed.scope = RefundOfLines{{2}};

  EXPECT_EQ(world.refusal(changed), (Refused{Refusal::other_content, Field::lines}));
}

TEST(Fingerprint, IsTheSameOnEveryMachineAndInEveryVersion) {
  // Stored with every order: were one of these to change, every retry across an upgrade would be
  // refused.
  EXPECT_EQ(fingerprint_of(std::vector<Tender>{}), 0U);
  EXPECT_EQ(fingerprint_of(std::vector<BasketLine>{}), 0U);
  EXPECT_EQ(fingerprint_of(std::vector<Tender>{{"cash", {100'00}}}), 15575982683991596681U);
  EXPECT_EQ(fingerprint_of(std::vector<BasketLine>{{.number = 1,
                                                    .sku = "6901234567892",
                                                    .category = "shoes",
                                                    .brand = "回力",
                                                    .store = StoreId::intern("A-101"),
                                                    .quantity_thousandths = 1'000,
                                                    .amount = {299'00}}}),
            10545473262472409173U);
  EXPECT_EQ(fingerprint_of(std::vector<std::uint32_t>{1, 2, 3}), 13657138714561732994U);
}

TEST(Fingerprint, KeepsTextsApart) {
  const auto line = [](const char* sku, const char* category) {
    return fingerprint_of(std::vector<BasketLine>{{.number = 1, .sku = sku, .category = category}});
  };
  EXPECT_NE(line("ab", "c"), line("a", "bc"));
  EXPECT_NE(line("", "abc"), line("abc", ""));
  EXPECT_NE(fingerprint_of(std::vector<Tender>{{"cash", {1}}, {"cash", {1}}}),
            fingerprint_of(std::vector<Tender>{{"cash", {2}}}));
}

}  // namespace
}  // namespace wutong::testing
