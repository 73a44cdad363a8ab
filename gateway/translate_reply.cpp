#include "gateway/translate_reply.h"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/page_token.h"
#include "gateway/receipt_parts.h"
#include "gateway/refusals.h"
#include "gateway/shape.h"
#include "gateway/text.h"
#include "gateway/translate_record.h"
#include "wutong/v1/points.pb.h"

namespace wutong {
namespace {

/// Of a message with more than 127 bytes, as those are that hold others.
constexpr std::size_t long_message = 2;

/// In the replies of all methods that answer a receipt or a refusal, or a member or a refusal.
constexpr int receipt_field = v1::CheckoutReply::kReceiptFieldNumber;
constexpr int member_field = v1::EnrollReply::kMemberFieldNumber;
constexpr int refusal_field = v1::CheckoutReply::kRefusalFieldNumber;
/// In those of the second kind: that it was this call that changed the member.
constexpr int changed_now_field = v1::EnrollReply::kEnrolledNowFieldNumber;

template <typename Told>
constexpr bool tells_receipt =
    Told::kReceiptFieldNumber == receipt_field&& Told::kRefusalFieldNumber == refusal_field;
static_assert(tells_receipt<v1::RefundReply> && tells_receipt<v1::HoldReply> &&
              tells_receipt<v1::ReleaseReply> && tells_receipt<v1::GrantReply> &&
              tells_receipt<v1::RevokeGrantReply> &&
              v1::GetReceiptReply::kReceiptFieldNumber == receipt_field);

template <typename Told>
constexpr bool tells_member =
    Told::kMemberFieldNumber == member_field&& Told::kRefusalFieldNumber == refusal_field;
static_assert(tells_member<v1::EnrollReply> && tells_member<v1::LinkIdentityReply> &&
              tells_member<v1::UnlinkIdentityReply> &&
              v1::LinkIdentityReply::kLinkedNowFieldNumber == changed_now_field &&
              v1::UnlinkIdentityReply::kUnlinkedNowFieldNumber == changed_now_field &&
              v1::GetMemberReply::kMemberFieldNumber == member_field &&
              v1::QuoteReply::kRefusalFieldNumber == refusal_field);

tl::unexpected<Problem> unforeseen() {
  return tl::make_unexpected(
      Problem{.code = Code::internal, .text = "the gateway gave an answer of the wrong kind"});
}

void write_refusal(WireWriter& out, const domain::Refused& refused, bool retryable, Method method) {
  using Told = v1::Refusal;
  const std::string_view path = path_of(refused.field, method);
  const std::string text =
      concat({path.empty() ? "the request" : path, " ", complaint_of(refused.refusal)});
  auto to = out.fields(Told::kTextFieldNumber, path.size() + text.size());
  to.number<Told::kCodeFieldNumber>(refused.refusal);
  to.bytes<Told::kFieldFieldNumber>(path);
  to.number<Told::kRetryableFieldNumber>(retryable);
  to.bytes<Told::kTextFieldNumber>(text);
  out.end(to);
}

/// A failure or a refusal that is a status; nothing if `reply` is to be told inside.
std::optional<Problem> status_problem(const Reply& reply, Method method) {
  if (const auto* failed = std::get_if<FailedReply>(&reply)) return problem_of(*failed, method);
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    if (status_code_of(refused->refused.refusal, method)) return problem_of(*refused, method);
  }
  return std::nullopt;
}

Outcome write_refused(WireWriter& out, const RefusedReply& reply, Method method) {
  out.message<refusal_field>([&] { write_refusal(out, reply.refused, reply.retryable, method); });
  return Outcome::refused;
}

void write_receipt(WireWriter& out, const ReceiptReply& reply, bool replayed) {
  using Told = v1::Receipt;
  out.message<Told::kRecordFieldNumber>([&] { write_record(out, reply.record, reply.shard); },
                                        long_message);
  out.message<Told::kStandingFieldNumber>([&] { write_standing(out, reply.standing); });
  auto to = out.fields(1);
  to.number<Told::kReplayedFieldNumber>(replayed);
  out.end(to);
}

Outcome write_own_receipt(WireWriter& out, const ReceiptReply& reply) {
  out.message<receipt_field>([&] { write_receipt(out, reply, reply.replayed); }, long_message);
  if (reply.replayed) return Outcome::replayed;
  const bool declined = std::holds_alternative<domain::Declined>(reply.record);
  return declined ? Outcome::declined : Outcome::done;
}

/// The reply of a method that answers a receipt or a refusal.
OrProblem<Outcome> write_receipt_or_refusal(WireWriter& out, const Reply& reply, Method method) {
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    return write_refused(out, *refused, method);
  }
  const auto* receipt = std::get_if<ReceiptReply>(&reply);
  if (receipt != nullptr) return write_own_receipt(out, *receipt);
  const auto* written = std::get_if<WrittenReply>(&reply);
  if (written == nullptr) return unforeseen();
  out.append(written->bytes);
  return static_cast<Outcome>(written->outcome);
}

