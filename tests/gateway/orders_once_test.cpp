#include <gmock/gmock.h>

#include <functional>
#include <vector>

#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// An order is known by (venue, order id), across members, restarts and months.
namespace wutong::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t day_ms = 86'400'000;

class OrdersOnce : public SharedGatewayTest {
 protected:
  void SetUp() override {
    open({.program = data("p0_shops.json"), .engine = {"lease_ttl_ms = 500"}});
    for (const char* member : {"ann", "bob"}) till->enroll(member);
  }

  /// 588.00 in a shop, of two lines; with nothing left out that another content could differ in.
  [[nodiscard]] v1::CheckoutRequest order(const std::string& id) const {
    auto request = till->checkout({.member = "ann", .id = id, .amount = 588'00});
    request.mutable_origin()->set_store("shoes");
    for (const std::int64_t amount : {500'00, 88'00}) {
      auto& line = *request.add_lines();
      line.set_number(static_cast<std::uint32_t>(request.lines_size()));
      line.set_amount_minor(amount);
    }
    return request;
  }

  /// The same again gives the same; other content and another member are refused.
  void expect_known(const v1::CheckoutRequest& order, const v1::ReceiptRecord& record) {
    const v1::Receipt again = till->accepted(order);
    EXPECT_TRUE(again.replayed());
    EXPECT_EQ(again.record().SerializeAsString(), record.SerializeAsString());
    auto dearer = order;
    dearer.set_tax_minor(0);
    dearer.set_amount_minor(order.amount_minor() + 1);
    EXPECT_EQ(text_of(till->refused(dearer)), "OTHER_CONTENT amount_minor");
    auto on_a_second_card = order;
    on_a_second_card.mutable_member()->set_id(till->prefix + "bob");
    const v1::Refusal refusal = till->refused(on_a_second_card);
    EXPECT_EQ(text_of(refusal), "OTHER_MEMBER order_id");
    EXPECT_FALSE(refusal.retryable());
    EXPECT_THAT(refusal.text(), Not(HasSubstr("ann")));
    EXPECT_EQ(till->member("bob").balances().available(), 0);
  }
};

TEST_F(OrdersOnce, WhatARetryFromAnotherTillMayChangeIsNotCompared) {
  const auto first = order("A");
  const v1::Receipt receipt = till->accepted(first);

  auto again = first;
  auto& origin = *again.mutable_origin();
  origin.set_terminal("T2");
  origin.set_cashier("Wang");
  origin.set_offline(true);
  origin.set_channel(v1::CHANNEL_WEB);
  origin.set_business_date("2026-03-03");
  origin.set_printed_receipt_number("0002");
  again.set_tax_minor(10);
  const v1::Receipt replay = till->accepted(again);

  EXPECT_TRUE(replay.replayed());
  EXPECT_EQ(replay.record().SerializeAsString(), receipt.record().SerializeAsString());
  EXPECT_EQ(till->history("ann").size(), 1U);
}

TEST_F(OrdersOnce, OtherContentIsRefusedAndNamesTheFirstFieldThatDiffers) {
  using Change = std::function<void(v1::CheckoutRequest&)>;
  struct Row {
    const char* field;
    Change change;
  };
  // In D14's order; each row keeps what the rows before it changed for the next to come before.
  const std::vector<Row> rows = {
      {"origin.store", [](auto& order) { order.mutable_origin()->set_store("books"); }},
      {"lines", [](auto& order) { order.mutable_lines(0)->set_sku("boots"); }},
      {"tenders", [](auto& order) { order.mutable_tenders(0)->set_kind("card"); }},
      {"hold_id", [](auto& order) { order.set_hold_id("H"); }},
      {"points_to_use", [](auto& order) { order.set_points_to_use(100); }},
      {"excluded_from_offset_minor", [](auto& order) { order.set_excluded_from_offset_minor(1); }},
      {"excluded_from_earning_minor",
       [](auto& order) { order.set_excluded_from_earning_minor(1); }},
      {"amount_minor", [](auto& order) { order.set_amount_minor(588'01); }},
      {"currency", [](auto& order) { order.set_currency("EUR"); }},
      {"occurred_at_unix_ms",
       [](auto& order) { order.set_occurred_at_unix_ms(order.occurred_at_unix_ms() + 1); }},
      {"order_id", [this](auto& order) { order.mutable_member()->set_id(till->prefix + "bob"); }},
  };
  const auto known = order("A");
  till->accepted(known);

  auto all_so_far = known;
  for (const Row& row : rows) {
    auto alone = known;
    row.change(alone);
    row.change(all_so_far);
    for (const auto& other : {alone, all_so_far}) {
      const v1::Refusal refusal = till->refused(other);
      EXPECT_EQ(refusal.field(), row.field) << refusal.ShortDebugString();
      EXPECT_FALSE(refusal.retryable());
    }
  }
  EXPECT_EQ(till->history("ann").size(), 1U);
  EXPECT_EQ(till->history("bob").size(), 0U);
}

TEST_F(OrdersOnce, AnOrderIsKnownAfterTwentyOthersOfItsMember) {
  const auto first = order("A");
  const auto record = till->accepted(first).record();

  for (int i = 0; i < 20; ++i) {
    till->buy({.member = "ann", .id = "B" + std::to_string(i), .amount = 10'00});
  }

  expect_known(first, record);
  EXPECT_EQ(till->history("ann").size(), 21U);
}

TEST_F(OrdersOnce, AnotherTimeOfPaymentIsOtherContentAlsoInAnotherMonth) {
  till->now = shanghai("2026-03-30 12:00:00");
  const auto first = order("A");
  const auto record = till->accepted(first).record();

  for (const std::int64_t later : {std::int64_t{1}, std::int64_t{60'000}, day_ms, 3 * day_ms}) {
    auto again = first;
    again.set_occurred_at_unix_ms(first.occurred_at_unix_ms() + later);
    again.set_received_at_unix_ms(first.received_at_unix_ms() + later);
    EXPECT_EQ(text_of(till->refused(again)), "OTHER_CONTENT occurred_at_unix_ms");
    again.mutable_member()->set_id(till->prefix + "bob");
    EXPECT_EQ(text_of(till->refused(again)), "OTHER_MEMBER order_id");
  }
  expect_known(first, record);
}

TEST_F(OrdersOnce, AnOrderIsKnownAfterAnOrderlyRestart) {
  const auto first = order("A");
  const auto record = till->accepted(first).record();

  EXPECT_EQ(gateway->terminate(), 0);
  start_again();

  expect_known(first, record);
}

TEST_F(OrdersOnce, AnOrderIsKnownAfterAKill) {
  const auto first = order("A");
  const auto record = till->accepted(first).record();

  for (int i = 0; i < 3; ++i) {
    gateway->kill();
    start_again();
    expect_known(first, record);
  }
}

TEST_F(OrdersOnce, AnOrderIsKnownThirtyDaysLaterAndAfterThatTooOldToBeNew) {
  const auto first = order("A");
  const auto record = till->accepted(first).record();

  till->now += 30 * day_ms;
  auto later = first;
  later.set_received_at_unix_ms(till->now);
  expect_known(later, record);
  // Its member has moved on in time, and its shard may have put it out of memory.
  till->buy({.member = "ann", .id = "B", .amount = 10'00});
  EXPECT_EQ(gateway->terminate(), 0);
  start_again();
  expect_known(later, record);

  later.set_order_id(till->prefix + "never seen");
  EXPECT_EQ(till->call(later).detail.field(), "occurred_at_unix_ms");
}

TEST_F(OrdersOnce, ARefusalLeavesTheIdFree) {
  const Sale asking{.member = "ann", .id = "A", .amount = 100'00, .use = 500};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(text_of(till->refused(till->checkout(asking))), "BALANCE_TOO_LOW points_to_use");
  }
  auto unbalanced = order("A");
  unbalanced.mutable_tenders(0)->set_amount_minor(1);
  EXPECT_EQ(till->call(unbalanced).detail.field(), "tenders");

  // For another member too: nobody owns it yet.
  EXPECT_EQ(till->buy({.member = "bob", .id = "A", .amount = 100'00}).checkout().points_earned(),
            10);
  EXPECT_EQ(text_of(till->refused(till->checkout(asking))), "OTHER_MEMBER order_id");
}

TEST_F(OrdersOnce, AnOrderOfZeroIsAnOrder) {
  const Sale nothing{.member = "ann", .id = "A", .amount = 0};
  EXPECT_EQ(till->buy(nothing).checkout().points_earned(), 0);

  EXPECT_TRUE(till->accepted(till->checkout(nothing)).replayed());
  EXPECT_EQ(text_of(till->refused(till->checkout({.member = "bob", .id = "A", .amount = 0}))),
            "OTHER_MEMBER order_id");
}

TEST_F(OrdersOnce, TheSameIdAtAnotherVenueIsAnotherOrder) {
  till->buy({.member = "ann", .id = "A", .amount = 100'00});

  const auto other = till->buy({.member = "bob", .id = "A", .amount = 100'00, .venue = "H1"});

  EXPECT_EQ(other.checkout().points_earned(), 20);
}

}  // namespace
}  // namespace wutong::test
