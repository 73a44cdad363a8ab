#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge.h"
#include "tests/gateway/edge_gateway.h"

/// Holds, grants and declines over a real channel and the real engine.
namespace wutong::test {
namespace {

using Stub = v1::Points::Stub;

template <typename Request>
Request valid(Method method, LedgerClock clock = LedgerClock::gateway) {
  return dynamic_cast<const Request&>(*valid_request(method, clock));
}

std::string bytes_of(const v1::ReceiptRecord& record) { return record.SerializeAsString(); }

/// An order of `alice` at M1, paid and received at `at`, in a ledger of the caller's clock.
v1::CheckoutRequest order_at(const std::string& id, std::int64_t at) {
  auto request = valid<v1::CheckoutRequest>(Method::checkout, LedgerClock::caller);
  request.set_order_id(id);
  request.set_occurred_at_unix_ms(at);
  request.set_received_at_unix_ms(at);
  return request;
}

template <typename Request>
Request at(Request request, std::int64_t instant) {
  request.set_occurred_at_unix_ms(instant);
  request.set_received_at_unix_ms(instant);
  return request;
}

void enroll_alice(EdgeGateway& gateway) {
  auto request = valid<v1::EnrollRequest>(Method::enroll, LedgerClock::caller);
  request.set_received_at_unix_ms(noon.unix_ms - 86'400'000);
  static_cast<void>(gateway.call(&Stub::Enroll, request));
  ASSERT_TRUE(gateway.status.ok()) << gateway.status.error_message();
}

TEST(ServicePoints, HoldSetsAsideWhatAGrantGaveUntilItIsReleased) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  const auto given = gateway.call(&Stub::Grant, valid<v1::GrantRequest>(Method::grant));
  ASSERT_TRUE(given.has_receipt()) << gateway.status.error_message() << given.refusal().text();

  const auto held = gateway.call(&Stub::Hold, valid<v1::HoldRequest>(Method::hold));
  const auto member =
      gateway.call(&Stub::GetMember, valid<v1::GetMemberRequest>(Method::get_member));
  const auto released = gateway.call(&Stub::Release, valid<v1::ReleaseRequest>(Method::release));
  const auto revoked =
      gateway.call(&Stub::RevokeGrant, valid<v1::RevokeGrantRequest>(Method::revoke_grant));

  EXPECT_EQ(given.receipt().record().grant().points(), 100);
  EXPECT_EQ(given.receipt().standing().expiring(), 100);
  ASSERT_TRUE(held.has_receipt()) << held.refusal().text();
  EXPECT_EQ(held.receipt().record().hold().points(), 100);
  EXPECT_EQ(held.receipt().standing().expiring(), 0);
  EXPECT_EQ(member.member().balances().available(), 0);
  EXPECT_EQ(member.member().balances().held(), 100);
  ASSERT_EQ(member.member().lots_size(), 1);
  EXPECT_EQ(member.member().lots(0).held(), 100);
  EXPECT_EQ(member.member().expires_on(), "");
  ASSERT_TRUE(released.has_receipt()) << released.refusal().text();
  EXPECT_EQ(released.receipt().record().release().points(), 100);
  EXPECT_EQ(released.receipt().standing().balances().available(), 100);
  ASSERT_TRUE(revoked.has_receipt()) << revoked.refusal().text();
  EXPECT_EQ(revoked.receipt().record().revocation().points(), 100);
  EXPECT_EQ(revoked.receipt().record().balances_after().available(), 0);
}

TEST(ServicePoints, MemberTellsWhatExpiresNext) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Grant, valid<v1::GrantRequest>(Method::grant)));
  auto longer = valid<v1::GrantRequest>(Method::grant);
  longer.set_grant_id("G2");
  longer.set_expires_on("2029-02-28");
  static_cast<void>(gateway.call(&Stub::Grant, longer));

  const auto member =
      gateway.call(&Stub::GetMember, valid<v1::GetMemberRequest>(Method::get_member));

  EXPECT_EQ(member.member().balances().available(), 200);
  EXPECT_EQ(member.member().expiring(), 100);
  EXPECT_EQ(member.member().expires_on(), "2026-12-31");
}

