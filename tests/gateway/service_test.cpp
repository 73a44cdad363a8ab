#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/edge_gateway.h"

/// The methods over a real channel and the real engine.
namespace wutong::test {
namespace {

using Stub = v1::Points::Stub;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Request>
Request valid(Method method, LedgerClock clock = LedgerClock::gateway) {
  return dynamic_cast<const Request&>(*valid_request(method, clock));
}

/// An order of `alice` at M1, paid in cash.
v1::CheckoutRequest order(const std::string& id, std::int64_t amount) {
  auto request = valid<v1::CheckoutRequest>(Method::checkout);
  request.set_order_id(id);
  request.set_amount_minor(amount);
  request.set_tax_minor(0);
  request.clear_lines();
  request.mutable_tenders(0)->set_amount_minor(amount);
  return request;
}

v1::RefundRequest refund(const std::string& id, const std::string& order, std::int64_t amount) {
  auto request = valid<v1::RefundRequest>(Method::refund);
  request.set_refund_id(id);
  request.mutable_order()->set_order_id(order);
  request.mutable_amount()->set_amount_minor(amount);
  return request;
}

std::string bytes_of(const v1::ReceiptRecord& record) { return record.SerializeAsString(); }

TEST(Service, CheckoutGivesAReceiptThatSaysEverything) {
  EdgeGateway gateway;
  gateway.enroll("alice");

  const auto reply = gateway.call(&Stub::Checkout, order("A", 58'800));

  ASSERT_TRUE(gateway.status.ok()) << gateway.status.error_message();
  ASSERT_TRUE(reply.has_receipt()) << reply.refusal().text();
  const v1::ReceiptRecord& record = reply.receipt().record();
  EXPECT_EQ(record.outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_GT(record.position().epoch(), 0U);
  EXPECT_EQ(record.program_version(), 7U);
  EXPECT_EQ(record.policy_version(), 3U);
  EXPECT_EQ(record.balances_after().available(), 88);
  const v1::CheckoutRecord& checkout = record.checkout();
  EXPECT_EQ(checkout.points_earned(), 88);
  EXPECT_EQ(checkout.cash_due_minor(), 58'800);
  EXPECT_EQ(checkout.origin().store(), "shoes");
  EXPECT_EQ(checkout.origin().business_date(), "2026-01-05");
  ASSERT_EQ(checkout.awards_size(), 2);
  EXPECT_EQ(checkout.awards(0).kind(), v1::RULE_KIND_BASE);
  EXPECT_EQ(checkout.awards(0).points(), 58);
  EXPECT_EQ(checkout.awards(1).promotion(), "S");
  EXPECT_EQ(checkout.awards(1).points(), 30);
  EXPECT_EQ(checkout.awards(1).threshold_minor(), 58'800);
  EXPECT_EQ(checkout.awards(1).expires_on(), "2027-12-31");
  ASSERT_EQ(record.postings_size(), 2);
  EXPECT_EQ(record.postings(0).from(), "MALL");
  EXPECT_EQ(record.postings(0).to(), "POOL");
  EXPECT_EQ(record.postings(0).amount_thousandths() + record.postings(1).amount_thousandths(),
            264'000);
  EXPECT_EQ(reply.receipt().standing().refundable_minor(), 58'800);
  EXPECT_EQ(reply.receipt().standing().expires_on(), "2027-12-31");
  EXPECT_FALSE(reply.receipt().replayed());
}

TEST(Service, ReplayHasTheSameBytesAndAMark) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  const auto first = gateway.call(&Stub::Checkout, order("A", 10'000));
  static_cast<void>(gateway.call(&Stub::Checkout, order("B", 10'000)));

  auto again = order("A", 10'000);
  again.mutable_origin()->set_terminal("T9");
  const auto second = gateway.call(&Stub::Checkout, again);

  ASSERT_TRUE(second.has_receipt()) << second.refusal().text();
  EXPECT_TRUE(second.receipt().replayed());
  EXPECT_EQ(bytes_of(second.receipt().record()), bytes_of(first.receipt().record()));
  EXPECT_EQ(second.receipt().standing().balances().available(), 20);
}

TEST(Service, SameOrderWithOtherContentOrForAnotherMemberIsRefused) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  gateway.enroll("bob");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 10'000)));
  auto for_bob = order("A", 10'000);
  for_bob.mutable_member()->set_id("bob");

  const auto other_content = gateway.call(&Stub::Checkout, order("A", 10'001));
  const auto other_member = gateway.call(&Stub::Checkout, for_bob);

  EXPECT_EQ(other_content.refusal().code(), v1::REFUSAL_CODE_OTHER_CONTENT);
  EXPECT_EQ(other_content.refusal().field(), "amount_minor");
  EXPECT_FALSE(other_content.refusal().retryable());
  EXPECT_EQ(other_member.refusal().code(), v1::REFUSAL_CODE_OTHER_MEMBER);
  EXPECT_EQ(other_member.refusal().text().find("alice"), std::string::npos);
}

TEST(Service, RefundNeedsNoMemberAndIsOnceForItsId) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 10'000)));
  auto request = refund("R1", "A", 6'000);
  request.clear_member();

  const auto first = gateway.call(&Stub::Refund, request);
  const auto again = gateway.call(&Stub::Refund, request);
  const auto too_much = gateway.call(&Stub::Refund, refund("R2", "A", 4'001));

  ASSERT_TRUE(first.has_receipt()) << gateway.status.error_message() << first.refusal().text();
  EXPECT_EQ(first.receipt().record().refund().clawed_back(), 6);
  EXPECT_EQ(first.receipt().record().refund().cash_back_minor(), 6'000);
  EXPECT_EQ(first.receipt().standing().refundable_minor(), 4'000);
  EXPECT_TRUE(again.receipt().replayed());
  EXPECT_EQ(bytes_of(again.receipt().record()), bytes_of(first.receipt().record()));
  EXPECT_EQ(too_much.refusal().code(), v1::REFUSAL_CODE_MORE_THAN_LEFT);
  EXPECT_EQ(too_much.refusal().field(), "amount.amount_minor");
}

TEST(Service, RefundOfAnUnknownOrderMayComeLate) {
  EdgeGateway gateway;
  gateway.enroll("alice");

  const auto reply = gateway.call(&Stub::Refund, refund("R1", "nope", 100));

  EXPECT_TRUE(gateway.status.ok()) << gateway.status.error_message();
  EXPECT_EQ(reply.refusal().code(), v1::REFUSAL_CODE_ORDER_UNKNOWN);
  EXPECT_EQ(reply.refusal().field(), "order.order_id");
  EXPECT_TRUE(reply.refusal().retryable());
}

TEST(Service, QuoteTellsTheMaximumAndChangesNothing) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 888'000)));
  auto request = valid<v1::QuoteRequest>(Method::quote);
  request.clear_tenders();
  request.set_points_to_use(3'000);

  const auto reply = gateway.call(&Stub::Quote, request);

  ASSERT_TRUE(reply.has_quotation()) << gateway.status.error_message();
  EXPECT_EQ(reply.quotation().points_max(), 1'700);
  EXPECT_EQ(reply.quotation().offset_money_max_minor(), 5'100);
  EXPECT_EQ(reply.quotation().would_be_refused().code(), v1::REFUSAL_CODE_BALANCE_TOO_LOW);
  EXPECT_EQ(reply.quotation().would_be_refused().field(), "points_to_use");
  EXPECT_EQ(reply.quotation().balances().available(), 1'776);
}

TEST(Service, ReceiptsAreFoundByOrderAndByRefund) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  const auto bought = gateway.call(&Stub::Checkout, order("A", 10'000));
  const auto returned = gateway.call(&Stub::Refund, refund("R1", "A", 100));
  v1::GetReceiptRequest of_order;
  of_order.mutable_order()->set_venue("M1");
  of_order.mutable_order()->set_order_id("A");
  v1::GetReceiptRequest of_refund;
  of_refund.mutable_refund()->set_venue("M1");
  of_refund.mutable_refund()->set_refund_id("R1");
  *of_refund.mutable_refund()->mutable_order() = of_order.order();

  const auto order_receipt = gateway.call(&Stub::GetReceipt, of_order);
  const auto refund_receipt = gateway.call(&Stub::GetReceipt, of_refund);
  of_refund.mutable_refund()->set_refund_id("R9");
  static_cast<void>(gateway.call(&Stub::GetReceipt, of_refund));

  EXPECT_EQ(bytes_of(order_receipt.receipt().record()), bytes_of(bought.receipt().record()));
  EXPECT_EQ(bytes_of(refund_receipt.receipt().record()), bytes_of(returned.receipt().record()));
  EXPECT_EQ(gateway.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(detail_of(gateway.status).field(), "refund.refund_id");
}

TEST(Service, HistoryIsPagedNewestFirst) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(gateway.call(&Stub::Checkout, order("A" + std::to_string(i), 1'000)));
  }
  v1::ListHistoryRequest request;
  request.mutable_member()->set_id("alice");
  request.set_page_size(2);

  std::vector<std::string> ids;
  int pages = 0;
  do {
    const auto page = gateway.call(&Stub::ListHistory, request);
    ASSERT_TRUE(gateway.status.ok()) << gateway.status.error_message();
    for (const auto& record : page.records()) ids.push_back(record.checkout().order_id());
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty() && pages < 10);

  EXPECT_THAT(ids, ElementsAre("A4", "A3", "A2", "A1", "A0"));
}

TEST(Service, HistoryLeavesOutVenuesOfOthers) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 1'000)));
  auto at_hotel = order("H", 1'000);
  at_hotel.mutable_origin()->set_venue("H1");
  static_cast<void>(gateway.call(&Stub::Checkout, at_hotel, "all"));
  ASSERT_TRUE(gateway.status.ok()) << gateway.status.error_message();
  const auto request = valid<v1::ListHistoryRequest>(Method::list_history);

  const auto of_till = gateway.call(&Stub::ListHistory, request, "m1");
  const auto of_all = gateway.call(&Stub::ListHistory, request, "all");

  EXPECT_EQ(of_till.records_size(), 1);
  EXPECT_EQ(of_all.records_size(), 2);
}

TEST(Service, MemberIsToldAsItStandsAndEnrolledOnce) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 10'000)));

  const auto again = gateway.call(&Stub::Enroll, valid<v1::EnrollRequest>(Method::enroll));
  const auto member =
      gateway.call(&Stub::GetMember, valid<v1::GetMemberRequest>(Method::get_member));

  EXPECT_FALSE(again.enrolled_now());
  EXPECT_EQ(again.member().balances().available(), 10);
  EXPECT_EQ(member.member().id(), "alice");
  EXPECT_EQ(member.member().status(), v1::MEMBER_STATUS_ACTIVE);
  ASSERT_EQ(member.member().lots_size(), 1);
  EXPECT_EQ(member.member().lots(0).party(), "MALL");
  EXPECT_EQ(member.member().lots(0).price_thousandths(), 3'000);
}

TEST(Service, EachBadValueIsAStatusThatNamesItsFieldAndChangesNothing) {
  for (const LedgerClock clock : {LedgerClock::gateway, LedgerClock::caller}) {
    EdgeGateway gateway({.clock = clock});
    EXPECT_TRUE(gateway.call(Method::enroll, *valid_request(Method::enroll, clock)).ok());
    for (const BadRequest& bad : bad_requests()) {
      if (bad.clock != clock) continue;
      SCOPED_TRACE(std::string(name_of(bad.method)) + ": " + std::string(bad.field) + " " +
                   std::string(bad.what));

      const grpc::Status status = gateway.call(bad.method, *request_of(bad));

      ASSERT_FALSE(status.ok());
      EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(bad.code))
          << status.error_message();
      EXPECT_EQ(detail_of(status).field(), bad.field);
      EXPECT_EQ(detail_of(status).text(), status.error_message());
      EXPECT_THAT(status.error_message(), HasSubstr(std::string(bad.field)));
    }
    auto request = valid<v1::ListHistoryRequest>(Method::list_history);
    EXPECT_EQ(gateway.call(&Stub::ListHistory, request).records_size(), 0);
  }
}

TEST(Service, TokensOpenWhatTheyAreFor) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  auto at_hotel = order("H", 1'000);
  at_hotel.mutable_origin()->set_venue("H1");
  const auto code_of = [&](const v1::CheckoutRequest& request, std::string_view token) {
    return gateway.call(Method::checkout, request, token).error_code();
  };

  EXPECT_EQ(code_of(order("A", 1), ""), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(code_of(order("A", 1), "m2"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(code_of(at_hotel, "m1"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code_of(order("A", 1), "reader"), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code_of(at_hotel, "all"), grpc::StatusCode::OK);
  EXPECT_TRUE(gateway
                  .call(Method::get_member,
                        *valid_request(Method::get_member, LedgerClock::gateway), "reader")
                  .ok());
}

TEST(Service, ChangedCredentialsAreInForceAtOnce) {
  EdgeGateway gateway;
  const auto request = valid_request(Method::enroll, LedgerClock::gateway);
  ASSERT_TRUE(gateway.call(Method::enroll, *request).ok());

  gateway.server().set_credentials(std::make_shared<const Credentials>(*parse_credentials(
      "[[credential]]\nname = 'x'\nrole = 'till'\nvenues = ['*']\ntoken_sha256 = '" +
          make_token().sha256_hex + "'\n",
      "new")));

  EXPECT_EQ(gateway.call(Method::enroll, *request).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST(Service, AMessageTooLargeIsExhausted) {
  EdgeGateway gateway;
  auto request = order("A", 1'000);
  request.set_hold_id(std::string(300 * 1024, 'x'));

  const grpc::Status status = gateway.call(Method::checkout, request);

  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
}

TEST(Service, MoreCallsThanAllowedAreExhaustedAtOnce) {
  EdgeGateway gateway({.server = {.listen = "127.0.0.1:0", .service = {.calls_under_way_max = 0}}});

  const grpc::Status status =
      gateway.call(Method::enroll, *valid_request(Method::enroll, LedgerClock::gateway));

  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(detail_of(status).retryable());
}

TEST(Service, CallsAreCounted) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 1'000)));
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 1'000)));
  static_cast<void>(gateway.call(&Stub::Checkout, order("A", 2'000)));

  const auto count = [&](CallOutcome outcome) {
    return gateway.metrics.durations(Method::checkout, outcome).count;
  };
  EXPECT_EQ(count(CallOutcome::done), 1U);
  EXPECT_EQ(count(CallOutcome::replayed), 1U);
  EXPECT_EQ(count(CallOutcome::refused), 1U);
  EXPECT_EQ(gateway.metrics.under_way(), 0U);
  for (const Stage stage : {Stage::queue, Stage::decision, Stage::commit}) {
    EXPECT_EQ(gateway.metrics.stage(stage).count, 4U) << stage_names[static_cast<int>(stage)];
  }
}

TEST(Service, ManyTillsAtOnceAwardEachOrderOnce) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  constexpr int tills = 8;
  constexpr int orders = 40;
  std::vector<std::jthread> running;
  for (int till = 0; till < tills; ++till) {
    running.emplace_back([&gateway] {
      for (int i = 0; i < orders; ++i) {
        v1::CheckoutReply reply;
        const auto context = gateway.context();
        const auto status =
            gateway.stub().Checkout(context.get(), order("A" + std::to_string(i), 1'000), &reply);
        EXPECT_TRUE(status.ok() && reply.has_receipt()) << status.error_message();
      }
    });
  }
  running.clear();

  const auto member =
      gateway.call(&Stub::GetMember, valid<v1::GetMemberRequest>(Method::get_member));

  EXPECT_EQ(member.member().balances().available(), orders);
}

}  // namespace
}  // namespace wutong::test
