#include "gateway/translate_reply.h"

#include <variant>

#include "gateway/page_token.h"
#include "gateway/refusals.h"
#include "gateway/shape.h"
#include "gateway/text.h"
#include "gateway/translate_record.h"

namespace wutong {
namespace {

tl::unexpected<Problem> unforeseen() {
  return tl::make_unexpected(
      Problem{.code = Code::internal, .text = "the gateway gave an answer of the wrong kind"});
}

void fill(const domain::Refused& refused, bool retryable, Method method, v1::Refusal& out) {
  const std::string_view path = path_of(refused.field, method);
  out.set_code(static_cast<v1::RefusalCode>(refused.refusal));
  out.set_field(std::string(path));
  out.set_retryable(retryable);
  out.set_text(concat({path.empty() ? "the request" : path, " ", complaint_of(refused.refusal)}));
}

/// A failure or a refusal that is a status; nothing if `reply` is to be told inside.
std::optional<Problem> status_problem(const Reply& reply, Method method) {
  if (const auto* failed = std::get_if<FailedReply>(&reply)) return problem_of(*failed, method);
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    if (status_code_of(refused->refused.refusal, method)) return problem_of(*refused, method);
  }
  return std::nullopt;
}

void fill(const ReceiptReply& reply, v1::Receipt& out) {
  tell(reply.record, reply.shard, *out.mutable_record());
  tell(reply.standing, *out.mutable_standing());
  out.set_replayed(reply.replayed);
}

/// The reply of a method that answers a receipt or a refusal.
template <typename Out>
OrProblem<Outcome> receipt_or_refusal(const Reply& reply, Method method, Out& out) {
  if (auto problem = status_problem(reply, method)) return tl::make_unexpected(*problem);
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    fill(refused->refused, refused->retryable, method, *out.mutable_refusal());
    return Outcome::refused;
  }
  const auto* receipt = std::get_if<ReceiptReply>(&reply);
  if (receipt == nullptr) return unforeseen();
  fill(*receipt, *out.mutable_receipt());
  if (receipt->replayed) return Outcome::replayed;
  const bool declined = std::holds_alternative<domain::Declined>(receipt->record);
  return declined ? Outcome::declined : Outcome::done;
}

v1::MemberStatus wire(domain::MemberStatus status) {
  switch (status) {
    case domain::MemberStatus::active:
      return v1::MEMBER_STATUS_ACTIVE;
    case domain::MemberStatus::suspended:
      return v1::MEMBER_STATUS_SUSPENDED;
    case domain::MemberStatus::closed:
      return v1::MEMBER_STATUS_CLOSED;
  }
  return v1::MEMBER_STATUS_UNSPECIFIED;
}

void fill(const MemberReply& reply, v1::Member& out) {
  const domain::Member& member = reply.member;
  out.set_id(member.id);
  out.set_status(wire(member.status));
  tell(reply.now, *out.mutable_balances());
  for (const domain::Lot& lot : member.lots) {
    if (lot.points.count == 0) continue;
    v1::Lot& told = *out.add_lots();
    told.set_serial(lot.serial);
    told.set_points(lot.points.count);
    told.set_expires_on(shape::text_of(lot.expires_on));
    told.set_available_from_unix_ms(lot.available_from.unix_ms);
    told.set_party(std::string(lot.party.text()));
    told.set_price_thousandths(lot.price.thousandths);
    told.set_held(lot.held.count);
  }
  for (const domain::Debt& debt : member.debts) {
    v1::Debt& told = *out.add_debts();
    told.set_points(debt.points.count);
    told.set_order_occurred_at_unix_ms(debt.order_occurred_at.unix_ms);
    told.set_award_line(debt.line);
    told.set_party(std::string(debt.party.text()));
  }
  for (const domain::LinkedIdentity& linked : member.identities) {
    v1::LinkedIdentity& told = *out.add_identities();
    told.set_kind(static_cast<v1::IdentityKind>(linked.kind));
    told.set_linked_at_unix_ms(linked.linked_at.unix_ms);
  }
  out.set_last_event_at_unix_ms(member.last_event_at.unix_ms);
  out.set_expiring(reply.expiring.points.count);
  if (reply.expiring.points > domain::Points{}) {
    out.set_expires_on(shape::text_of(reply.expiring.last_day));
  }
}

/// The reply of a method that changes what a member is, or finds it changed.
template <typename Out>
OrProblem<Outcome> member_or_refusal(const Reply& reply, Method method, Out& out) {
  if (auto problem = status_problem(reply, method)) return tl::make_unexpected(*problem);
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    fill(refused->refused, refused->retryable, method, *out.mutable_refusal());
    return Outcome::refused;
  }
  const auto* member = std::get_if<MemberReply>(&reply);
  if (member == nullptr) return unforeseen();
  fill(*member, *out.mutable_member());
  return member->changed_now ? Outcome::done : Outcome::replayed;
}

