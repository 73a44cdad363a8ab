#include "gateway/refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "gateway/translate_reply.h"
#include "tests/gateway/reply_bytes.h"

namespace wutong {
namespace {

using domain::Field;
using domain::Refusal;
using ::testing::HasSubstr;

constexpr std::array all_refusals = {Refusal::member_unknown,
                                     Refusal::member_exists,
                                     Refusal::other_content,
                                     Refusal::other_member,
                                     Refusal::member_not_active,
                                     Refusal::occurred_in_future,
                                     Refusal::back_dated,
                                     Refusal::currency_not_the_venues,
                                     Refusal::excluded_exceeds_amount,
                                     Refusal::lines_do_not_sum,
                                     Refusal::excluded_lines_do_not_sum,
                                     Refusal::tenders_do_not_sum,
                                     Refusal::amount_overflows,
                                     Refusal::hold_unknown,
                                     Refusal::late_without_hold,
                                     Refusal::too_many_holds,
                                     Refusal::below_offset_threshold,
                                     Refusal::not_in_steps,
                                     Refusal::balance_too_low,
                                     Refusal::above_offset_share,
                                     Refusal::order_unknown,
                                     Refusal::venue_not_allowed,
                                     Refusal::line_unknown,
                                     Refusal::line_already_refunded,
                                     Refusal::more_than_left,
                                     Refusal::more_earning_than_left,
                                     Refusal::more_excluded_than_left,
                                     Refusal::shortfall,
                                     Refusal::grant_unknown,
                                     Refusal::grant_already_revoked,
                                     Refusal::party_unknown,
                                     Refusal::expires_in_past,
                                     Refusal::too_many_identities,
                                     Refusal::identity_of_other};

TEST(Refusals, EachHasItsNumberOnTheWireAndAComplaint) {
  for (const Refusal refusal : all_refusals) {
    EXPECT_TRUE(v1::RefusalCode_IsValid(static_cast<int>(refusal))) << static_cast<int>(refusal);
    EXPECT_NE(complaint_of(refusal), "is refused") << static_cast<int>(refusal);
  }
  EXPECT_EQ(v1::RefusalCode_descriptor()->value_count(), static_cast<int>(all_refusals.size()) + 1);
}

TEST(Refusals, TheCallersMistakesAreStatusesAndTheRestIsInsideTheReply) {
  int statuses = 0;
  for (const Refusal refusal : all_refusals) {
    const Reply reply = RefusedReply{.refused = {refusal, Field::points_to_use}};
    v1::CheckoutReply out;

    const auto outcome = test::tell(reply, Method::checkout, out);

    if (!outcome) {
      ++statuses;
      EXPECT_EQ(outcome.error().refusal, static_cast<std::uint8_t>(refusal));
      EXPECT_EQ(outcome.error().field, "points_to_use");
      continue;
    }
    EXPECT_EQ(*outcome, Outcome::refused);
    EXPECT_EQ(static_cast<int>(out.refusal().code()), static_cast<int>(refusal));
    EXPECT_EQ(out.refusal().field(), "points_to_use");
    EXPECT_THAT(out.refusal().text(), HasSubstr("points_to_use "));
  }
  EXPECT_EQ(statuses, 11);
}

TEST(Refusals, AFieldHasThePathOfItsMethod) {
  EXPECT_EQ(path_of(Field::amount, Method::checkout), "amount_minor");
  EXPECT_EQ(path_of(Field::amount, Method::refund), "amount.amount_minor");
  EXPECT_EQ(path_of(Field::order_id, Method::checkout), "order_id");
  EXPECT_EQ(path_of(Field::order_id, Method::refund), "order.order_id");
  EXPECT_EQ(path_of(Field::venue, Method::refund), "origin.venue");
  EXPECT_EQ(path_of(Field::member, Method::enroll), "member_id");
  EXPECT_EQ(path_of(Field::none, Method::quote), "");
  EXPECT_EQ(path_of(Field::hold_id, Method::release), "hold_id");
  EXPECT_EQ(path_of(Field::points, Method::hold), "points");
  EXPECT_EQ(path_of(Field::party, Method::grant), "party");
  EXPECT_EQ(path_of(Field::expires_on, Method::grant), "expires_on");
  EXPECT_EQ(path_of(Field::reason, Method::grant), "reason");
  EXPECT_EQ(path_of(Field::grant_id, Method::revoke_grant), "grant_id");
  EXPECT_EQ(path_of(Field::identity, Method::link_identity), "identity");
}

TEST(Refusals, OfHoldsAndGrantsAreInsideTheReplyUnlessTheRequestIsWrong) {
  EXPECT_EQ(status_code_of(Refusal::hold_unknown, Method::release), std::nullopt);
  EXPECT_EQ(status_code_of(Refusal::balance_too_low, Method::hold), std::nullopt);
  EXPECT_EQ(status_code_of(Refusal::grant_unknown, Method::revoke_grant), std::nullopt);
  EXPECT_EQ(status_code_of(Refusal::grant_already_revoked, Method::revoke_grant), std::nullopt);
  EXPECT_EQ(status_code_of(Refusal::shortfall, Method::refund), std::nullopt);
  EXPECT_EQ(status_code_of(Refusal::party_unknown, Method::grant), Code::not_found);
  EXPECT_EQ(status_code_of(Refusal::expires_in_past, Method::grant), Code::invalid_argument);
}

TEST(Refusals, ADeclineIsAReceiptAndNoRefusal) {
  const domain::Declined declined{.id = "A", .content = domain::OrderContent{}};
  v1::CheckoutReply first;
  v1::CheckoutReply again;

  const auto outcome = test::tell(Reply(ReceiptReply{.record = declined}), Method::checkout, first);
  const auto replayed = test::tell(Reply(ReceiptReply{.record = declined, .replayed = true}),
                                   Method::checkout, again);

  EXPECT_EQ(outcome, Outcome::declined);
  EXPECT_EQ(replayed, Outcome::replayed);
  EXPECT_EQ(first.receipt().record().outcome(), v1::OUTCOME_DECLINED);
  EXPECT_EQ(again.receipt().record().SerializeAsString(),
            first.receipt().record().SerializeAsString());
}

TEST(Refusals, FailuresAreTheirStatuses) {
  const auto of = [](CallFailure failure) {
    v1::CheckoutReply out;
    const auto outcome = test::tell(Reply(FailedReply{.failure = failure, .what = "the log"}),
                                    Method::checkout, out);
    return outcome ? Problem{} : outcome.error();
  };

  EXPECT_EQ(of(CallFailure::unavailable).code, Code::unavailable);
  EXPECT_TRUE(of(CallFailure::unavailable).retryable);
  EXPECT_THAT(of(CallFailure::unavailable).text, HasSubstr("the log"));
  EXPECT_EQ(of(CallFailure::exhausted).code, Code::resource_exhausted);
  EXPECT_EQ(of(CallFailure::not_found).code, Code::not_found);
  EXPECT_EQ(of(CallFailure::reversed).code, Code::already_exists);
  EXPECT_EQ(of(CallFailure::reversed).field, "order_id");
}

TEST(Refusals, AReadHasNoRefusalInside) {
  v1::GetReceiptReply out;

  const auto outcome =
      test::tell(Reply(RefusedReply{.refused = {Refusal::other_member, Field::member}}),
                 Method::get_receipt, out);

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::not_found);
}

TEST(Refusals, AReplyOfAnotherKindIsABug) {
  v1::CheckoutReply out;

  const auto outcome = test::tell(Reply(HistoryReply{}), Method::checkout, out);

  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::internal);
}

}  // namespace
}  // namespace wutong
