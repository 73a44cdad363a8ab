#include <gmock/gmock.h>

#include <limits>
#include <memory>
#include <vector>

#include "tests/gateway/bad_requests.h"
#include "tests/gateway/receipt_text.h"
#include "tests/gateway/shared_gateway_test.h"

/// Bad input at the running gateway: each its own status, naming the field, and nothing changes.
namespace wutong::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t day_ms = 24 * 60 * minute_ms;

class BadInput : public SharedGatewayTest {
 protected:
  /// `alice` has 10 points of order A, for 100.00 at M1; `guest` has some of the hotel's.
  void open_with(const std::string& clock, bool ids_as_given = false) {
    open({.program = data("p0_shops.json"), .clock = clock});
    m1.emplace(*gateway, shared->token_of_m1);
    if (ids_as_given) till->prefix.clear();
    m1->prefix = till->prefix;
    if (clock == "caller") till->now = m1->now = shanghai("2026-01-05 12:00:00");
    for (const char* member : {"alice", "guest"}) till->enroll(member);
    till->buy({.member = "alice", .id = "A", .amount = 100'00});
    till->buy({.member = "guest", .id = "stay", .amount = 100'00, .venue = "H1"});
    before_ = all_there_is();
  }

  void TearDown() override {
    EXPECT_EQ(all_there_is(), before_);
    SharedGatewayTest::TearDown();
  }

  /// Balances, histories, and what the ledger itself holds.
  std::string all_there_is() {
    std::string all;
    for (const char* member : {"alice", "guest"}) {
      all += till->member(member).DebugString();
      for (const auto& record : till->history(member)) all += record.DebugString();
    }
    return all + std::to_string(gateway->metric("wutong_events_total"));
  }

  template <typename Request>
  void expect_error(const Request& request, grpc::StatusCode status, const std::string& field) {
    const auto answer = m1->call(request);
    EXPECT_EQ(answer.status, status) << request.ShortDebugString();
    EXPECT_EQ(answer.detail.field(), field) << request.ShortDebugString();
    EXPECT_THAT(answer.detail.text(), HasSubstr(field));
  }

  [[nodiscard]] v1::CheckoutRequest order() const {
    return m1->checkout({.member = "alice", .id = "B", .amount = 100'00});
  }
  [[nodiscard]] v1::RefundRequest refund() const {
    return m1->refund({.id = "A"}, {.id = "r", .amount = 10'00});
  }

  /// A till of M1.
  std::optional<Till> m1;

 private:
  std::string before_;
};

void run(const BadRequest& row, const Till& till) {
  SCOPED_TRACE(std::string(name_of(row.method)) + ", " + std::string(row.field) + " " +
               std::string(row.what));
  const auto answer = till.call_any(*request_of(row));
  EXPECT_EQ(static_cast<int>(answer.status), static_cast<int>(row.code)) << answer.reply;
  EXPECT_EQ(answer.detail.field(), row.field) << answer.detail.ShortDebugString();
  EXPECT_THAT(answer.detail.text(), HasSubstr(std::string(row.field)));
  EXPECT_FALSE(answer.detail.retryable());
}

TEST_F(BadInput, EveryRowOfTheTableUnderTheGatewaysClock) {
  open_with("gateway", true);
  int rows = 0;
  for (const BadRequest& row : bad_requests()) {
    // What the rules judge depends on the time, which here is not the table's.
    if (row.clock != LedgerClock::gateway || row.judged_by != JudgedBy::edge) continue;
    run(row, *m1);
    ++rows;
  }
  EXPECT_GT(rows, 200);
}

TEST_F(BadInput, EveryRowOfTheTableUnderTheCallersClock) {
  open_with("caller", true);
  int rows = 0;
  for (BadRequest row : bad_requests()) {
    if (row.clock != LedgerClock::caller && row.judged_by != JudgedBy::rules) continue;
    row.clock = LedgerClock::caller;
    run(row, *m1);
    ++rows;
  }
  EXPECT_GT(rows, 15);
}

TEST_F(BadInput, TextThatIsNotUtf8IsNoMessage) {
  open_with("caller");
  auto garbled = order();
  garbled.set_order_id("\xb6\xa9\xb5\xa5");
  EXPECT_EQ(m1->call(garbled).status, grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(BadInput, WhoMayNotCallIsTold) {
  open_with("caller");
  const auto expect_stranger = [&](const std::string& token) {
    const auto answer = Till(*gateway, token).call(order());
    EXPECT_EQ(answer.status, grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(answer.detail.field(), "authorization");
  };
  expect_stranger("");
  expect_stranger("no such token");
  expect_stranger(gateway->token() + "x");
  expect_stranger(gateway->token().substr(1));

  Till finance(*gateway, shared->token_of_finance);
  finance.prefix = till->prefix;
  EXPECT_EQ(finance.member("alice").balances().available(), 10);
  const auto answer = finance.call(order());
  EXPECT_EQ(answer.status, grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(answer.detail.field(), "authorization");
  EXPECT_EQ(finance.call(refund()).status, grpc::StatusCode::PERMISSION_DENIED);
  v1::EnrollRequest enroll;
  enroll.set_member_id("zoe");
  enroll.set_received_at_unix_ms(till->now);
  EXPECT_EQ(finance.call(enroll).status, grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(BadInput, AVenueOfOthersIsNeitherWrittenNorRead) {
  open_with("caller");
  auto foreign = order();
  foreign.mutable_origin()->set_venue("H1");
  expect_error(foreign, grpc::StatusCode::PERMISSION_DENIED, "origin.venue");
  expect_error(Till::receipt_of(foreign), grpc::StatusCode::PERMISSION_DENIED, "order.venue");

  auto of_the_hotels_order = refund();
  of_the_hotels_order.mutable_order()->set_venue("H1");
  of_the_hotels_order.mutable_order()->set_order_id(till->prefix + "stay");
  EXPECT_EQ(text_of(m1->refused(of_the_hotels_order)), "VENUE_NOT_ALLOWED origin.venue");

  EXPECT_EQ(m1->history("guest").size(), 0U);
  EXPECT_EQ(till->history("guest").size(), 1U);
}

TEST_F(BadInput, AmountsThatOverflowOrDoNotAddUp) {
  open_with("caller");
  constexpr auto invalid = grpc::StatusCode::INVALID_ARGUMENT;
  for (const std::int64_t amount : {std::int64_t{-1}, -int64_max - 1, int64_max}) {
    auto wrong = order();
    wrong.set_amount_minor(amount);
    expect_error(wrong, invalid, "amount_minor");
    wrong = order();
    wrong.mutable_tenders(0)->set_amount_minor(amount);
    expect_error(wrong, invalid, "tenders[0].amount_minor");
    wrong = order();
    wrong.set_points_to_use(amount);
    expect_error(wrong, invalid, "points_to_use");
  }

  auto tenders = order();
  tenders.mutable_tenders(0)->set_amount_minor(99'99);
  expect_error(tenders, invalid, "tenders");
  tenders.clear_tenders();
  expect_error(tenders, invalid, "tenders");
  auto lines = order();
  auto& line = *lines.add_lines();
  line.set_number(1);
  line.set_amount_minor(100'01);
  expect_error(lines, invalid, "lines");
  lines.mutable_lines(0)->set_amount_minor(100'00);
  lines.mutable_lines(0)->set_excluded(true);
  expect_error(lines, invalid, "excluded_from_earning_minor");
  auto excluded = order();
  excluded.set_excluded_from_earning_minor(100'01);
  expect_error(excluded, invalid, "excluded_from_earning_minor");
  auto currency = order();
  currency.set_currency("USD");
  expect_error(currency, invalid, "currency");
}

TEST_F(BadInput, NobodyKnowsTheMember) {
  open_with("caller");
  constexpr auto not_found = grpc::StatusCode::NOT_FOUND;
  const auto nobody = m1->checkout({.member = "nobody", .id = "B", .amount = 100'00});
  expect_error(nobody, not_found, "member");
  expect_error(m1->quote({.member = "nobody", .amount = 100'00}), not_found, "member");
  v1::GetMemberRequest member;
  member.mutable_member()->set_id("nobody");
  expect_error(member, not_found, "member");
  v1::ListHistoryRequest history;
  history.mutable_member()->set_id("nobody");
  expect_error(history, not_found, "member");
  auto back = refund();
  back.mutable_member()->set_id("nobody");
  expect_error(back, not_found, "member");
  auto receipt = Till::receipt_of(order());
  receipt.mutable_member()->set_id("nobody");
  expect_error(receipt, not_found, "member");
  // An order that was sent for nobody is still anybody's to send.
  EXPECT_EQ(m1->call(Till::receipt_of(nobody)).status, not_found);
}

TEST_F(BadInput, PaymentsOfTheFutureAndOfLongAgo) {
  open_with("caller");
  for (const std::int64_t off : {5 * minute_ms + 1, -7 * day_ms - 1}) {
    auto wrong = order();
    wrong.set_occurred_at_unix_ms(m1->now + off);
    expect_error(wrong, grpc::StatusCode::INVALID_ARGUMENT, "occurred_at_unix_ms");
    EXPECT_EQ(m1->call(wrong).detail.refusal(),
              off > 0 ? v1::REFUSAL_CODE_OCCURRED_IN_FUTURE : v1::REFUSAL_CODE_BACK_DATED);
    auto wrong_refund = refund();
    wrong_refund.set_occurred_at_unix_ms(m1->now + off);
    expect_error(wrong_refund, grpc::StatusCode::INVALID_ARGUMENT, "occurred_at_unix_ms");
  }
}

TEST_F(BadInput, WhatDependsOnMemberAndOrderIsRefusedInTheReply) {
  open_with("caller");
  auto points = m1->checkout({.member = "alice", .id = "B", .amount = 100'00, .use = 100});
  const v1::Refusal too_many = m1->refused(points);
  EXPECT_EQ(text_of(too_many), "BALANCE_TOO_LOW points_to_use");
  EXPECT_THAT(too_many.text(), HasSubstr("points_to_use"));

  auto unknown = refund();
  unknown.mutable_order()->set_order_id("Z");
  EXPECT_EQ(text_of(m1->refused(unknown)), "ORDER_UNKNOWN order.order_id");
  EXPECT_TRUE(m1->refused(unknown).retryable());
  auto more = refund();
  more.mutable_amount()->set_amount_minor(100'01);
  EXPECT_EQ(text_of(m1->refused(more)), "MORE_THAN_LEFT amount.amount_minor");
  auto more_excluded = refund();
  more_excluded.mutable_amount()->set_excluded_minor(1);
  EXPECT_EQ(text_of(m1->refused(more_excluded)), "MORE_EXCLUDED_THAN_LEFT amount.excluded_minor");

  v1::EnrollRequest again;
  again.set_member_id(till->prefix + "alice");
  again.set_received_at_unix_ms(till->now);
  const auto enrolled = till->call(again);
  ASSERT_TRUE(enrolled.reply.has_member()) << enrolled.reply.ShortDebugString();
  EXPECT_FALSE(enrolled.reply.enrolled_now());
}

TEST_F(BadInput, AMessageAboveTheBound) {
  open_with("caller");
  auto oversized = order();
  oversized.set_hold_id(std::string(300 * 1024, 'x'));
  const auto answer = m1->call(oversized);
  EXPECT_EQ(answer.status, grpc::StatusCode::RESOURCE_EXHAUSTED);
  // gRPC answers before the gateway sees the request, so there is no detail, as the wire says.
  EXPECT_EQ(answer.detail.field(), "");
  EXPECT_FALSE(answer.detail.retryable());

  auto large = order();
  large.set_hold_id(std::string(200 * 1024, 'x'));
  expect_error(large, grpc::StatusCode::INVALID_ARGUMENT, "hold_id");
}

}  // namespace
}  // namespace wutong::test
