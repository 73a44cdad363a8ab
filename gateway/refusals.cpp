#include "gateway/refusals.h"

#include "gateway/text.h"

namespace wutong {
namespace {

using domain::Field;
using domain::Refusal;

/// How soon asking again makes sense: about the time a shard takes to find its ledger again.
constexpr std::int64_t unavailable_retry_ms = 500;
constexpr std::int64_t exhausted_retry_ms = 1'000;

bool reads_only(Method method) {
  return method == Method::get_receipt || method == Method::get_member ||
         method == Method::list_history;
}

std::string_view refund_path_of(Field field) {
  switch (field) {
    case Field::amount:
      return "amount.amount_minor";
    case Field::excluded:
      return "amount.excluded_minor";
    case Field::order_id:
      return "order.order_id";
    case Field::refund_scope:
      return "what";
    case Field::lines:
      return "lines.numbers";
    default:
      return {};
  }
}

}  // namespace

std::string_view path_of(Field field, Method method) {
  if (method == Method::refund) {
    if (const auto path = refund_path_of(field); !path.empty()) return path;
  }
  switch (field) {
    case Field::none:
      return {};
    case Field::member:
      return method == Method::enroll ? "member_id" : "member";
    case Field::occurred_at:
      return "occurred_at_unix_ms";
    case Field::currency:
      return "currency";
    case Field::amount:
      return "amount_minor";
    case Field::excluded:
      return "excluded_from_earning_minor";
    case Field::excluded_from_offset:
      return "excluded_from_offset_minor";
    case Field::points_to_use:
      return "points_to_use";
    case Field::hold_id:
      return "hold_id";
    case Field::tenders:
      return "tenders";
    case Field::lines:
      return "lines";
    case Field::store:
      return "origin.store";
    case Field::order_id:
      return method == Method::get_receipt ? "of" : "order_id";
    case Field::refund_id:
      return method == Method::get_receipt ? "of" : "refund_id";
    case Field::venue:
      return "origin.venue";
    case Field::refund_scope:
      return {};
    case Field::points:
      return "points";
    case Field::party:
      return "party";
    case Field::expires_on:
      return "expires_on";
    case Field::grant_id:
      return "grant_id";
    case Field::reason:
      return "reason";
    case Field::identity:
      return "identity";
  }
  return {};
}

std::string_view complaint_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::member_unknown:
      return "names no member";
    case Refusal::member_exists:
      return "is enrolled already";
    case Refusal::other_content:
      return "differs from what is known under this id";
    case Refusal::other_member:
      return "belongs to another member";
    case Refusal::member_not_active:
      return "is suspended or closed";
    case Refusal::occurred_in_future:
      return "lies in the future";
    case Refusal::back_dated:
      return "lies too long ago";
    case Refusal::currency_not_the_venues:
      return "is not the venue's";
    case Refusal::excluded_exceeds_amount:
      return "is more than the amount";
    case Refusal::lines_do_not_sum:
      return "do not sum to the amount";
    case Refusal::excluded_lines_do_not_sum:
      return "is not the sum of the excluded lines";
    case Refusal::tenders_do_not_sum:
      return "do not sum to the amount less the offset money";
    case Refusal::amount_overflows:
      return "comes to more points than a member may have";
    case Refusal::hold_unknown:
      return "names no open hold";
    case Refusal::late_without_hold:
      return "is missing: a late order can use points of an open hold only";
    case Refusal::too_many_holds:
      return "is one more than a member may have open";
    case Refusal::below_offset_threshold:
      return "asks for points on an order too small for them";
    case Refusal::not_in_steps:
      return "is not in whole steps";
    case Refusal::balance_too_low:
      return "is more than the member has";
    case Refusal::above_offset_share:
      return "is more than the order's share that points may pay";
    case Refusal::order_unknown:
      return "names no known order";
    case Refusal::venue_not_allowed:
      return "may not refund orders of that venue";
    case Refusal::line_unknown:
      return "names a line that the order does not have";
    case Refusal::line_already_refunded:
      return "names a line that is refunded already";
    case Refusal::more_than_left:
      return "is more than is left of the order";
    case Refusal::more_earning_than_left:
      return "takes more than is left of the order's earning goods";
    case Refusal::more_excluded_than_left:
      return "is more than is left of the order's excluded goods";
    case Refusal::shortfall:
      return "takes back more points than the member has";
    case Refusal::grant_unknown:
      return "names no known grant";
    case Refusal::grant_already_revoked:
      return "names a grant that is taken back already";
    case Refusal::party_unknown:
      return "names no party";
    case Refusal::expires_in_past:
      return "lies in the past";
    case Refusal::too_many_identities:
      return "is one more than a member may have";
    case Refusal::identity_of_other:
      return "belongs to another";
  }
  return "is refused";
}

std::optional<Code> status_code_of(Refusal refusal, Method method) {
  switch (refusal) {
    case Refusal::member_unknown:
    case Refusal::party_unknown:
      return Code::not_found;
    case Refusal::occurred_in_future:
    case Refusal::back_dated:
    case Refusal::currency_not_the_venues:
    case Refusal::excluded_exceeds_amount:
    case Refusal::lines_do_not_sum:
    case Refusal::excluded_lines_do_not_sum:
    case Refusal::tenders_do_not_sum:
    case Refusal::amount_overflows:
    case Refusal::expires_in_past:
      return Code::invalid_argument;
    default:
      break;
  }
  if (reads_only(method)) return Code::not_found;
  return std::nullopt;
}

Problem problem_of(const RefusedReply& refused, Method method) {
  const Refusal refusal = refused.refused.refusal;
  Problem problem{.code = status_code_of(refusal, method).value_or(Code::internal),
                  .field = std::string(path_of(refused.refused.field, method)),
                  .refusal = static_cast<std::uint8_t>(refusal),
                  .retryable = refused.retryable};
  problem.text =
      concat({problem.field.empty() ? "the request" : problem.field, " ", complaint_of(refusal)});
  return problem;
}

Problem problem_of(const FailedReply& failed, Method method) {
  switch (failed.failure) {
    case CallFailure::unavailable:
      return {.code = Code::unavailable,
              .text = concat(
                  {"may or may not have been done, ask again with the same id: ", failed.what}),
              .retryable = true,
              .retry_after_ms = unavailable_retry_ms};
    case CallFailure::exhausted:
      return {.code = Code::resource_exhausted,
              .text = concat({"not done, a bound is reached: ", failed.what}),
              .retryable = true,
              .retry_after_ms = exhausted_retry_ms};
    case CallFailure::not_found:
      return {.code = Code::not_found,
              .field = std::string(path_of(domain::Field::order_id, method)),
              .text = "no such receipt"};
    case CallFailure::reversed:
      return {.code = Code::already_exists,
              .field = std::string(path_of(domain::Field::order_id, method)),
              .text = "the order is another member's; what was done is reversed"};
  }
  return {.code = Code::internal, .text = "unknown failure"};
}

}  // namespace wutong