OrProblem<Outcome> write_known_receipt(WireWriter& out, const Reply& reply) {
  const auto* receipt = std::get_if<ReceiptReply>(&reply);
  if (receipt == nullptr) return unforeseen();
  out.message<receipt_field>([&] { write_receipt(out, *receipt, true); }, long_message);
  return Outcome::done;
}

v1::MemberStatus told(domain::MemberStatus status) {
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

void write_lot(WireWriter& out, const domain::Lot& lot) {
  using Told = v1::Lot;
  const auto expires_on = shape::text_of(lot.expires_on);
  const auto party = lot.party.text();
  auto to = out.fields(Told::kHeldFieldNumber, expires_on.size() + party.size());
  to.number<Told::kSerialFieldNumber>(lot.serial);
  to.number<Told::kPointsFieldNumber>(lot.points.count);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  to.number<Told::kAvailableFromUnixMsFieldNumber>(lot.available_from.unix_ms);
  to.bytes<Told::kPartyFieldNumber>(party);
  to.number<Told::kPriceThousandthsFieldNumber>(lot.price.thousandths);
  to.number<Told::kHeldFieldNumber>(lot.held.count);
  out.end(to);
}

void write_debt(WireWriter& out, const domain::Debt& debt) {
  using Told = v1::Debt;
  const auto party = debt.party.text();
  auto to = out.fields(Told::kPartyFieldNumber, party.size());
  to.number<Told::kPointsFieldNumber>(debt.points.count);
  to.number<Told::kOrderOccurredAtUnixMsFieldNumber>(debt.order_occurred_at.unix_ms);
  to.number<Told::kAwardLineFieldNumber>(debt.line);
  to.bytes<Told::kPartyFieldNumber>(party);
  out.end(to);
}

void write_member(WireWriter& out, const MemberReply& reply) {
  using Told = v1::Member;
  const domain::Member& member = reply.member;
  auto to = out.fields(2, member.id.size());
  to.bytes<Told::kIdFieldNumber>(member.id);
  to.number<Told::kStatusFieldNumber>(told(member.status));
  out.end(to);
  out.message<Told::kBalancesFieldNumber>([&] { write_balances(out, reply.now); });
  for (const domain::Lot& lot : member.lots) {
    if (lot.points.count == 0) continue;
    out.message<Told::kLotsFieldNumber>([&] { write_lot(out, lot); });
  }
  for (const domain::Debt& debt : member.debts) {
    out.message<Told::kDebtsFieldNumber>([&] { write_debt(out, debt); });
  }
  const bool expiring = reply.expiring.points > domain::Points{};
  const auto expires_on = expiring ? shape::text_of(reply.expiring.last_day) : std::string();
  to = out.fields(3, expires_on.size());
  to.number<Told::kLastEventAtUnixMsFieldNumber>(member.last_event_at.unix_ms);
  to.number<Told::kExpiringFieldNumber>(reply.expiring.points.count);
  to.bytes<Told::kExpiresOnFieldNumber>(expires_on);
  out.end(to);
  for (const domain::LinkedIdentity& linked : member.identities) {
    out.message<Told::kIdentitiesFieldNumber>([&] {
      auto identity = out.fields(v1::LinkedIdentity::kLinkedAtUnixMsFieldNumber);
      identity.number<v1::LinkedIdentity::kKindFieldNumber>(linked.kind);
      identity.number<v1::LinkedIdentity::kLinkedAtUnixMsFieldNumber>(linked.linked_at.unix_ms);
      out.end(identity);
    });
  }
}

/// The reply of a method that changes what a member is, or finds it changed.
OrProblem<Outcome> write_member_or_refusal(WireWriter& out, const Reply& reply, Method method) {
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    return write_refused(out, *refused, method);
  }
  const auto* member = std::get_if<MemberReply>(&reply);
  if (member == nullptr) return unforeseen();
  out.message<member_field>([&] { write_member(out, *member); }, long_message);
  auto to = out.fields(1);
  to.number<changed_now_field>(member->changed_now);
  out.end(to);
  return member->changed_now ? Outcome::done : Outcome::replayed;
}

OrProblem<Outcome> write_known_member(WireWriter& out, const Reply& reply) {
  const auto* member = std::get_if<MemberReply>(&reply);
  if (member == nullptr) return unforeseen();
  out.message<member_field>([&] { write_member(out, *member); }, long_message);
  return Outcome::done;
}

