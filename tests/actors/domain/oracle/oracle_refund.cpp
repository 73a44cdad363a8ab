#include <absl/numeric/int128.h>
#include <absl/strings/str_cat.h>

#include <algorithm>

#include "tests/actors/domain/oracle/days.h"
#include "tests/actors/domain/oracle/oracle.h"

namespace wutong::oracle {

using namespace domain;

namespace {

std::int64_t earning_goods(const Checkout& checkout) {
  return checkout.amount.minor_units - checkout.excluded_from_earning.minor_units;
}

}  // namespace

std::variant<Oracle::Part, Outcome> Oracle::part_of(const Refund& refund,
                                                    const Order& order) const {
  const Checkout& checkout = order.checkout;
  const std::int64_t left = checkout.amount.minor_units - order.refunded;
  const std::int64_t excluded_left =
      checkout.excluded_from_earning.minor_units - order.excluded_refunded;
  Part part{.field = Field::amount};
  Field excluded_field = Field::excluded;
  if (const auto* amount = std::get_if<RefundOfAmount>(&refund.scope)) {
    part.amount = amount->amount.minor_units;
    part.excluded = amount->excluded.minor_units;
  } else if (const auto* lines = std::get_if<RefundOfLines>(&refund.scope)) {
    part.field = excluded_field = Field::lines;
    part.lines = lines->numbers;
    bool repeated = false;
    for (const std::uint32_t number : lines->numbers) {
      const auto line = std::ranges::find(checkout.lines, number, &BasketLine::number);
      if (line == checkout.lines.end()) return refused(Refusal::line_unknown, Field::lines);
      repeated = repeated || order.lines_refunded.contains(number);
      part.amount += line->amount.minor_units;
      if (line->excluded) part.excluded += line->amount.minor_units;
    }
    if (repeated) return refused(Refusal::line_already_refunded, Field::lines);
  } else {
    const bool nothing_left = left == 0 && order.refunds > 0;
    if (nothing_left) return refused(Refusal::more_than_left, Field::refund_scope);
    part.amount = left;
    part.excluded = excluded_left;
    for (const BasketLine& line : checkout.lines) part.lines.push_back(line.number);
  }
  if (part.amount > left) return refused(Refusal::more_than_left, part.field);
  if (part.amount - part.excluded > left - excluded_left) {
    return refused(Refusal::more_earning_than_left, part.field);
  }
  if (part.excluded > excluded_left) {
    return refused(Refusal::more_excluded_than_left, excluded_field);
  }
  return part;
}

/// How much refunds have taken in total of `points` of an award line (D5).
std::int64_t Oracle::lost_of(const Order& order, std::size_t line, std::int64_t points) {
  const Award& award = order.awards[line];
  const std::int64_t goods = earning_goods(order.checkout);
  if (goods == 0) return 0;
  const std::int64_t refunded = order.refunded - order.excluded_refunded;
  if (award.lost_below_threshold) {
    // The threshold was compared with what was eligible, so the rest of that is what may fall below.
    const absl::int128 rest = absl::int128(order.eligible) * (goods - refunded);
    if (rest < absl::int128(award.threshold) * goods) return points;
  }
  return floored(points, refunded, goods);
}

/// By lot floor(used × refunded / amount) (D5). Which of the parties that accepted points of the lot
/// gives the last ones back is open; none may be two points off its exact share, or give back less than
/// it did before.
std::vector<std::int64_t> Oracle::given_back_in_total(const Order& order,
                                                      std::string& complaint) const {
  const std::int64_t amount = order.checkout.amount.minor_units;
  std::vector<std::int64_t> totals;
  std::map<Terms, std::int64_t> used;
  std::map<Terms, std::int64_t> back;
  for (std::size_t i = 0; i < order.uses.size(); ++i) {
    const Use& use = order.uses[i];
    used[use.terms] += use.points;
    const std::int64_t up_to = floored(used[use.terms], order.refunded, amount);
    std::int64_t total = up_to - back[use.terms];
    const bool told = told_ != nullptr && told_->given_back;
    if (told) {
      const auto found = told_->given_back->find(i);
      total = order.given_back[i] + (found == told_->given_back->end() ? 0 : found->second);
    } else {
      total = std::max(total, order.given_back[i]);
    }
    const std::int64_t least = floored(use.points, order.refunded, amount);
    const bool off = total < least - 1 || total > least + 2;
    if (told && (off || total < order.given_back[i])) {
      complaint += absl::StrCat("use ", i, " of ", use.points, " has given back ", total);
    }
    back[use.terms] += total;
    totals.push_back(total);
  }
  for (const auto& [terms, points] : used) {
    if (told_ == nullptr || !told_->given_back ||
        back[terms] == floored(points, order.refunded, amount))
      continue;
    complaint += absl::StrCat("of a lot's ", points, " used ", back[terms], " are given back");
  }
  return totals;
}

void Oracle::give_back_uses(Order& order, Outcome& outcome) {
  if (order.checkout.amount == Money{}) return;
  const std::int32_t day = today(now_);
  const int grace = program.expiry.give_back_grace_days;
  const std::vector<std::int64_t> totals = given_back_in_total(order, outcome.complaint);
  for (std::size_t i = 0; i < order.uses.size(); ++i) {
    const std::int64_t points = totals[i] - order.given_back[i];
    order.given_back[i] = totals[i];
    outcome.given_back += points;
    Terms terms = order.uses[i].terms;
    if (terms.last_day < day && grace > 0) terms.last_day = day + grace;
    purse_.give(Reason::give_back, order.uses[i].accepted_by, terms, points);
  }
}

void Oracle::take_back_awards(Order& order, Outcome& outcome, bool& uncovered) {
  for (std::size_t i = 0; i < order.awards.size(); ++i) {
    const std::int64_t total = lost_of(order, i, order.awards[i].points);
    const Claim claim{.reason = Reason::claw_back,
                      .order_at = order.paid_at,
                      .order = order.checkout.key,
                      .line = i,
                      .terms = order.award_terms[i],
                      .points = total - order.clawed_back[i]};
    order.clawed_back[i] = total;
    outcome.clawed_back += claim.points;
    const std::int64_t missing = purse_.claw_back(claim);
    if (missing > 0) uncovered = true;
    if (program.shortfall == Shortfall::debt) purse_.owe(claim, missing);
    if (program.shortfall == Shortfall::booked_loss) outcome.booked_loss += missing;
  }
}

Outcome Oracle::answer(const Refund& refund) {
  if (const auto guard = first_guards(refund.key, refund.occurred_at)) return *guard;
  if (const auto* part = std::get_if<RefundOfAmount>(&refund.scope);
      part != nullptr && part->excluded > part->amount) {
    return refused(Refusal::excluded_exceeds_amount, Field::excluded);
  }
  const auto found = orders_.find(refund.order);
  if (found == orders_.end()) return refused(Refusal::order_unknown, Field::order_id);
  const Venue* const venue = program.venue(refund.origin.venue);
  const bool may_refund =
      venue != nullptr && std::ranges::find(venue->refunds_orders_of, refund.order_venue) !=
                              venue->refunds_orders_of.end();
  if (!may_refund) return refused(Refusal::venue_not_allowed, Field::venue);
  const auto part_or_refusal = part_of(refund, found->second);
  if (const auto* refusal = std::get_if<Outcome>(&part_or_refusal)) return *refusal;
  const Part& part = std::get<Part>(part_or_refusal);

  Order order = found->second;
  const Purse purse_before = purse_;
  Outcome outcome;
  outcome.late = is_late(refund.occurred_at, refund.origin);
  outcome.amount = part.amount;
  outcome.excluded = part.excluded;
  ++order.refunds;
  order.refunded += part.amount;
  order.excluded_refunded += part.excluded;
  order.lines_refunded.insert(part.lines.begin(), part.lines.end());
  const std::int64_t amount = order.checkout.amount.minor_units;
  const std::int64_t money_back =
      amount == 0 ? 0 : floored(order.offset_money, order.refunded, amount);
  outcome.offset_money = money_back - order.offset_money_back;
  outcome.cash_back = part.amount - outcome.offset_money;
  order.offset_money_back = money_back;
  outcome.total_amount = order.refunded;
  outcome.total_excluded = order.excluded_refunded;
  outcome.total_offset_money = money_back;

  bool uncovered = false;
  give_back_uses(order, outcome);
  take_back_awards(order, outcome, uncovered);
  // Before the limits: risk is answered last (D13).
  if (uncovered && program.shortfall == Shortfall::refused) {
    purse_ = purse_before;
    return refused(Refusal::shortfall, Field::none);
  }
  purse_.repay();
  purse_.expire(today(now_), program);
  outcome.total_lines = order.lines_refunded;
  outcome.total_clawed_back = order.clawed_back;
  outcome.total_given_back = order.given_back;
  outcome.of_what_occurred_at = order.checkout.occurred_at;

  const Asking asking{.by = refund.key,
                      .member = member_,
                      .origin = &refund.origin,
                      .day = civil_day(counts_as(refund.occurred_at), program.zone),
                      .received_at = now_,
                      .late = outcome.late,
                      .amounts = {{Measure::refunds, 1}}};
  const Counts::Look look = counts_.look(program, policy, asking, checks_told());
  outcome.seen = look.seen;
  outcome.complaint += look.complaint;
  if (declined(look.seen)) {
    purse_ = purse_before;
    outcome.kind = Outcome::Kind::declined;
    declined_[refund.key].push_back({refund, runs_});
    return outcome;
  }
  counts_.count(asking, look.seen);
  counts_.take_back_earned(refund.order, [&](std::size_t line, std::int64_t points) {
    return lost_of(order, line, points);
  });
  counts_.take_back_used(refund.order, outcome.given_back);
  found->second = std::move(order);
  known_.emplace(refund.key, Known{refund, runs_});
  return outcome;
}

}  // namespace wutong::oracle