TEST(ServicePoints, TheSameIdInAnotherVenueIsAnotherHold) {
  EdgeGateway gateway;
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Grant, valid<v1::GrantRequest>(Method::grant)));
  auto here = valid<v1::HoldRequest>(Method::hold);
  here.set_points(40);
  auto there = here;
  there.mutable_origin()->set_venue("H1");
  static_cast<void>(gateway.call(&Stub::Hold, here));

  const auto second = gateway.call(&Stub::Hold, there, "all");

  ASSERT_TRUE(second.has_receipt()) << gateway.status.error_message();
  EXPECT_FALSE(second.receipt().replayed());
  EXPECT_EQ(second.receipt().standing().balances().held(), 80);
}

TEST(ServicePoints, Golden18WithTheCasesOwnHalfHour) {
  auto program = std::make_shared<domain::Program>(*program_p0());
  program->hold_timeout = {30 * 60'000};
  EdgeGateway gateway({.clock = LedgerClock::caller, .program = program});
  enroll_alice(gateway);
  constexpr std::int64_t midnight = 1'798'732'800'000;  // 2027-01-01 00:00 in Shanghai
  constexpr std::int64_t minute = 60'000;
  auto grant = at(valid<v1::GrantRequest>(Method::grant), midnight - 60 * minute);
  grant.set_points(500);
  static_cast<void>(gateway.call(&Stub::Grant, grant));
  auto hold = at(valid<v1::HoldRequest>(Method::hold), midnight - 10 * minute);
  hold.set_points(300);
  auto capture = order_at("A", midnight + 10 * minute);
  capture.set_amount_minor(50'00);
  capture.set_excluded_from_earning_minor(50'00);
  capture.set_points_to_use(200);
  capture.set_hold_id(hold.hold_id());
  capture.clear_lines();
  capture.mutable_tenders(0)->set_amount_minor(44'00);

  const auto held = gateway.call(&Stub::Hold, hold);
  const auto captured = gateway.call(&Stub::Checkout, capture);

  ASSERT_TRUE(held.has_receipt()) << gateway.status.error_message() << held.refusal().text();
  EXPECT_EQ(held.receipt().record().hold().lapses_at_unix_ms(), midnight + 20 * minute);
  ASSERT_TRUE(captured.has_receipt())
      << gateway.status.error_message() << captured.refusal().text();
  const auto& record = captured.receipt().record();
  ASSERT_EQ(record.postings_size(), 2);
  EXPECT_EQ(record.postings(0).reason(), v1::MOVEMENT_REASON_USE);
  EXPECT_EQ(record.postings(0).amount_thousandths(), 600'000);
  EXPECT_EQ(record.postings(1).reason(), v1::MOVEMENT_REASON_EXPIRE);
  EXPECT_EQ(record.postings(1).amount_thousandths(), 300'000);
  EXPECT_EQ(record.checkout().points_earned(), 0);
  EXPECT_EQ(record.checkout().cash_due_minor(), 44'00);
  EXPECT_EQ(record.balances_after().available(), 0);
  EXPECT_EQ(record.balances_after().held(), 0);
}

TEST(ServicePoints, Golden20DeclinesTheSixthOrderInTenMinutesAndKnowsItAgain) {
  EdgeGateway gateway({.clock = LedgerClock::caller, .policy = policy_that_declines()});
  enroll_alice(gateway);
  for (int i = 0; i < 5; ++i) {
    const auto reply = gateway.call(&Stub::Checkout,
                                    order_at("A" + std::to_string(i), noon.unix_ms + i * 100'000));
    EXPECT_EQ(reply.receipt().record().outcome(), v1::OUTCOME_ACCEPTED);
  }
  const auto sixth = order_at("A5", noon.unix_ms + 500'000);
  auto asked = valid<v1::QuoteRequest>(Method::quote, LedgerClock::caller);
  asked.set_occurred_at_unix_ms(noon.unix_ms + 500'000);
  asked.set_received_at_unix_ms(noon.unix_ms + 500'000);
  v1::GetReceiptRequest receipt;
  receipt.mutable_member()->set_id("alice");
  receipt.mutable_order()->set_venue("M1");
  receipt.mutable_order()->set_order_id("A5");

  const auto quoted = gateway.call(&Stub::Quote, asked);
  const auto declined = gateway.call(&Stub::Checkout, sixth);
  const auto known = gateway.call(&Stub::GetReceipt, receipt);
  const auto seventh = gateway.call(&Stub::Checkout, order_at("A6", noon.unix_ms + 610'000));
  const auto again = gateway.call(&Stub::Checkout, sixth);

  EXPECT_TRUE(quoted.quotation().declined());
  EXPECT_FALSE(quoted.quotation().has_would_be_refused());
  ASSERT_TRUE(declined.has_receipt()) << gateway.status.error_message();
  const auto& record = declined.receipt().record();
  EXPECT_EQ(record.outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(record.policy_version(), 4U);
  EXPECT_EQ(record.checkout().order_id(), "A5");
  EXPECT_EQ(record.checkout().points_earned(), 0);
  EXPECT_EQ(record.movements_size(), 0);
  ASSERT_EQ(record.risk_checks_size(), 1);
  EXPECT_EQ(record.risk_checks(0).limit(), "orders");
  EXPECT_EQ(record.risk_checks(0).value_before(), 5);
  EXPECT_TRUE(record.risk_checks(0).exceeded());
  EXPECT_EQ(bytes_of(known.receipt().record()), bytes_of(record));
  EXPECT_EQ(seventh.receipt().record().outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_TRUE(again.receipt().replayed());
  EXPECT_EQ(bytes_of(again.receipt().record()), bytes_of(record));
}

TEST(ServicePoints, ADeclinedOrdersIdIsFreeForOtherContent) {
  EdgeGateway gateway({.clock = LedgerClock::caller, .policy = policy_that_declines()});
  enroll_alice(gateway);
  for (int i = 0; i < 5; ++i) {
    static_cast<void>(
        gateway.call(&Stub::Checkout, order_at("A" + std::to_string(i), noon.unix_ms)));
  }
  const auto declined = gateway.call(&Stub::Checkout, order_at("A5", noon.unix_ms));

  const auto later = gateway.call(&Stub::Checkout, order_at("A5", noon.unix_ms + 700'000));

  EXPECT_EQ(declined.receipt().record().outcome(), v1::OUTCOME_DECLINED);
  ASSERT_TRUE(later.has_receipt()) << later.refusal().text();
  EXPECT_EQ(later.receipt().record().outcome(), v1::OUTCOME_ACCEPTED);
  EXPECT_FALSE(later.receipt().replayed());
}

TEST(ServicePoints, ARefundThatALimitDeclinesIsTold) {
  EdgeGateway gateway({.clock = LedgerClock::caller, .policy = policy_that_declines()});
  enroll_alice(gateway);
  static_cast<void>(gateway.call(&Stub::Checkout, order_at("A", noon.unix_ms)));
  auto first = at(valid<v1::RefundRequest>(Method::refund), noon.unix_ms);
  first.mutable_amount()->set_amount_minor(10'00);
  auto second = first;
  second.set_refund_id("R2");

  const auto accepted = gateway.call(&Stub::Refund, first);
  const auto declined = gateway.call(&Stub::Refund, second);

  ASSERT_TRUE(accepted.has_receipt()) << gateway.status.error_message();
  EXPECT_EQ(accepted.receipt().record().outcome(), v1::OUTCOME_ACCEPTED);
  ASSERT_EQ(accepted.receipt().record().risk_checks_size(), 1);
  EXPECT_EQ(accepted.receipt().record().risk_checks(0).limit(), "refunds");
  EXPECT_FALSE(accepted.receipt().record().risk_checks(0).exceeded());
  ASSERT_TRUE(declined.has_receipt()) << gateway.status.error_message();
  const auto& record = declined.receipt().record();
  EXPECT_EQ(record.outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(record.refund().refund_id(), "R2");
  EXPECT_EQ(record.refund().order().order_id(), "A");
  EXPECT_EQ(record.refund().amount_minor(), 10'00);
  EXPECT_EQ(record.refund().clawed_back(), 0);
  EXPECT_EQ(declined.receipt().standing().refundable_minor(), 578'00);
}

TEST(ServicePoints, ALossIsBookedWhereTheProgramSaysSo) {
  auto program = std::make_shared<domain::Program>(*program_p0());
  program->shortfall = domain::Shortfall::booked_loss;
  EdgeGateway gateway({.program = program});
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Grant, valid<v1::GrantRequest>(Method::grant)));
  auto order = valid<v1::CheckoutRequest>(Method::checkout);
  order.set_points_to_use(100);
  order.set_excluded_from_earning_minor(588'00);
  order.clear_lines();
  order.mutable_tenders(0)->set_amount_minor(585'00);
  const auto bought = gateway.call(&Stub::Checkout, order);
  ASSERT_TRUE(bought.has_receipt()) << gateway.status.error_message() << bought.refusal().text();

  const auto revoked =
      gateway.call(&Stub::RevokeGrant, valid<v1::RevokeGrantRequest>(Method::revoke_grant));

  ASSERT_TRUE(revoked.has_receipt()) << revoked.refusal().text();
  EXPECT_EQ(revoked.receipt().record().booked_loss(), 100);
  EXPECT_EQ(revoked.receipt().record().debt_incurred(), 0);
  EXPECT_EQ(revoked.receipt().record().postings_size(), 0);
}

TEST(ServicePoints, ARevocationThatIsNotCoveredIsRefusedWhereTheProgramSaysSo) {
  auto program = std::make_shared<domain::Program>(*program_p0());
  program->shortfall = domain::Shortfall::refused;
  EdgeGateway gateway({.program = program});
  gateway.enroll("alice");
  static_cast<void>(gateway.call(&Stub::Grant, valid<v1::GrantRequest>(Method::grant)));
  static_cast<void>(gateway.call(&Stub::Hold, valid<v1::HoldRequest>(Method::hold)));

  const auto refused =
      gateway.call(&Stub::RevokeGrant, valid<v1::RevokeGrantRequest>(Method::revoke_grant));

  EXPECT_EQ(refused.refusal().code(), v1::REFUSAL_CODE_SHORTFALL);
  EXPECT_EQ(refused.refusal().field(), "");
  EXPECT_TRUE(refused.refusal().retryable()) << "what is held may come free";
}

TEST(ServicePoints, CallsAreCountedByMethodAndDeclinesApart) {
  EdgeGateway gateway({.clock = LedgerClock::caller, .policy = policy_that_declines()});
  enroll_alice(gateway);
  for (int i = 0; i < 6; ++i) {
    static_cast<void>(
        gateway.call(&Stub::Checkout, order_at("A" + std::to_string(i), noon.unix_ms)));
  }
  static_cast<void>(gateway.call(&Stub::Checkout, order_at("A5", noon.unix_ms)));
  const auto hold = at(valid<v1::HoldRequest>(Method::hold), noon.unix_ms);
  static_cast<void>(gateway.call(&Stub::Hold, hold));
  static_cast<void>(
      gateway.call(&Stub::Release, at(valid<v1::ReleaseRequest>(Method::release), noon.unix_ms)));

  const auto count = [&](Method method, CallOutcome outcome) {
    return gateway.metrics.durations(method, outcome).count;
  };
  EXPECT_EQ(count(Method::checkout, CallOutcome::done), 5U);
  EXPECT_EQ(count(Method::checkout, CallOutcome::declined), 1U);
  EXPECT_EQ(count(Method::checkout, CallOutcome::replayed), 1U);
  EXPECT_EQ(count(Method::hold, CallOutcome::done), 1U);
  EXPECT_EQ(count(Method::release, CallOutcome::done), 1U);
}

}  // namespace
}  // namespace wutong::test
