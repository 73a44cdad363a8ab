#include "gateway/ctl/print.h"

#include <absl/strings/ascii.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <vector>

#include "gateway/ctl/values.h"

namespace wutong::ctl {
namespace {

/// Rows of cells; columns as wide as their widest cell, two spaces apart.
class Rows {
 public:
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  [[nodiscard]] std::string text(std::string_view indent = "") const {
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
      widths.resize(std::max(widths.size(), row.size()));
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line(indent);
      for (std::size_t i = 0; i < row.size(); ++i) {
        line += row[i];
        if (i + 1 < row.size()) line.append(widths[i] - row[i].size() + 2, ' ');
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<std::vector<std::string>> rows_;
};

std::string points(std::int64_t count) { return std::to_string(count); }

std::string kind_of(v1::RuleKind kind) {
  switch (kind) {
    case v1::RULE_KIND_BASE:
      return "base";
    case v1::RULE_KIND_MULTIPLIER:
      return "multiplier";
    case v1::RULE_KIND_FIXED:
      return "fixed";
    default:
      return "?";
  }
}

std::string reason_of(v1::MovementReason reason) {
  switch (reason) {
    case v1::MOVEMENT_REASON_EARN:
      return "earn";
    case v1::MOVEMENT_REASON_USE:
      return "use";
    case v1::MOVEMENT_REASON_GIVE_BACK:
      return "give back";
    case v1::MOVEMENT_REASON_CLAW_BACK:
      return "claw back";
    case v1::MOVEMENT_REASON_REPAY_DEBT:
      return "repay debt";
    case v1::MOVEMENT_REASON_EXPIRE:
      return "expire";
    case v1::MOVEMENT_REASON_GRANT:
      return "grant";
    case v1::MOVEMENT_REASON_REVOKE:
      return "revoke";
    default:
      return "?";
  }
}

std::string text_of(const v1::Balances& balances) {
  std::string text = points(balances.available()) + " available";
  if (balances.held() != 0) text += ", " + points(balances.held()) + " held";
  if (balances.pending() != 0) text += ", " + points(balances.pending()) + " pending";
  if (balances.debt() != 0) text += ", " + points(balances.debt()) + " owed";
  return text;
}

std::string text_of(const v1::Position& position) {
  return "shard " + std::to_string(position.shard()) + ", " + std::to_string(position.epoch()) +
         "-" + std::to_string(position.sequence());
}

template <typename Awards>
std::string awards_text(const Awards& awards) {
  Rows rows;
  for (const v1::AwardLine& award : awards) {
    std::string note;
    if (award.cut() != 0) note += "cut by " + points(award.cut()) + " ";
    if (!award.expires_on().empty()) note += "until " + award.expires_on();
    rows.add({"+" + points(award.points()), kind_of(award.kind()),
              award.promotion().empty() ? "-" : award.promotion(), "from " + award.party(), note});
  }
  return rows.text("  ");
}

template <typename Checks>
std::string checks_text(const Checks& checks) {
  Rows rows;
  for (const v1::RiskCheck& check : checks) {
    const bool shadow = check.mode() == v1::LIMIT_MODE_SHADOW;
    const bool declines = check.exceeded() && check.effect() == v1::LIMIT_EFFECT_DECLINE;
    rows.add({"  limit " + check.limit(),
              points(check.value_before()) + " + " + points(check.value_asked()) + " of " +
                  points(check.bound()),
              check.exceeded() ? "exceeded" : "within",
              shadow     ? "shadow"
              : declines ? "declines"
                         : ""});
  }
  return rows.text();
}

std::string place_of(const std::string& id, const v1::Origin& origin) {
  return id + " at " + origin.venue();
}

std::string table_of(const v1::CheckoutRecord& checkout, bool declined) {
  const auto money = [&](std::int64_t minor) { return text_of_minor(minor, checkout.currency()); };
  Rows rows;
  rows.add({"order", place_of(checkout.order_id(), checkout.origin())});
  rows.add({"paid at",
            text_of_unix_ms(checkout.occurred_at_unix_ms()) + (checkout.late() ? " (late)" : "")});
  const std::string amount = money(checkout.amount_minor()) + " " + checkout.currency();
  if (!checkout.hold_id().empty()) rows.add({"hold", checkout.hold_id()});
  if (declined) {
    rows.add({"amount", amount});
    return rows.text();
  }
  rows.add({"amount", amount + ", " + money(checkout.eligible_minor()) + " counted"});
  if (checkout.points_used() != 0) {
    rows.add({"used", points(checkout.points_used()) +
                          " points = " + money(checkout.offset_money_minor())});
  }
  rows.add({"to pay", money(checkout.cash_due_minor())});
  rows.add({"earned", points(checkout.points_earned()) + " points"});
  return rows.text() + awards_text(checkout.awards());
}

std::string table_of(const v1::RefundRecord& refund, std::string_view currency, bool declined) {
  const auto money = [&](std::int64_t minor) { return text_of_minor(minor, currency); };
  Rows rows;
  rows.add({"refund", place_of(refund.refund_id(), refund.origin())});
  rows.add({"of order", refund.order().order_id() + " at " + refund.order().venue()});
  if (declined) {
    if (refund.amount_minor() != 0) rows.add({"amount", money(refund.amount_minor())});
    return rows.text();
  }
  rows.add({"amount", money(refund.amount_minor()) + ", " + money(refund.total_amount_minor()) +
                          " of the order so far"});
  rows.add({"cash back", money(refund.cash_back_minor())});
  rows.add({"given back", points(refund.given_back()) + " points"});
  rows.add({"clawed back", points(refund.clawed_back()) + " points"});
  return rows.text();
}

std::string table_of(const v1::HoldRecord& hold) {
  Rows rows;
  rows.add({"hold", place_of(hold.hold_id(), hold.origin())});
  rows.add({"asked at", text_of_unix_ms(hold.occurred_at_unix_ms())});
  rows.add({"set aside",
            points(hold.points()) + " points until " + text_of_unix_ms(hold.lapses_at_unix_ms())});
  return rows.text();
}

std::string table_of(const v1::ReleaseRecord& release) {
  Rows rows;
  rows.add({"release of", place_of(release.hold_id(), release.origin())});
  rows.add({"released at", text_of_unix_ms(release.occurred_at_unix_ms())});
  rows.add({"set free", points(release.points()) + " points"});
  return rows.text();
}

std::string table_of(const v1::GrantRecord& grant) {
  Rows rows;
  rows.add({"grant", place_of(grant.grant_id(), grant.origin())});
  rows.add({"given at", text_of_unix_ms(grant.occurred_at_unix_ms())});
  rows.add({"given", points(grant.points()) + " points of " + grant.party() + " until " +
                         grant.expires_on()});
  rows.add({"reason", grant.reason()});
  return rows.text();
}

std::string table_of(const v1::RevocationRecord& revocation) {
  Rows rows;
  rows.add({"revocation", place_of(revocation.revocation_id(), revocation.origin())});
  rows.add({"of grant", revocation.grant_id()});
  rows.add({"revoked at", text_of_unix_ms(revocation.occurred_at_unix_ms())});
  rows.add({"taken back", points(revocation.points()) + " points"});
  rows.add({"reason", revocation.reason()});
  return rows.text();
}

std::string postings_text(const v1::ReceiptRecord& record) {
  Rows rows;
  for (const v1::Posting& posting : record.postings()) {
    // Thousandths of a minor unit, so the amount is exact and no currency is needed.
    rows.add({"  " + posting.from() + " owes " + posting.to(),
              std::to_string(posting.amount_thousandths()) + "/1000", reason_of(posting.reason())});
  }
  return rows.text();
}

constexpr const char* currency_unknown = "";

std::string what_text(const v1::ReceiptRecord& record, std::string_view currency) {
  const bool declined = record.outcome() == v1::OUTCOME_DECLINED;
  switch (record.what_case()) {
    case v1::ReceiptRecord::kCheckout:
      return table_of(record.checkout(), declined);
    case v1::ReceiptRecord::kRefund:
      return table_of(record.refund(), currency, declined);
    case v1::ReceiptRecord::kHold:
      return table_of(record.hold());
    case v1::ReceiptRecord::kRelease:
      return table_of(record.release());
    case v1::ReceiptRecord::kGrant:
      return table_of(record.grant());
    case v1::ReceiptRecord::kRevocation:
      return table_of(record.revocation());
    case v1::ReceiptRecord::WHAT_NOT_SET:
      break;
  }
  return {};
}

/// Cells of a line of the history: when, what, where, its id, the amount, points in and out.
std::vector<std::string> cells_of(const v1::ReceiptRecord& record, const std::string& currency) {
  const auto cells = [](std::int64_t at, const char* what, const v1::Origin& origin,
                        const std::string& id, std::string amount, std::int64_t in,
                        std::int64_t out) {
    return std::vector<std::string>{
        text_of_unix_ms(at), what, origin.venue(), id, std::move(amount), "+" + points(in),
        "-" + points(out)};
  };
  switch (record.what_case()) {
    case v1::ReceiptRecord::kCheckout: {
      const auto& checkout = record.checkout();
      return cells(checkout.occurred_at_unix_ms(), "checkout", checkout.origin(),
                   checkout.order_id(), text_of_minor(checkout.amount_minor(), checkout.currency()),
                   checkout.points_earned(), checkout.points_used());
    }
    case v1::ReceiptRecord::kRefund: {
      const auto& refund = record.refund();
      return cells(refund.occurred_at_unix_ms(), "refund", refund.origin(), refund.refund_id(),
                   text_of_minor(refund.amount_minor(), currency), refund.given_back(),
                   refund.clawed_back());
    }
    case v1::ReceiptRecord::kHold: {
      const auto& hold = record.hold();
      return cells(hold.occurred_at_unix_ms(), "hold", hold.origin(), hold.hold_id(), "", 0,
                   hold.points());
    }
    case v1::ReceiptRecord::kRelease: {
      const auto& release = record.release();
      return cells(release.occurred_at_unix_ms(), "release", release.origin(), release.hold_id(),
                   "", release.points(), 0);
    }
    case v1::ReceiptRecord::kGrant: {
      const auto& grant = record.grant();
      return cells(grant.occurred_at_unix_ms(), "grant", grant.origin(), grant.grant_id(), "",
                   grant.points(), 0);
    }
    case v1::ReceiptRecord::kRevocation: {
      const auto& revocation = record.revocation();
      return cells(revocation.occurred_at_unix_ms(), "revocation", revocation.origin(),
                   revocation.revocation_id(), "", 0, revocation.points());
    }
    case v1::ReceiptRecord::WHAT_NOT_SET:
      break;
  }
  return {};
}

}  // namespace

std::string table_of(const v1::Receipt& receipt) {
  const v1::ReceiptRecord& record = receipt.record();
  const std::string currency =
      record.has_checkout() ? record.checkout().currency() : currency_unknown;
  const bool declined = record.outcome() == v1::OUTCOME_DECLINED;
  std::string text = what_text(record, currency);
  Rows rows;
  if (declined) rows.add({"declined", "a limit of the risk policy says no; nothing is done"});
  if (record.expired() != 0) rows.add({"expired", points(record.expired())});
  if (record.debt_incurred() != 0) rows.add({"debt", points(record.debt_incurred()) + " more"});
  if (record.booked_loss() != 0) rows.add({"loss", points(record.booked_loss()) + " booked"});
  if (record.debt_repaid() != 0) rows.add({"repaid", points(record.debt_repaid())});
  rows.add({"after it", text_of(record.balances_after())});
  rows.add({"position", text_of(record.position()) + ", program " +
                            std::to_string(record.program_version()) + ", policy " +
                            std::to_string(record.policy_version())});
  text += rows.text() + checks_text(record.risk_checks()) + postings_text(record);
  Rows now;
  const v1::Standing& standing = receipt.standing();
  now.add({"now", text_of(standing.balances())});
  if (standing.expiring() != 0) {
    now.add({"expiring", points(standing.expiring()) + " after " + standing.expires_on()});
  }
  if (record.has_checkout() || record.has_refund()) {
    now.add({"refundable", text_of_minor(standing.refundable_minor(), currency)});
  }
  if (receipt.replayed()) now.add({"replayed", "this was known; nothing happened now"});
  return text + now.text();
}

std::string table_of(const v1::Quotation& quotation, std::string_view currency) {
  const auto money = [&](std::int64_t minor) { return text_of_minor(minor, currency); };
  Rows rows;
  rows.add({"at most", points(quotation.points_max()) +
                           " points = " + money(quotation.offset_money_max_minor())});
  rows.add({"to pay", money(quotation.cash_due_minor())});
  rows.add({"earns",
            points(quotation.points_earned()) + " points on " + money(quotation.eligible_minor())});
  std::string text = rows.text() + awards_text(quotation.awards()) +
                     checks_text(quotation.risk_checks()) + "now  " +
                     text_of(quotation.balances()) + "\n";
  if (quotation.declined()) text += "declined: a limit of the risk policy would say no\n";
  if (quotation.has_would_be_refused()) text += table_of(quotation.would_be_refused());
  return text;
}

std::string table_of(const v1::Member& member) {
  constexpr std::size_t kind_prefix = std::string_view("IDENTITY_KIND_").size();
  std::string text = "member  " + member.id() + "\npoints  " + text_of(member.balances()) + "\n";
  if (member.expiring() != 0) {
    text += "expiring  " + points(member.expiring()) + " after " + member.expires_on() + "\n";
  }
  Rows rows;
  for (const v1::LinkedIdentity& linked : member.identities()) {
    rows.add(
        {"  " + absl::AsciiStrToLower(v1::IdentityKind_Name(linked.kind()).substr(kind_prefix)),
         "since " + text_of_unix_ms(linked.linked_at_unix_ms())});
  }
  for (const v1::Lot& lot : member.lots()) {
    rows.add({"  lot " + std::to_string(lot.serial()), points(lot.points()), lot.party(),
              "until " + lot.expires_on(),
              lot.held() == 0 ? std::string() : points(lot.held()) + " held"});
  }
  for (const v1::Debt& debt : member.debts()) {
    rows.add({"  debt", points(debt.points()), debt.party(),
              "order of " + text_of_unix_ms(debt.order_occurred_at_unix_ms())});
  }
  return text + rows.text();
}

std::string table_of(const v1::ListHistoryReply& history, std::string_view currency) {
  Rows rows;
  for (const v1::ReceiptRecord& record : history.records()) {
    auto cells = cells_of(record, std::string(currency));
    cells.push_back(points(record.balances_after().available()));
    if (record.outcome() == v1::OUTCOME_DECLINED) cells.emplace_back("declined");
    rows.add(std::move(cells));
  }
  std::string text = rows.text();
  if (!history.next_page_token().empty()) {
    text += "next page: --page-token " + history.next_page_token() + "\n";
  }
  return text;
}

std::string table_of(const v1::Refusal& refusal) {
  return "refused: " + refusal.text() + " (" + v1::RefusalCode_Name(refusal.code()) +
         (refusal.retryable() ? ", may succeed later)\n" : ")\n");
}

std::string table_of(const CallResult& failed) {
  std::string text =
      name_of(failed.status.error_code()) + ": " + failed.status.error_message() + "\n";
  if (failed.detail.retryable()) {
    text += "may succeed after " + std::to_string(failed.detail.retry_after_ms()) + " ms\n";
  }
  return text;
}

std::string json_of(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) return "{}\n";
  return text;
}

}  // namespace wutong::ctl
