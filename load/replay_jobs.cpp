#include "load/replay_jobs.h"

#include <absl/strings/str_cat.h>

namespace wutong::load {
namespace {

/// What `kind` of rule a sum is of.
std::string name_of_kind(const char* what, v1::RuleKind kind) {
  switch (kind) {
    case v1::RULE_KIND_BASE:
      return absl::StrCat(what, "_base");
    case v1::RULE_KIND_MULTIPLIER:
      return absl::StrCat(what, "_multiplier");
    case v1::RULE_KIND_FIXED:
      return absl::StrCat(what, "_fixed");
    default:
      return absl::StrCat(what, "_unknown");
  }
}

}  // namespace

ReplayJobs::ReplayJobs(Parts parts) : parts_(std::move(parts)), left_(parts_.file.rows.size()) {
  // All of them are told, those that stay 0 too.
  for (const char* name :
       {"purchases", "purchased_minor", "refunds", "refunded_minor", "refused_order_unknown",
        "refused_more_than_left", "awarded", "awarded_base", "awarded_multiplier", "awarded_fixed",
        "clawed_back", "clawed_back_base", "clawed_back_multiplier", "clawed_back_fixed",
        "debt_incurred"}) {
    totals_[name] = 0;
  }
  for (std::size_t row = 0; row < left_.size(); ++row) {
    left_[row] = parts_.file.rows[row].amount_minor;
  }
}

v1::CheckoutRequest ReplayJobs::checkout_request(const ReplayRow& row) const {
  v1::CheckoutRequest request;
  request.mutable_member()->set_id(parts_.file.members[row.member]);
  request.mutable_origin()->set_venue(parts_.venue);
  request.set_order_id(row.id);
  request.set_occurred_at_unix_ms(row.occurred_at_unix_ms);
  request.set_received_at_unix_ms(row.occurred_at_unix_ms);
  request.set_amount_minor(row.amount_minor);
  request.set_currency(parts_.currency);
  // The file does not tell what was paid with; all of it earns.
  v1::Tender& tender = *request.add_tenders();
  tender.set_kind("money");
  tender.set_amount_minor(row.amount_minor);
  return request;
}

v1::RefundRequest ReplayJobs::refund_request(const ReplayRow& row) const {
  v1::RefundRequest request;
  request.mutable_member()->set_id(parts_.file.members[row.member]);
  request.mutable_origin()->set_venue(parts_.venue);
  request.set_refund_id(row.id);
  request.mutable_order()->set_venue(parts_.venue);
  request.mutable_order()->set_order_id(row.original_id.empty() ? absl::StrCat("order-of-", row.id)
                                                                : row.original_id);
  request.mutable_amount()->set_amount_minor(row.amount_minor);
  request.set_occurred_at_unix_ms(row.occurred_at_unix_ms);
  request.set_received_at_unix_ms(row.occurred_at_unix_ms);
  return request;
}

std::variant<v1::CheckoutRequest, v1::RefundRequest> ReplayJobs::request(std::size_t effect) const {
  const ReplayRow& row = parts_.file.rows[effect];
  if (row.is_return) return refund_request(row);
  return checkout_request(row);
}

v1::GetReceiptRequest ReplayJobs::receipt_of(std::size_t effect) const {
  const ReplayRow& row = parts_.file.rows[effect];
  v1::GetReceiptRequest request;
  request.mutable_member()->set_id(parts_.file.members[row.member]);
  if (!row.is_return) {
    request.mutable_order()->set_venue(parts_.venue);
    request.mutable_order()->set_order_id(row.id);
    return request;
  }
  const v1::RefundRequest refund = refund_request(row);
  request.mutable_refund()->set_venue(parts_.venue);
  request.mutable_refund()->set_refund_id(row.id);
  *request.mutable_refund()->mutable_order() = refund.order();
  return request;
}

void ReplayJobs::start(std::size_t job, std::function<void()> done) {
  const ReplayRow& row = parts_.file.rows[job];
  if (row.is_return) {
    parts_.caller.refund(refund_request(row), [this, job, done = std::move(done)](
                                                  const Answer<v1::RefundReply>& answer) {
      refunded(job, answer);
      done();
    });
    return;
  }
  parts_.caller.checkout(checkout_request(row), [this, job, done = std::move(done)](
                                                    const Answer<v1::CheckoutReply>& answer) {
    checked_out(job, answer);
    done();
  });
}

void ReplayJobs::checked_out(std::size_t job, const Answer<v1::CheckoutReply>& answer) {
  if (answer.unknown) {
    ++given_up_;
    parts_.acknowledged.doubt(job);
  } else if (!answer.status.ok() || !answer.reply.has_receipt()) {
    wrong(job, text_of(answer));
  } else {
    receive(job, answer.reply.receipt());
  }
}

void ReplayJobs::refunded(std::size_t job, const Answer<v1::RefundReply>& answer) {
  const ReplayRow& row = parts_.file.rows[job];
  if (answer.unknown) {
    ++given_up_;
    parts_.acknowledged.doubt(job);
  } else if (!answer.status.ok()) {
    wrong(job, text_of(answer));
  } else if (answer.reply.has_refusal()) {
    refund_refused(job, answer.reply.refusal());
  } else if (!row.original_row || row.amount_minor > left_[*row.original_row]) {
    wrong(job, "a receipt, where nothing is left to refund");
  } else {
    left_[*row.original_row] -= row.amount_minor;
    receive(job, answer.reply.receipt());
  }
}

void ReplayJobs::refund_refused(std::size_t job, const v1::Refusal& refusal) {
  const ReplayRow& row = parts_.file.rows[job];
  if (!row.original_row && refusal.code() == v1::REFUSAL_CODE_ORDER_UNKNOWN) {
    ++totals_["refused_order_unknown"];
  } else if (row.original_row && row.amount_minor > left_[*row.original_row] &&
             refusal.code() == v1::REFUSAL_CODE_MORE_THAN_LEFT) {
    ++totals_["refused_more_than_left"];
  } else {
    wrong(job, text_of(refusal));
  }
}

void ReplayJobs::receive(std::size_t job, const v1::Receipt& receipt) {
  switch (parts_.acknowledged.keep(job, receipt.record(), receipt_of(job))) {
    case Acknowledged::Verdict::different:
      parts_.findings.add(Finding::doubled, absl::StrCat(parts_.file.rows[job].id,
                                                         " was acknowledged with two records"));
      return;
    case Acknowledged::Verdict::same:
      return;
    case Acknowledged::Verdict::first:
      break;
  }
  totals_["debt_incurred"] += receipt.record().debt_incurred();
  if (parts_.file.rows[job].is_return) {
    add(receipt.record(), parts_.file.rows[job]);
  } else {
    add(receipt.record().checkout());
  }
}

void ReplayJobs::add(const v1::CheckoutRecord& record) {
  ++totals_["purchases"];
  totals_["purchased_minor"] += record.amount_minor();
  totals_["awarded"] += record.points_earned();
  for (const v1::AwardLine& line : record.awards()) {
    totals_[name_of_kind("awarded", line.kind())] += line.points();
  }
}

/// What was clawed back of each line shows in the movements; what is owed instead shows in none.
void ReplayJobs::add(const v1::ReceiptRecord& record, const ReplayRow& row) {
  ++totals_["refunds"];
  totals_["refunded_minor"] += record.refund().amount_minor();
  totals_["clawed_back"] += record.refund().clawed_back();
  v1::ReceiptRecord original;
  if (row.original_row) original.ParseFromString(parts_.acknowledged.record(*row.original_row));
  const auto& awards = original.checkout().awards();
  for (const v1::LotMovement& movement : record.movements()) {
    if (movement.reason() != v1::MOVEMENT_REASON_CLAW_BACK) continue;
    const auto line = static_cast<int>(movement.line());
    const v1::RuleKind kind =
        line < awards.size() ? awards[line].kind() : v1::RULE_KIND_UNSPECIFIED;
    totals_[name_of_kind("clawed_back", kind)] += movement.points();
  }
}

void ReplayJobs::wrong(std::size_t job, const std::string& text) {
  const ReplayRow& row = parts_.file.rows[job];
  parts_.findings.add(Finding::wrong_answer, absl::StrCat(row.is_return ? "return " : "purchase ",
                                                          row.id, " gives ", text));
}

}  // namespace wutong::load
