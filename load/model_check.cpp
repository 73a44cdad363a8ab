#include "load/model_check.h"

#include <absl/strings/str_cat.h>

#include <map>

#include "load/requests.h"

namespace wutong::load {
namespace {

/// The first of several pairs that differ, in words.
class Differences {
 public:
  template <typename Value>
  void compare(const char* name, const Value& right, const Value& told) {
    if (first_ || right == told) return;
    first_ = absl::StrCat(name, " is ", told, ", the rules give ", right);
  }
  [[nodiscard]] const std::optional<std::string>& first() const { return first_; }

 private:
  std::optional<std::string> first_;
};

absl::CivilDay day_of_text(const std::string& text) {
  absl::CivilDay day;
  // An unreadable day equals no other, and shows as a difference.
  if (!absl::ParseCivilTime(text, &day)) return absl::CivilDay(1, 1, 1);
  return day;
}

std::string key_of(const std::string& venue, const std::string& order_id) {
  return absl::StrCat(venue, "\n", order_id);
}

const char* name_of_kind(AwardKind kind) {
  switch (kind) {
    case AwardKind::base:
      return "base";
    case AwardKind::multiplier:
      return "multiplier";
    case AwardKind::fixed:
      break;
  }
  return "fixed";
}

std::string text_of_award(const char* kind, const std::string& promotion, const std::string& party,
                          std::int64_t points, std::int64_t cut, std::int64_t threshold,
                          const std::string& expires_on) {
  return absl::StrCat("[", kind, " ", promotion, " by ", party, " ", points, " cut ", cut, " from ",
                      threshold, " until ", expires_on, "]");
}

/// Awards as text, to be compared and to be shown. A line that a limit cut to nothing expires never.
std::string text_of_awards(const CheckoutResult& result) {
  std::string text;
  for (const Award& award : result.earning.awards) {
    absl::StrAppend(
        &text, text_of_award(
                   name_of_kind(award.kind), award.promotion, award.party, award.points, award.cut,
                   award.threshold_minor,
                   award.points == 0 ? std::string() : absl::FormatCivilTime(result.expires_on)));
  }
  return text;
}

std::string text_of_awards(const v1::CheckoutRecord& record) {
  std::string text;
  for (const v1::AwardLine& line : record.awards()) {
    const char* kind = line.kind() == v1::RULE_KIND_BASE         ? "base"
                       : line.kind() == v1::RULE_KIND_MULTIPLIER ? "multiplier"
                       : line.kind() == v1::RULE_KIND_FIXED      ? "fixed"
                                                                 : "unknown";
    absl::StrAppend(&text, text_of_award(kind, line.promotion(), line.party(), line.points(),
                                         line.cut(), line.threshold_minor(), line.expires_on()));
  }
  return text;
}

/// Points used of each lot. The receipt may tell a lot in parts, one for each party that accepts.
std::string text_of_uses(const CheckoutResult& result) {
  std::map<std::string, std::int64_t> points;
  for (const LotUse& use : result.used) {
    points[absl::StrCat(use.party, " until ", absl::FormatCivilTime(use.expires_on))] += use.points;
  }
  std::string text;
  for (const auto& [lot, used] : points) absl::StrAppend(&text, "[", lot, ": ", used, "]");
  return text;
}

std::string text_of_uses(const v1::CheckoutRecord& record) {
  std::map<std::string, std::int64_t> points;
  for (const v1::LotMovement& use : record.lots_used()) {
    points[absl::StrCat(use.party(), " until ", use.expires_on())] += use.points();
  }
  std::string text;
  for (const auto& [lot, used] : points) absl::StrAppend(&text, "[", lot, ": ", used, "]");
  return text;
}

RefundScope scope_of(const v1::RefundRequest& request) {
  if (request.has_amount()) {
    return {.kind = RefundScope::Kind::amount,
            .amount_minor = request.amount().amount_minor(),
            .excluded_minor = request.amount().excluded_minor()};
  }
  if (request.has_lines()) {
    return {.kind = RefundScope::Kind::lines,
            .lines = {request.lines().numbers().begin(), request.lines().numbers().end()}};
  }
  return {};
}

}  // namespace

ModelCheck::ModelCheck(const Rules& rules, const StartingMember& start)
    : rules_(rules), account_(rules), started_empty_(start.made_now) {
  if (start.made_now) return;
  known_until_unix_ms_ = start.member.last_event_at_unix_ms();
  account_.adjust_debt(start.member.balances().debt());
  for (const v1::Lot& lot : start.member.lots()) {
    account_.start_with({.party = lot.party(),
                         .expires_on = day_of_text(lot.expires_on()),
                         .serial = lot.serial(),
                         .points = lot.points()});
  }
}

std::optional<std::string> ModelCheck::next(
    const std::variant<v1::CheckoutRequest, v1::RefundRequest>& request,
    const v1::ReceiptRecord& record) {
  if (const auto* asked = std::get_if<v1::CheckoutRequest>(&request)) {
    return checkout(*asked, record);
  }
  return refund(std::get<v1::RefundRequest>(request), record);
}

std::optional<std::string> ModelCheck::checkout(const v1::CheckoutRequest& request,
                                                const v1::ReceiptRecord& record) {
  const std::string key = key_of(request.origin().venue(), request.order_id());
  if (before_the_run(record)) {
    before_.insert(key);
    return std::nullopt;
  }
  if (!record.has_checkout()) return "the record is not a checkout's";
  const v1::CheckoutRecord& told = record.checkout();
  const Order order = order_of(request);
  const absl::CivilDay day = rules_.day_of(order.occurred_at_unix_ms);

  std::vector<std::int64_t> caps;
  Differences differences;
  for (const v1::RiskCheck& check : record.risk_checks()) {
    // A shadow limit counts on its own what it would have let through, and changes nothing.
    if (check.mode() != v1::LIMIT_MODE_LIVE) continue;
    // What the member had earned that day before the run began is not known here.
    if (!started_empty_) account_.start_counter(day, check.value_before());
    const std::int64_t before = account_.earned_on(day).value_or(0);
    differences.compare("the day's points before the order", before, check.value_before());
    if (check.effect() == v1::LIMIT_EFFECT_CAP) caps.push_back(check.bound());
  }
  if (auto renamed = name_lots(record)) return renamed;
  const auto right = account_.checkout(key, order, record.received_at_unix_ms(), caps);
  if (!right) return "it was accepted, and the rules refuse its points";

  differences.compare("the order", request.order_id(), told.order_id());
  differences.compare("the amount", order.amount_minor, told.amount_minor());
  differences.compare("what is eligible", right->earning.eligible_minor, told.eligible_minor());
  differences.compare("the award", text_of_awards(*right), text_of_awards(told));
  differences.compare("points earned", right->earning.points(), told.points_earned());
  differences.compare("points used", order.points_to_use, told.points_used());
  differences.compare("lots used", text_of_uses(*right), text_of_uses(told));
  differences.compare("the offset money", right->earning.offset_money_minor,
                      told.offset_money_minor());
  differences.compare("the cash due", right->earning.cash_due_minor, told.cash_due_minor());
  differences.compare("debt repaid", right->debt_repaid, record.debt_repaid());
  if (differences.first()) return differences.first();
  return balances(record.balances_after());
}

std::optional<std::string> ModelCheck::refund(const v1::RefundRequest& request,
                                              const v1::ReceiptRecord& record) {
  const std::string key = key_of(request.order().venue(), request.order().order_id());
  if (before_the_run(record)) return std::nullopt;
  if (!record.has_refund()) return "the record is not a refund's";
  if (auto renamed = name_lots(record)) return renamed;
  if (before_.contains(key)) {
    take_over(record);
    return balances(record.balances_after());
  }
  const v1::RefundRecord& told = record.refund();
  const auto right = account_.refund(key, scope_of(request), record.received_at_unix_ms());
  if (!right) return "it was accepted, and the rules refuse it";

  Differences differences;
  differences.compare("the refund", request.refund_id(), told.refund_id());
  differences.compare("the amount", right->amount_minor, told.amount_minor());
  differences.compare("the excluded part", right->excluded_minor, told.excluded_minor());
  differences.compare("the offset money", right->offset_money_minor, told.offset_money_minor());
  differences.compare("the cash back", right->cash_back_minor, told.cash_back_minor());
  differences.compare("points clawed back", right->clawed_back, told.clawed_back());
  differences.compare("points given back", right->given_back, told.given_back());
  differences.compare("all amounts", right->total_amount_minor, told.total_amount_minor());
  differences.compare("all clawed back", right->total_clawed_back, told.total_clawed_back());
  differences.compare("all given back", right->total_given_back, told.total_given_back());
  differences.compare("debt incurred", right->debt_incurred, record.debt_incurred());
  differences.compare("debt repaid", right->debt_repaid, record.debt_repaid());
  differences.compare("clawed back as expired", right->clawed_back_as_expired,
                      record.clawed_back_as_expired());
  if (differences.first()) return differences.first();
  return balances(record.balances_after());
}

bool ModelCheck::before_the_run(const v1::ReceiptRecord& record) const {
  return !started_empty_ && record.received_at_unix_ms() <= known_until_unix_ms_;
}

std::optional<std::string> ModelCheck::name_lots(const v1::ReceiptRecord& record) {
  for (const v1::LotMovement& movement : record.movements()) {
    if (!account_.name_lot(movement.party(), day_of_text(movement.expires_on()),
                           movement.lot_serial())) {
      return absl::StrCat("lot ", movement.lot_serial(), " changed its name");
    }
  }
  return std::nullopt;
}

void ModelCheck::take_over(const v1::ReceiptRecord& record) {
  for (const v1::LotMovement& movement : record.movements()) {
    const bool in = movement.reason() == v1::MOVEMENT_REASON_EARN ||
                    movement.reason() == v1::MOVEMENT_REASON_GIVE_BACK ||
                    movement.reason() == v1::MOVEMENT_REASON_GRANT;
    account_.adjust_lot(movement.party(), day_of_text(movement.expires_on()),
                        in ? movement.points() : -movement.points());
  }
  account_.adjust_debt(record.debt_incurred() - record.debt_repaid());
  account_.adjust_counter(rules_.day_of(record.refund().order_occurred_at_unix_ms()),
                          -record.refund().clawed_back());
}

std::optional<std::string> ModelCheck::balances(const v1::Balances& told) const {
  Differences differences;
  differences.compare("the balance", account_.available(), told.available());
  differences.compare("the debt", account_.debt(), told.debt());
  return differences.first();
}

std::optional<std::string> ModelCheck::end(const v1::Member& now) {
  // What a refusal found expired has gone by then too.
  account_.expire(now.last_event_at_unix_ms());
  return balances(now.balances());
}

}  // namespace wutong::load
