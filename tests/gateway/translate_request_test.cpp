#include "gateway/translate_request.h"

#include <gtest/gtest.h>

#include <variant>

#include "tests/gateway/bad_requests.h"
#include "tests/gateway/edge.h"

namespace wutong {
namespace {

using google::protobuf::Message;

template <typename Request>
OrProblem<std::shared_ptr<Call>> translated(const Message& request, LedgerClock clock) {
  static const KeyHasher keys(test::hash_key(), test::identity_key());
  static const auto program = test::program_p0();
  static const Credential credential = test::till_of_m1();
  return translate(dynamic_cast<const Request&>(request),
                   TranslationContext{.keys = keys,
                                      .program = *program,
                                      .credential = credential,
                                      .clock = clock,
                                      .now = test::noon});
}

OrProblem<std::shared_ptr<Call>> translated(Method method, const Message& request,
                                            LedgerClock clock = LedgerClock::gateway) {
  switch (method) {
    case Method::quote:
      return translated<v1::QuoteRequest>(request, clock);
    case Method::checkout:
      return translated<v1::CheckoutRequest>(request, clock);
    case Method::refund:
      return translated<v1::RefundRequest>(request, clock);
    case Method::hold:
      return translated<v1::HoldRequest>(request, clock);
    case Method::release:
      return translated<v1::ReleaseRequest>(request, clock);
    case Method::grant:
      return translated<v1::GrantRequest>(request, clock);
    case Method::revoke_grant:
      return translated<v1::RevokeGrantRequest>(request, clock);
    case Method::link_identity:
      return translated<v1::LinkIdentityRequest>(request, clock);
    case Method::unlink_identity:
      return translated<v1::UnlinkIdentityRequest>(request, clock);
    case Method::get_receipt:
      return translated<v1::GetReceiptRequest>(request, clock);
    case Method::enroll:
      return translated<v1::EnrollRequest>(request, clock);
    case Method::get_member:
      return translated<v1::GetMemberRequest>(request, clock);
    case Method::list_history:
      return translated<v1::ListHistoryRequest>(request, clock);
  }
  return {};
}

std::shared_ptr<Call> valid(Method method, LedgerClock clock = LedgerClock::gateway) {
  auto call = translated(method, *test::valid_request(method, clock), clock);
  if (!call) ADD_FAILURE() << call.error().text;
  return call ? *std::move(call) : std::make_shared<Call>();
}

TEST(TranslateRequest, EachBadValueIsAnErrorThatNamesItsField) {
  for (const test::BadRequest& bad : test::bad_requests()) {
    SCOPED_TRACE(std::string(name_of(bad.method)) + ": " + std::string(bad.field) + " " +
                 std::string(bad.what));

    const auto call = translated(bad.method, *test::request_of(bad), bad.clock);

    if (bad.judged_by == test::JudgedBy::rules) {
      EXPECT_TRUE(call) << "the edge judges what is the rules' to judge: " << call.error().text;
      continue;
    }
    if (call) {
      ADD_FAILURE() << "is taken";
      continue;
    }
    EXPECT_EQ(call.error().code, bad.code) << call.error().text;
    EXPECT_EQ(call.error().field, bad.field);
    EXPECT_NE(call.error().text.find(bad.field), std::string::npos) << call.error().text;
  }
}

TEST(TranslateRequest, ValidRequestsAreTakenInBothClocks) {
  for (std::size_t i = 0; i < method_count; ++i) {
    for (const LedgerClock clock : {LedgerClock::gateway, LedgerClock::caller}) {
      const auto method = static_cast<Method>(i);

      const auto call = translated(method, *test::valid_request(method, clock), clock);

      EXPECT_TRUE(call) << name_of(method) << ": " << call.error().text;
    }
  }
}

TEST(TranslateRequest, CheckoutCarriesEverythingThatWasTold) {
  const auto call = valid(Method::checkout);

  ASSERT_TRUE(std::holds_alternative<domain::Checkout>(call->request));
  const auto& checkout = std::get<domain::Checkout>(call->request);
  EXPECT_EQ(call->member_id, "alice");
  EXPECT_EQ(call->received_at, test::noon);
  EXPECT_EQ(checkout.order_id, "T1-20260105-0001");
  EXPECT_EQ(checkout.origin.venue.text(), "M1");
  EXPECT_EQ(checkout.origin.store.text(), "shoes");
  EXPECT_EQ(checkout.origin.terminal, "T1");
  EXPECT_EQ(checkout.origin.till_business_date, domain::Day{20'458});
  EXPECT_EQ(checkout.occurred_at, domain::Instant{1'767'585'590'000});
  EXPECT_EQ(checkout.currency, "CNY");
  EXPECT_EQ(checkout.amount, domain::Money{58'800});
  EXPECT_EQ(checkout.tax, domain::Money{100});
  ASSERT_EQ(checkout.tenders.size(), 1U);
  EXPECT_EQ(checkout.tenders[0].kind, "cash");
  ASSERT_EQ(checkout.lines.size(), 1U);
  EXPECT_EQ(checkout.lines[0].sku, "boots");
  EXPECT_EQ(checkout.lines[0].quantity_thousandths, 1'000);
}

TEST(TranslateRequest, KeysAreThoseOfTheIdsTold) {
  const KeyHasher keys(test::hash_key(), test::identity_key());

  const auto checkout = valid(Method::checkout);
  const auto refund = valid(Method::refund);
  const auto receipt = valid(Method::get_receipt);

  EXPECT_EQ(checkout->member, keys.member("alice"));
  EXPECT_EQ(std::get<domain::Checkout>(checkout->request).key,
            keys.order("M1", "T1-20260105-0001"));
  EXPECT_EQ(std::get<domain::Refund>(refund->request).key, keys.refund("M1", "R1"));
  EXPECT_EQ(std::get<domain::Refund>(refund->request).order, keys.order("M1", "A"));
  EXPECT_EQ(std::get<ReadReceipt>(receipt->request).order, keys.order("M1", "A"));
}

TEST(TranslateRequest, OfAnIdentityOnlyTheHashIsLeft) {
  const KeyHasher keys(test::hash_key(), test::identity_key());
  constexpr auto phone = domain::IdentityKind::phone;
  const auto key = keys.identity(phone, "8613800138000");
  v1::MemberRef named;
  named.mutable_identity()->set_kind(v1::IDENTITY_KIND_PHONE);
  named.mutable_identity()->set_value("8613800138000");
  auto request = test::valid_request(Method::checkout, LedgerClock::gateway);
  *dynamic_cast<v1::CheckoutRequest&>(*request).mutable_member() = named;

  const auto checkout = translated(Method::checkout, *request);
  const auto link = valid(Method::link_identity);
  const auto unlink = valid(Method::unlink_identity);

  ASSERT_TRUE(checkout) << checkout.error().text;
  EXPECT_EQ((*checkout)->member_id, "");
  EXPECT_EQ((*checkout)->identity, key);
  EXPECT_EQ(link->identity, std::nullopt);
  EXPECT_EQ(std::get<domain::LinkIdentity>(link->request).identity, key);
  EXPECT_EQ(std::get<domain::LinkIdentity>(link->request).kind, phone);
  EXPECT_EQ(std::get<domain::UnlinkIdentity>(unlink->request).identity, key);
}

TEST(TranslateRequest, CheckoutCapturesTheHoldOfItsOwnVenue) {
  const KeyHasher keys(test::hash_key(), test::identity_key());
  auto request = test::valid_request(Method::checkout, LedgerClock::gateway);
  auto& checkout = dynamic_cast<v1::CheckoutRequest&>(*request);

  const auto without = translated(Method::checkout, checkout);
  checkout.set_hold_id("H1");
  const auto with = translated(Method::checkout, checkout);

  ASSERT_TRUE(without && with);
  const auto& captured = std::get<domain::Checkout>((*with)->request);
  EXPECT_EQ(captured.hold_id, "H1");
  EXPECT_EQ(captured.hold, keys.hold("M1", "H1"));
  EXPECT_EQ(std::get<domain::Checkout>((*without)->request).hold, domain::RecordKey());
}

TEST(TranslateRequest, HoldAndReleaseCarryEverythingThatWasTold) {
  const KeyHasher keys(test::hash_key(), test::identity_key());

  const auto held = valid(Method::hold);
  const auto released = valid(Method::release);

  EXPECT_EQ(held->member_id, "alice");
  EXPECT_EQ(held->received_at, test::noon);
  const auto& hold = std::get<domain::Hold>(held->request);
  EXPECT_EQ(hold.key, keys.hold("M1", "H1"));
  EXPECT_EQ(hold.hold_id, "H1");
  EXPECT_EQ(hold.origin.store.text(), "shoes");
  EXPECT_EQ(hold.occurred_at, domain::Instant{1'767'585'590'000});
  EXPECT_EQ(hold.points, domain::Points{100});
  const auto& release = std::get<domain::Release>(released->request);
  EXPECT_EQ(released->member_id, "alice");
  EXPECT_EQ(release.key, keys.release("M1", "H1"));
  EXPECT_EQ(release.hold, hold.key);
  EXPECT_EQ(release.hold_id, "H1");
  EXPECT_EQ(release.origin.terminal, "T1");
  EXPECT_EQ(release.occurred_at, hold.occurred_at);
}

TEST(TranslateRequest, GrantAndRevocationCarryEverythingThatWasTold) {
  const KeyHasher keys(test::hash_key(), test::identity_key());

  const auto granted = valid(Method::grant);
  const auto revoked = valid(Method::revoke_grant);

  EXPECT_EQ(granted->member_id, "alice");
  const auto& grant = std::get<domain::Grant>(granted->request);
  EXPECT_EQ(grant.key, keys.grant("M1", "G1"));
  EXPECT_EQ(grant.grant_id, "G1");
  EXPECT_EQ(grant.origin.venue.text(), "M1");
  EXPECT_EQ(grant.occurred_at, domain::Instant{1'767'585'590'000});
  EXPECT_EQ(grant.points, domain::Points{100});
  EXPECT_EQ(grant.party.text(), "MALL");
  EXPECT_EQ(grant.expires_on, domain::Day{20'818});
  EXPECT_EQ(grant.reason, "sorry");
  EXPECT_EQ(revoked->member_id, "alice");
  const auto& revocation = std::get<domain::RevokeGrant>(revoked->request);
  EXPECT_EQ(revocation.key, keys.revocation("M1", "V1"));
  EXPECT_EQ(revocation.revocation_id, "V1");
  EXPECT_EQ(revocation.grant, grant.key);
  EXPECT_EQ(revocation.grant_id, "G1");
  EXPECT_EQ(revocation.reason, "not sorry");
}

TEST(TranslateRequest, GrantMayLeaveTheLastDayToTheProgram) {
  auto request = test::valid_request(Method::grant, LedgerClock::gateway);
  dynamic_cast<v1::GrantRequest&>(*request).clear_expires_on();

  const auto call = translated(Method::grant, *request);

  ASSERT_TRUE(call) << call.error().text;
  EXPECT_EQ(std::get<domain::Grant>((*call)->request).expires_on, std::nullopt);
}

TEST(TranslateRequest, RefundLinesAreAscendingWhateverTheirOrder) {
  auto request = test::valid_request(Method::refund, LedgerClock::gateway);
  auto& refund = dynamic_cast<v1::RefundRequest&>(*request);
  for (const std::uint32_t number : {3U, 1U, 2U}) refund.mutable_lines()->add_numbers(number);

  const auto call = translated(Method::refund, refund);

  ASSERT_TRUE(call);
  const auto& scope = std::get<domain::Refund>((*call)->request).scope;
  EXPECT_EQ(std::get<domain::RefundOfLines>(scope).numbers, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST(TranslateRequest, RefundMayNameAnOrderOfAnotherVenueAndNoMember) {
  auto request = test::valid_request(Method::refund, LedgerClock::gateway);
  auto& refund = dynamic_cast<v1::RefundRequest&>(*request);
  refund.mutable_order()->set_venue("H1");
  refund.clear_member();

  const auto call = translated(Method::refund, refund);

  ASSERT_TRUE(call) << call.error().text;
  EXPECT_EQ((*call)->member_id, "");
  EXPECT_EQ(std::get<domain::Refund>((*call)->request).order_venue.text(), "H1");
}

TEST(TranslateRequest, QuoteWithoutATimeIsOfNow) {
  auto request = test::valid_request(Method::quote, LedgerClock::gateway);
  dynamic_cast<v1::QuoteRequest&>(*request).clear_occurred_at_unix_ms();

  const auto call = translated(Method::quote, *request);

  ASSERT_TRUE(call) << call.error().text;
  EXPECT_EQ(std::get<domain::Quote>((*call)->request).checkout.occurred_at, test::noon);
}

TEST(TranslateRequest, CallersClockComesFromTheCaller) {
  auto request = test::valid_request(Method::checkout, LedgerClock::caller);
  dynamic_cast<v1::CheckoutRequest&>(*request).set_received_at_unix_ms(1'700'000'000'000);

  const auto call = translated(Method::checkout, *request, LedgerClock::caller);

  ASSERT_TRUE(call) << call.error().text;
  EXPECT_EQ((*call)->received_at, domain::Instant{1'700'000'000'000});
}

}  // namespace
}  // namespace wutong
