#include "load/replay_jobs.h"

#include <absl/strings/str_cat.h>
#include <google/protobuf/util/json_util.h>

#include <fstream>
#include <string_view>

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

ReplayJobs::ReplayJobs(Parts parts)
    : parts_(std::move(parts)), left_(parts_.file.rows.size()), payments_(parts_.file.rows.size()) {
  // All of them are told, those that stay 0 too.
  for (const char* name : {"purchases",
                           "purchased_minor",
                           "refunds",
                           "refunded_minor",
                           "refused_order_unknown",
                           "refused_more_than_left",
                           "awarded",
                           "awarded_base",
                           "awarded_multiplier",
                           "awarded_fixed",
                           "clawed_back",
                           "clawed_back_base",
                           "clawed_back_multiplier",
                           "clawed_back_fixed",
                           "debt_incurred",
                           "debt_repaid",
                           "capped",
                           "cut",
                           "points_used",
                           "given_back"}) {
    totals_[name] = 0;
  }
  std::vector<std::uint32_t> purchases(parts_.file.members.size());
  for (std::size_t i = 0; i < left_.size(); ++i) {
    const ReplayRow& row = parts_.file.rows[i];
    left_[i] = row.amount_minor;
    if (row.is_return || parts_.points_every == 0) continue;
    payments_[i].with_points = ++purchases[row.member] % parts_.points_every == 0;
  }
}

v1::CheckoutRequest ReplayJobs::checkout_request(std::size_t job) const {
  const ReplayRow& row = parts_.file.rows[job];
  v1::CheckoutRequest request;
  request.mutable_member()->set_id(parts_.file.members[row.member]);
  request.mutable_origin()->set_venue(parts_.venue);
  request.set_order_id(row.id);
  request.set_occurred_at_unix_ms(row.occurred_at_unix_ms);
  request.set_received_at_unix_ms(row.occurred_at_unix_ms);
  request.set_amount_minor(row.amount_minor);
  request.set_currency(parts_.currency);
  request.set_points_to_use(payments_[job].points);
  // The file does not tell what was paid with; all of it but the points earns.
  v1::Tender& tender = *request.add_tenders();
  tender.set_kind("money");
  tender.set_amount_minor(row.amount_minor - payments_[job].money_minor);
  return request;
}

v1::QuoteRequest ReplayJobs::quote_request(const ReplayRow& row) const {
  v1::QuoteRequest request;
  request.mutable_member()->set_id(parts_.file.members[row.member]);
  request.mutable_origin()->set_venue(parts_.venue);
  request.set_occurred_at_unix_ms(row.occurred_at_unix_ms);
  request.set_received_at_unix_ms(row.occurred_at_unix_ms);
  request.set_amount_minor(row.amount_minor);
  request.set_currency(parts_.currency);
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
  return checkout_request(effect);
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
  if (!payments_[job].with_points) {
    check_out(job, std::move(done));
    return;
  }
  parts_.caller.quote(quote_request(row), [this, job, done = std::move(done)](
                                              const Answer<v1::QuoteReply>& answer) mutable {
    quoted(job, answer);
    check_out(job, std::move(done));
  });
}

void ReplayJobs::quoted(std::size_t job, const Answer<v1::QuoteReply>& answer) {
  if (!answer.status.ok() || !answer.reply.has_quotation()) {
    wrong(job, absl::StrCat("no quotation but ", text_of(answer)));
    return;
  }
  payments_[job].points = answer.reply.quotation().points_max();
  payments_[job].money_minor = answer.reply.quotation().offset_money_max_minor();
}

void ReplayJobs::check_out(std::size_t job, std::function<void()> done) {
  parts_.caller.checkout(checkout_request(job), [this, job, done = std::move(done)](
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
  refused_[job] = refusal.code();
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
  totals_["debt_repaid"] += receipt.record().debt_repaid();
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
  totals_["points_used"] += record.points_used();
  std::int64_t cut = 0;
  for (const v1::AwardLine& line : record.awards()) {
    totals_[name_of_kind("awarded", line.kind())] += line.points();
    cut += line.cut();
  }
  totals_["cut"] += cut;
  if (cut > 0) ++totals_["capped"];
}

/// What was clawed back of each line shows in the movements; what is owed instead shows in none.
void ReplayJobs::add(const v1::ReceiptRecord& record, const ReplayRow& row) {
  ++totals_["refunds"];
  totals_["refunded_minor"] += record.refund().amount_minor();
  totals_["clawed_back"] += record.refund().clawed_back();
  totals_["given_back"] += record.refund().given_back();
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

tl::expected<void, std::string> ReplayJobs::write_answers(const std::string& path) const {
  constexpr std::string_view prefix = "REFUSAL_CODE_";
  std::ofstream out(path, std::ios::trunc);
  for (std::size_t row = 0; row < parts_.file.rows.size(); ++row) {
    if (parts_.acknowledged.has(row)) {
      v1::ReceiptRecord record;
      record.ParseFromString(parts_.acknowledged.record(row));
      std::string text;
      if (!google::protobuf::util::MessageToJsonString(record, &text).ok()) text = "null";
      out << R"({"record":)" << text << "}\n";
    } else if (const auto refused = refused_.find(row); refused != refused_.end()) {
      out << R"({"refused":")" << v1::RefusalCode_Name(refused->second).substr(prefix.size())
          << "\"}\n";
    } else {
      out << "{}\n";
    }
  }
  out.flush();
  if (!out) return tl::unexpected(absl::StrCat("cannot write ", path));
  return {};
}

void ReplayJobs::wrong(std::size_t job, const std::string& text) {
  const ReplayRow& row = parts_.file.rows[job];
  parts_.findings.add(Finding::wrong_answer, absl::StrCat(row.is_return ? "return " : "purchase ",
                                                          row.id, " gives ", text));
}

}  // namespace wutong::load