void write_quotation(WireWriter& out, const domain::Quoted& quoted) {
  using Told = v1::Quotation;
  auto to = out.fields(5);
  to.number<Told::kPointsMaxFieldNumber>(quoted.points_max.count);
  to.number<Told::kOffsetMoneyMaxMinorFieldNumber>(quoted.offset_money_max.minor_units);
  to.number<Told::kOffsetMoneyMinorFieldNumber>(quoted.offset_money.minor_units);
  to.number<Told::kCashDueMinorFieldNumber>(quoted.cash_due.minor_units);
  to.number<Told::kEligibleMinorFieldNumber>(quoted.eligible.minor_units);
  out.end(to);
  std::int64_t earned = 0;
  std::uint32_t line = 0;
  for (const domain::AwardLine& award : quoted.awards) {
    out.message<Told::kAwardsFieldNumber>([&] { write_award(out, award, line, nullptr); });
    earned += award.points.count;
    ++line;
  }
  to = out.fields(1);
  to.number<Told::kPointsEarnedFieldNumber>(earned);
  out.end(to);
  for (const domain::RiskCheck& check : quoted.checks) {
    out.message<Told::kRiskChecksFieldNumber>([&] { write_check(out, check); });
  }
  out.message<Told::kBalancesFieldNumber>([&] { write_balances(out, quoted.now); });
  to = out.fields(2);
  to.number<Told::kProgramVersionFieldNumber>(quoted.program_version);
  to.number<Told::kPolicyVersionFieldNumber>(quoted.policy_version);
  out.end(to);
  if (quoted.refused) {
    out.message<Told::kWouldBeRefusedFieldNumber>(
        [&] { write_refusal(out, *quoted.refused, false, Method::quote); });
  }
  to = out.fields(1);
  to.number<Told::kDeclinedFieldNumber>(quoted.declined);
  out.end(to);
}

OrProblem<Outcome> write_quote(WireWriter& out, const Reply& reply) {
  if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
    return write_refused(out, *refused, Method::quote);
  }
  const auto* quote = std::get_if<QuoteReply>(&reply);
  if (quote == nullptr) return unforeseen();
  const auto& refused = quote->quoted.refused;
  if (refused && status_code_of(refused->refusal, Method::quote)) {
    return tl::make_unexpected(problem_of(RefusedReply{.refused = *refused}, Method::quote));
  }
  out.message<v1::QuoteReply::kQuotationFieldNumber>([&] { write_quotation(out, quote->quoted); },
                                                     long_message);
  return Outcome::done;
}

bool covers(const Credential& credential, const domain::Record& record) {
  return std::visit([&](const auto& event) { return credential.covers(event.origin.venue.text()); },
                    record);
}

OrProblem<Outcome> write_history(WireWriter& out, const Reply& reply, const Credential* reader) {
  using Told = v1::ListHistoryReply;
  const auto* history = std::get_if<HistoryReply>(&reply);
  if (history == nullptr || reader == nullptr) return unforeseen();
  for (const domain::Record& record : history->records) {
    if (!covers(*reader, record)) continue;
    out.message<Told::kRecordsFieldNumber>([&] { write_record(out, record, history->shard); },
                                           long_message);
  }
  if (history->next_before.epoch != 0) {
    const auto token = page_token_of(history->next_before);
    auto to = out.fields(1, token.size());
    to.bytes<Told::kNextPageTokenFieldNumber>(token);
    out.end(to);
  }
  return Outcome::done;
}

}  // namespace

WrittenReply write_ahead(const ReceiptReply& receipt) {
  WireWriter out;
  const auto outcome = write_own_receipt(out, receipt);
  return {.bytes = std::string(out.all()), .outcome = static_cast<std::uint8_t>(outcome)};
}

OrProblem<Outcome> write_reply(WireWriter& out, const Reply& reply, Method method,
                               const Credential* reader) {
  if (auto problem = status_problem(reply, method)) return tl::make_unexpected(*std::move(problem));
  switch (method) {
    case Method::checkout:
    case Method::refund:
    case Method::hold:
    case Method::release:
    case Method::grant:
    case Method::revoke_grant:
      return write_receipt_or_refusal(out, reply, method);
    case Method::get_receipt:
      return write_known_receipt(out, reply);
    case Method::enroll:
    case Method::link_identity:
    case Method::unlink_identity:
      return write_member_or_refusal(out, reply, method);
    case Method::get_member:
      return write_known_member(out, reply);
    case Method::quote:
      return write_quote(out, reply);
    case Method::list_history:
      return write_history(out, reply, reader);
  }
  return unforeseen();
}

}  // namespace wutong
