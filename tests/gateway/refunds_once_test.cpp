#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// Refunds are known by their ids; and what was acknowledged can be read again, byte for byte.
namespace wutong::test {
namespace {

class RefundsOnce : public SharedGatewayTest {
 protected:
  void SetUp() override {
    open({.program = data("p0_shops.json"), .engine = {"lease_ttl_ms = 500"}});
    for (const char* member : {"ann", "bob"}) till->enroll(member);
  }

  /// 100.00 of three lines.
  v1::CheckoutRequest bought(const std::string& id) {
    auto request = till->checkout({.member = "ann", .id = id, .amount = 100'00});
    for (const std::int64_t amount : {50'00, 30'00, 20'00}) {
      auto& line = *request.add_lines();
      line.set_number(static_cast<std::uint32_t>(request.lines_size()));
      line.set_amount_minor(amount);
    }
    till->accepted(request);
    return request;
  }

  [[nodiscard]] v1::RefundRequest lines(const std::string& order, const std::string& id,
                                        const std::vector<std::uint32_t>& numbers) const {
    auto request = till->refund({.id = order}, {.id = id});
    for (const std::uint32_t number : numbers) request.mutable_lines()->add_numbers(number);
    return request;
  }
};

TEST_F(RefundsOnce, TheSameRefundAgainGivesTheSameReceipt) {
  bought("A");
  const auto refund = till->refund({.id = "A"}, {.id = "r", .amount = 60'00});
  const v1::Receipt first = till->accepted(refund);
  EXPECT_FALSE(first.replayed());

  for (const bool restarted : {false, true}) {
    if (restarted) {
      gateway->kill();
      start_again();
    }
    auto again = refund;
    again.mutable_origin()->set_terminal("T9");
    again.set_reason("other words");
    const v1::Receipt replay = till->accepted(again);
    EXPECT_TRUE(replay.replayed());
    EXPECT_EQ(replay.record().SerializeAsString(), first.record().SerializeAsString());
  }
  EXPECT_EQ(till->member("ann").balances().available(), 4);
}

TEST_F(RefundsOnce, OtherContentIsRefusedAndNamesTheFirstFieldThatDiffers) {
  bought("A");
  bought("B");
  const auto known = till->refund({.id = "A"}, {.id = "r", .amount = 10'00});
  till->accepted(known);
  till->accepted(lines("A", "of lines", {2, 3}));
  struct Row {
    const char* field;
    std::function<void(v1::RefundRequest&)> change;
  };
  const std::vector<Row> rows = {
      {"order.order_id",
       [this](auto& refund) { refund.mutable_order()->set_order_id(till->prefix + "B"); }},
      {"occurred_at_unix_ms",
       [](auto& refund) { refund.set_occurred_at_unix_ms(refund.occurred_at_unix_ms() + 1); }},
      {"what", [](auto& refund) { refund.mutable_whole(); }},
      {"amount.amount_minor",
       [](auto& refund) { refund.mutable_amount()->set_amount_minor(10'01); }},
      {"amount.excluded_minor",
       [](auto& refund) { refund.mutable_amount()->set_excluded_minor(1); }},
  };

  for (const Row& row : rows) {
    auto other = known;
    row.change(other);
    EXPECT_EQ(text_of(till->refused(other)), std::string("OTHER_CONTENT ") + row.field);
  }
  EXPECT_EQ(text_of(till->refused(lines("A", "of lines", {3}))), "OTHER_CONTENT lines.numbers");
  EXPECT_TRUE(till->accepted(lines("A", "of lines", {3, 2})).replayed());
  EXPECT_EQ(till->history("ann").size(), 4U);
}

TEST_F(RefundsOnce, ARefundThatIsRefusedLeavesItsIdFree) {
  bought("A");
  EXPECT_EQ(text_of(till->refused(till->refund({.id = "A"}, {.id = "r", .amount = 100'01}))),
            "MORE_THAN_LEFT amount.amount_minor");
  EXPECT_EQ(text_of(till->refused(lines("A", "r", {4}))), "LINE_UNKNOWN lines.numbers");

  till->accepted(lines("A", "r", {1}));

  EXPECT_EQ(text_of(till->refused(lines("A", "s", {1}))), "LINE_ALREADY_REFUNDED lines.numbers");
}

TEST_F(RefundsOnce, ARefundWhoseOrderComesLateMayTryAgain) {
  const auto refund = till->refund({.id = "A"}, {.id = "r", .amount = 10'00});
  const v1::Refusal early = till->refused(refund);
  EXPECT_EQ(text_of(early), "ORDER_UNKNOWN order.order_id");
  EXPECT_TRUE(early.retryable());

  bought("A");

  EXPECT_EQ(till->accepted(refund).record().refund().cash_back_minor(), 10'00);
}

TEST_F(RefundsOnce, AnOrderOfAYearAgoIsFoundInTheLedgerAndRefunded) {
  bought("A");
  const auto kept = till->receipt(Till::receipt_of(till->checkout({.member = "ann", .id = "A"})));
  for (int month = 0; month < 13; ++month) {
    till->now += 28LL * 86'400'000;
    till->buy({.member = "ann", .id = "B" + std::to_string(month), .amount = 10'00});
  }
  EXPECT_EQ(gateway->terminate(), 0);
  start_again();

  const auto again = till->receipt(Till::receipt_of(till->checkout({.member = "ann", .id = "A"})));
  EXPECT_EQ(again.record().SerializeAsString(), kept.record().SerializeAsString());
  const auto refund = till->give_back({.id = "A"}, {.id = "r", .amount = 60'00});
  EXPECT_EQ(refund.refund().clawed_back(), 6);
  EXPECT_EQ(refund.refund().cash_back_minor(), 60'00);
  EXPECT_EQ(text_of(till->refused(lines("A", "s", {1, 2, 3}))), "MORE_THAN_LEFT lines.numbers");
  EXPECT_EQ(till->history("ann", 5).size(), 15U);
}

TEST_F(RefundsOnce, AnotherVenueRefundsWhatTheProgramAllows) {
  bought("A");
  till->buy({.member = "ann", .id = "stay", .amount = 100'00, .venue = "H1"});

  auto at_the_hotel = till->refund({.id = "A"}, {.id = "r", .amount = 10'00});
  at_the_hotel.mutable_origin()->set_venue("H1");
  EXPECT_EQ(till->accepted(at_the_hotel).record().refund().cash_back_minor(), 10'00);

  auto at_the_mall = till->refund({.id = "stay", .venue = "H1"}, {.id = "r", .amount = 10'00});
  at_the_mall.mutable_origin()->set_venue("M1");
  EXPECT_EQ(text_of(till->refused(at_the_mall)), "VENUE_NOT_ALLOWED origin.venue");
}

TEST_F(RefundsOnce, OnlyTheMembersOwnOrdersAreRefundedWhereAMemberIsGiven) {
  bought("A");
  auto refund = till->refund({.id = "A"}, {.id = "r", .amount = 10'00});
  refund.mutable_member()->set_id(till->prefix + "bob");
  // Nothing tells that the order is there, or whose it is.
  const v1::Refusal refused = till->refused(refund);
  EXPECT_EQ(text_of(refused), "ORDER_UNKNOWN order.order_id");
  EXPECT_THAT(refused.text(), ::testing::Not(::testing::HasSubstr("ann")));

  refund.mutable_member()->set_id(till->prefix + "ann");
  till->accepted(refund);
}

TEST_F(RefundsOnce, ReceiptsAndHistoryAreWhatWasAcknowledged) {
  std::vector<std::string> acknowledged;
  std::vector<v1::CheckoutRequest> orders;
  std::vector<v1::RefundRequest> refunds;
  for (int i = 0; i < 12; ++i) {
    till->now += 3'600'000;
    const Sale sale{.member = "ann", .id = "A" + std::to_string(i), .amount = 600'00 + i};
    orders.push_back(till->checkout(sale));
    acknowledged.push_back(till->accepted(orders.back()).record().SerializeAsString());
    if (i % 3 != 0) continue;
    refunds.push_back(till->refund(sale, {.id = "r" + std::to_string(i), .amount = 20'00}));
    acknowledged.push_back(till->accepted(refunds.back()).record().SerializeAsString());
  }
  std::ranges::reverse(acknowledged);

  const auto expect_all = [&] {
    for (const std::uint32_t page_size : {0U, 1U, 5U, 16U, 200U}) {
      std::vector<std::string> told;
      for (const auto& record : till->history("ann", page_size)) {
        told.push_back(record.SerializeAsString());
      }
      EXPECT_EQ(told, acknowledged) << page_size;
    }
    for (const auto& order : orders) {
      const v1::Receipt receipt = till->receipt(Till::receipt_of(order));
      EXPECT_TRUE(receipt.replayed());
      EXPECT_THAT(acknowledged, ::testing::Contains(receipt.record().SerializeAsString()));
      EXPECT_EQ(receipt.record().checkout().order_id(), order.order_id());
    }
    for (const auto& refund : refunds) {
      const v1::Receipt receipt = till->receipt(Till::receipt_of(refund));
      EXPECT_THAT(acknowledged, ::testing::Contains(receipt.record().SerializeAsString()));
      EXPECT_EQ(receipt.record().refund().refund_id(), refund.refund_id());
      const int number = std::stoi(refund.refund_id().substr(till->prefix.size() + 1));
      EXPECT_EQ(receipt.standing().refundable_minor(), 580'00 + number);
    }
  };
  expect_all();
  gateway->kill();
  start_again();
  expect_all();
  EXPECT_EQ(gateway->terminate(), 0);
  start_again();
  expect_all();
}

TEST_F(RefundsOnce, AReceiptThatIsNotThereIsNotFound) {
  bought("A");
  auto unknown = Till::receipt_of(till->checkout({.member = "ann", .id = "Z"}));
  const auto no_order = till->call(unknown);
  EXPECT_EQ(no_order.status, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(no_order.detail.field(), "order.order_id");

  const auto no_refund = till->call(Till::receipt_of(till->refund({.id = "A"}, {.id = "r"})));
  EXPECT_EQ(no_refund.status, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(no_refund.detail.field(), "refund.refund_id");

  auto not_his = Till::receipt_of(till->checkout({.member = "ann", .id = "A"}));
  not_his.mutable_member()->set_id(till->prefix + "bob");
  const auto other_member = till->call(not_his);
  EXPECT_EQ(other_member.status, grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(other_member.detail.text(), ::testing::Not(::testing::HasSubstr("ann")));
}

}  // namespace
}  // namespace wutong::test