void fill(const domain::Quoted& quoted, v1::Quotation& out) {
  out.set_points_max(quoted.points_max.count);
  out.set_offset_money_max_minor(quoted.offset_money_max.minor_units);
  out.set_offset_money_minor(quoted.offset_money.minor_units);
  out.set_cash_due_minor(quoted.cash_due.minor_units);
  out.set_eligible_minor(quoted.eligible.minor_units);
  std::int64_t earned = 0;
  for (std::size_t line = 0; line < quoted.awards.size(); ++line) {
    tell(quoted.awards[line], static_cast<std::uint32_t>(line), nullptr, *out.add_awards());
    earned += quoted.awards[line].points.count;
  }
  out.set_points_earned(earned);
  for (const domain::RiskCheck& check : quoted.checks) tell(check, *out.add_risk_checks());
  out.set_declined(quoted.declined);
  tell(quoted.now, *out.mutable_balances());
  out.set_program_version(quoted.program_version);
  out.set_policy_version(quoted.policy_version);
  if (quoted.refused) {
    fill(*quoted.refused, false, Method::quote, *out.mutable_would_be_refused());
  }
}

bool covers(const Credential& credential, const domain::Record& record) {
  return std::visit([&](const auto& event) { return credential.covers(event.origin.venue.text()); },
                    record);
}

}  // namespace

OrProblem<Outcome> translate(const Reply& reply, v1::QuoteReply& out) {
  if (auto problem = status_problem(reply, Method::quote)) return tl::make_unexpected(*problem);
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    fill(refused->refused, refused->retryable, Method::quote, *out.mutable_refusal());
    return Outcome::refused;
  }
  const auto* quote = std::get_if<QuoteReply>(&reply);
  if (quote == nullptr) return unforeseen();
  const auto& refused = quote->quoted.refused;
  if (refused && status_code_of(refused->refusal, Method::quote)) {
    return tl::make_unexpected(problem_of(RefusedReply{.refused = *refused}, Method::quote));
  }
  fill(quote->quoted, *out.mutable_quotation());
  return Outcome::done;
}

OrProblem<Outcome> translate(const Reply& reply, v1::CheckoutReply& out) {
  return receipt_or_refusal(reply, Method::checkout, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::RefundReply& out) {
  return receipt_or_refusal(reply, Method::refund, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::HoldReply& out) {
  return receipt_or_refusal(reply, Method::hold, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::ReleaseReply& out) {
  return receipt_or_refusal(reply, Method::release, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::GrantReply& out) {
  return receipt_or_refusal(reply, Method::grant, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::RevokeGrantReply& out) {
  return receipt_or_refusal(reply, Method::revoke_grant, out);
}

OrProblem<Outcome> translate(const Reply& reply, v1::GetReceiptReply& out) {
  if (auto problem = status_problem(reply, Method::get_receipt)) {
    return tl::make_unexpected(*problem);
  }
  const auto* receipt = std::get_if<ReceiptReply>(&reply);
  if (receipt == nullptr) return unforeseen();
  fill(*receipt, *out.mutable_receipt());
  out.mutable_receipt()->set_replayed(true);
  return Outcome::done;
}

OrProblem<Outcome> translate(const Reply& reply, v1::EnrollReply& out) {
  const auto outcome = member_or_refusal(reply, Method::enroll, out);
  if (outcome == Outcome::done) out.set_enrolled_now(true);
  return outcome;
}

OrProblem<Outcome> translate(const Reply& reply, v1::LinkIdentityReply& out) {
  const auto outcome = member_or_refusal(reply, Method::link_identity, out);
  if (outcome == Outcome::done) out.set_linked_now(true);
  return outcome;
}

OrProblem<Outcome> translate(const Reply& reply, v1::UnlinkIdentityReply& out) {
  const auto outcome = member_or_refusal(reply, Method::unlink_identity, out);
  if (outcome == Outcome::done) out.set_unlinked_now(true);
  return outcome;
}

OrProblem<Outcome> translate(const Reply& reply, v1::GetMemberReply& out) {
  if (auto problem = status_problem(reply, Method::get_member)) {
    return tl::make_unexpected(*problem);
  }
  const auto* member = std::get_if<MemberReply>(&reply);
  if (member == nullptr) return unforeseen();
  fill(*member, *out.mutable_member());
  return Outcome::done;
}

OrProblem<Outcome> translate(const Reply& reply, const Credential& credential,
                             v1::ListHistoryReply& out) {
  if (auto problem = status_problem(reply, Method::list_history)) {
    return tl::make_unexpected(*problem);
  }
  const auto* history = std::get_if<HistoryReply>(&reply);
  if (history == nullptr) return unforeseen();
  for (const domain::Record& record : history->records) {
    if (covers(credential, record)) tell(record, history->shard, *out.add_records());
  }
  if (history->next_before.epoch != 0) {
    out.set_next_page_token(page_token_of(history->next_before));
  }
  return Outcome::done;
}

}  // namespace wutong
