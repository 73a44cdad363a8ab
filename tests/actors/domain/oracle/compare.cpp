#include "tests/actors/domain/oracle/compare.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

#include "actors/domain/member.h"
#include "tests/actors/domain/oracle/text.h"

namespace wutong::oracle {

using namespace domain;

namespace {

/// Collects what differs.
class Differences {
 public:
  template <typename T, typename U>
  void number(const char* what, T domain, U oracle) {
    if (std::int64_t{domain} == std::int64_t{oracle}) return;
    absl::StrAppend(&text_, "  ", what, ": domain ", domain, ", oracle ", oracle, "\n");
  }
  void text(const char* what, const std::string& domain, const std::string& oracle) {
    if (domain == oracle) return;
    absl::StrAppend(&text_, "  ", what, ":\n    domain ", domain, "\n    oracle ", oracle, "\n");
  }
  template <typename T>
  void same(const char* what, const T& domain, const T& meant) {
    if (!(domain == meant)) absl::StrAppend(&text_, "  ", what, " is not what it is to be\n");
  }
  void add(const std::string& text) { text_ += text; }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

void compare_awards(Differences& differences, const std::vector<AwardLine>& domain,
                    const std::vector<Award>& oracle) {
  const auto told = [](const AwardLine& line) {
    return line.points != Points{} || line.cut != Points{};
  };
  const auto meant = [](const Award& line) { return line.points != 0 || line.cut != 0; };
  std::string lines[2];
  bool same = true;
  auto other = oracle.begin();
  for (const AwardLine& line : domain) {
    if (!told(line)) continue;
    other = std::find_if(other, oracle.end(), meant);
    if (other == oracle.end()) {
      same = false;
      break;
    }
    same = same && line.kind == other->kind && line.promotion == other->promotion &&
           line.party == other->party && line.points.count == other->points &&
           line.cut.count == other->cut && line.threshold.minor_units == other->threshold &&
           line.lost_below_threshold == other->lost_below_threshold;
    ++other;
  }
  if (same && std::find_if(other, oracle.end(), meant) == oracle.end()) return;
  for (const AwardLine& line : domain) {
    absl::StrAppend(&lines[0], static_cast<int>(line.kind), " ", std::string(line.promotion.text()),
                    " ", std::string(line.party.text()), " ", line.points.count, " cut ",
                    line.cut.count, " from ", line.threshold.minor_units, "; ");
  }
  for (const Award& line : oracle) {
    absl::StrAppend(&lines[1], static_cast<int>(line.kind), " ", std::string(line.promotion.text()),
                    " ", std::string(line.party.text()), " ", line.points, " cut ", line.cut,
                    " from ", line.threshold, "; ");
  }
  differences.text("awards", lines[0], lines[1]);
}

void compare_checks(Differences& differences, const std::vector<RiskCheck>& domain,
                    const std::vector<Seen>& oracle) {
  for (const RiskCheck& check : domain) {
    const bool meant = std::ranges::any_of(
        oracle, [&](const Seen& seen) { return seen.limit->id == check.limit; });
    if (!meant && check.value_asked != 0) {
      differences.add(absl::StrCat("  limit ", std::string(check.limit.text()), " looked at\n"));
    }
  }
  for (const Seen& seen : oracle) {
    const auto check = std::ranges::find(domain, seen.limit->id, &RiskCheck::limit);
    const std::string what = "limit " + std::string(seen.limit->id.text());
    if (check == domain.end()) {
      if (seen.asked != 0) differences.add("  " + what + " not looked at\n");
      continue;
    }
    differences.number((what + " before").c_str(), check->value_before, seen.before);
    differences.number((what + " asked").c_str(), check->value_asked, seen.asked);
    differences.number((what + " bound").c_str(), check->bound, seen.bound);
    differences.number((what + " exceeded").c_str(), check->exceeded, seen.exceeded);
    differences.number((what + " effect").c_str(), static_cast<int>(check->effect),
                       static_cast<int>(seen.effect));
    differences.number((what + " mode").c_str(), static_cast<int>(check->mode),
                       static_cast<int>(seen.limit->mode));
  }
}

/// What is not nothing, in its order: which lines an award has that give nothing, no rule says.
std::string text_of_parts(const std::vector<Points>& parts) {
  std::string text;
  for (const Points part : parts) {
    if (part != Points{}) absl::StrAppend(&text, part.count, " ");
  }
  return text;
}
std::string text_of_parts(const std::vector<std::int64_t>& parts) {
  std::string text;
  for (const std::int64_t part : parts) {
    if (part != 0) absl::StrAppend(&text, part, " ");
  }
  return text;
}

void compare_totals(Differences& differences, const RefundTotals& totals, const Outcome& outcome) {
  differences.number("total amount", totals.amount.minor_units, outcome.total_amount);
  differences.number("total excluded", totals.excluded.minor_units, outcome.total_excluded);
  differences.number("total offset money", totals.offset_money.minor_units,
                     outcome.total_offset_money);
  differences.text("total lines", absl::StrJoin(totals.lines, " "),
                   absl::StrJoin(outcome.total_lines, " "));
  differences.text("total clawed back", text_of_parts(totals.clawed_back),
                   text_of_parts(outcome.total_clawed_back));
  differences.text("total given back", text_of_parts(totals.given_back),
                   text_of_parts(outcome.total_given_back));
}

void compare_one(Differences&, const Enrolled&, const Enroll&, const Outcome&) {}

void compare_one(Differences& differences, const CheckedOut& order, const Checkout& asked,
                 const Outcome& outcome) {
  differences.same("key", order.key, asked.key);
  differences.same("order id", order.order_id, asked.order_id);
  differences.same("origin", order.origin, asked.origin);
  differences.same("occurred at", order.content.occurred_at, asked.occurred_at);
  differences.same("amount", order.content.amount, asked.amount);
  differences.same("points used", order.content.points_to_use, asked.points_to_use);
  differences.number("eligible", order.eligible.minor_units, outcome.eligible);
  differences.number("offset money", order.offset_money.minor_units, outcome.offset_money);
  differences.number("cash due", order.cash_due.minor_units, outcome.cash_due);
  differences.number("late", order.late, outcome.late);
  compare_awards(differences, order.awards, outcome.awards);
  compare_checks(differences, order.checks, outcome.seen);
}

void compare_one(Differences& differences, const Refunded& refund, const Refund& asked,
                 const Outcome& outcome) {
  differences.same("key", refund.key, asked.key);
  differences.same("refund id", refund.refund_id, asked.refund_id);
  differences.same("origin", refund.origin, asked.origin);
  differences.same("order", refund.content.order, asked.order);
  differences.same("order id", refund.order_id, asked.order_id);
  differences.same("order's venue", refund.order_venue, asked.order_venue);
  differences.same("order occurred at", refund.order_occurred_at, outcome.of_what_occurred_at);
  differences.same("occurred at", refund.content.occurred_at, asked.occurred_at);
  differences.same("reason", refund.reason, asked.reason);
  differences.number("amount", refund.amount.minor_units, outcome.amount);
  differences.number("excluded", refund.excluded.minor_units, outcome.excluded);
  differences.number("offset money", refund.offset_money.minor_units, outcome.offset_money);
  differences.number("cash back", refund.cash_back.minor_units, outcome.cash_back);
  differences.number("clawed back", refund.clawed_back.count, outcome.clawed_back);
  differences.number("given back", refund.given_back.count, outcome.given_back);
  differences.number("booked loss", refund.booked_loss.count, outcome.booked_loss);
  compare_totals(differences, refund.totals, outcome);
  compare_checks(differences, refund.checks, outcome.seen);
}

template <typename Asked>
void compare_declined(Differences& differences, const Declined& declined, const Asked& asked,
                      const Outcome& outcome) {
  differences.same("key", declined.key, asked.key);
  differences.same("origin", declined.origin, asked.origin);
  differences.number("late", declined.late, outcome.late);
  compare_checks(differences, declined.checks, outcome.seen);
}
void compare_one(Differences& differences, const Declined& declined, const Checkout& asked,
                 const Outcome& outcome) {
  differences.same("id", declined.id, asked.order_id);
  compare_declined(differences, declined, asked, outcome);
}
void compare_one(Differences& differences, const Declined& declined, const Refund& asked,
                 const Outcome& outcome) {
  differences.same("id", declined.id, asked.refund_id);
  differences.same("order id", declined.order_id, asked.order_id);
  compare_declined(differences, declined, asked, outcome);
}

void compare_one(Differences& differences, const Held& held, const Hold& asked,
                 const Outcome& outcome) {
  differences.same("key", held.key, asked.key);
  differences.same("hold id", held.hold_id, asked.hold_id);
  differences.same("origin", held.origin, asked.origin);
  differences.same("occurred at", held.content.occurred_at, asked.occurred_at);
  differences.number("points", held.content.points.count, outcome.points);
  differences.number("lapses at", held.lapses_at.unix_ms, outcome.lapses_at.unix_ms);
}

void compare_one(Differences& differences, const Released& released, const Release& asked,
                 const Outcome& outcome) {
  differences.same("key", released.key, asked.key);
  differences.same("hold", released.hold, asked.hold);
  differences.same("hold id", released.hold_id, asked.hold_id);
  differences.same("origin", released.origin, asked.origin);
  differences.same("occurred at", released.occurred_at, asked.occurred_at);
  differences.same("hold occurred at", released.hold_occurred_at, outcome.of_what_occurred_at);
  differences.number("points", released.points.count, outcome.points);
}

void compare_one(Differences& differences, const Granted& granted, const Grant& asked,
                 const Outcome& outcome) {
  differences.same("key", granted.key, asked.key);
  differences.same("grant id", granted.grant_id, asked.grant_id);
  differences.same("origin", granted.origin, asked.origin);
  differences.same("occurred at", granted.content.occurred_at, asked.occurred_at);
  differences.same("party", granted.content.party, asked.party);
  differences.same("expires on", granted.content.expires_on, asked.expires_on.value_or(Day{}));
  differences.same("reason", granted.content.reason, asked.reason);
  differences.number("points", granted.content.points.count, outcome.points);
}

void compare_one(Differences& differences, const GrantRevoked& revoked, const RevokeGrant& asked,
                 const Outcome& outcome) {
  differences.same("key", revoked.key, asked.key);
  differences.same("revocation id", revoked.revocation_id, asked.revocation_id);
  differences.same("origin", revoked.origin, asked.origin);
  differences.same("grant", revoked.grant, asked.grant);
  differences.same("grant id", revoked.grant_id, asked.grant_id);
  differences.same("occurred at", revoked.occurred_at, asked.occurred_at);
  differences.same("grant occurred at", revoked.grant_occurred_at, outcome.of_what_occurred_at);
  differences.same("reason", revoked.reason, asked.reason);
  differences.number("points", revoked.points.count, outcome.points);
  differences.number("booked loss", revoked.booked_loss.count, outcome.booked_loss);
}

/// What cannot come of such a command. Each that can is compared above.
template <typename Happened, typename Asked>
void compare_one(Differences& differences, const Happened&, const Asked&, const Outcome&) {
  differences.add("  that is no event of this command\n");
}

void compare_after(Differences& differences, const Balances& after, const Outcome::After& meant) {
  differences.number("told available", after.available.count, meant.available);
  differences.number("told held", after.held.count, meant.held);
  differences.number("told debt", after.debt.count, meant.debt);
  differences.number("told pending", after.pending.count, 0);
}

std::string kind_of(const Decision& decision) {
  if (std::holds_alternative<Replay>(decision)) return "replay";
  if (const auto* refused = std::get_if<Refused>(&decision)) return text_of(*refused);
  const Event& event = std::get<Accepted>(decision).event;
  return std::holds_alternative<Declined>(event) ? "declined" : "accepted";
}

std::string kind_of(const Outcome& outcome) {
  if (outcome.kind == Outcome::Kind::replay) return "replay";
  if (outcome.kind == Outcome::Kind::refused) return text_of(outcome.refused);
  return outcome.kind == Outcome::Kind::declined ? "declined" : "accepted";
}

std::string text_of_moves(const std::map<MovementKind, std::int64_t>& moved) {
  std::string text;
  for (const auto& [kind, points] : moved) {
    absl::StrAppend(&text, "\n      ", name_of(kind.reason), " ", points, " ",
                    std::string(kind.counterparty.text()), " (", text_of(kind.terms), ")");
  }
  return text;
}

std::string text_of_holdings(const std::map<Terms, Holding>& holdings) {
  std::string text;
  for (const auto& [terms, holding] : holdings) {
    absl::StrAppend(&text, "\n      ", text_of(terms), ": ", holding.points, " held ",
                    holding.held);
  }
  return text;
}

}  // namespace

Told told_by(const Decision& decision) {
  Told told;
  const auto* accepted = std::get_if<Accepted>(&decision);
  if (accepted == nullptr) return told;
  if (const auto* order = std::get_if<CheckedOut>(&accepted->event)) told.checks = order->checks;
  if (const auto* declined = std::get_if<Declined>(&accepted->event)) {
    told.checks = declined->checks;
  }
  if (const auto* refund = std::get_if<Refunded>(&accepted->event)) {
    told.checks = refund->checks;
    told.given_back.emplace();
    for (const Movement& movement : refund->effects.movements) {
      if (movement.reason != Reason::give_back) continue;
      (*told.given_back)[movement.line] += movement.points.count;
    }
  }
  return told;
}

std::string compare_decision(const Command& asked, const Decision& decision, const Outcome& outcome,
                             const Record* replayed) {
  Differences differences;
  if (!outcome.complaint.empty()) differences.add("  " + outcome.complaint + "\n");
  differences.text("decision", kind_of(decision), kind_of(outcome));
  const auto* accepted = std::get_if<Accepted>(&decision);
  if (accepted != nullptr && kind_of(decision) == kind_of(outcome)) {
    std::visit([&](const auto& event,
                   const auto& command) { compare_one(differences, event, command, outcome); },
               accepted->event, asked);
    if (const Effects* effects = effects_of(accepted->event)) {
      differences.add(compare_changes(*effects, outcome.changes));
    }
    if (const Balances* after = balances_after(accepted->event)) {
      compare_after(differences, *after, outcome.after);
    }
  }
  if (const auto* replay = std::get_if<Replay>(&decision);
      replay != nullptr && replayed != nullptr) {
    if (replay->record != *replayed) differences.add("  another record is replayed\n");
  }
  return differences.take();
}

std::string compare_changes(const Effects& effects, const Changes& changes) {
  Differences differences;
  std::map<MovementKind, std::int64_t> moved;
  for (const Movement& movement : effects.movements) {
    const Terms terms{movement.party, movement.price.thousandths, movement.expires_on.since_epoch};
    moved[{movement.reason, movement.counterparty, terms}] += movement.points.count;
  }
  std::erase_if(moved, [](const auto& one) { return one.second == 0; });
  if (moved != changes.moved) {
    differences.text("moved", text_of_moves(moved), text_of_moves(changes.moved));
  }
  std::int64_t incurred = 0;
  std::int64_t repaid = 0;
  for (const DebtChange& debt : effects.debts) {
    (debt.points > Points{} ? incurred : repaid) += debt.points.count;
  }
  std::int64_t counted = 0;
  for (const ExpiredCount& count : effects.expired_counts) counted += count.points.count;
  differences.number("debts incurred", incurred, changes.debts_incurred);
  differences.number("debts repaid", -repaid, changes.debts_repaid);
  differences.number("counted as expired", counted, changes.counted_as_expired);
  return differences.take();
}

std::string compare_member(const Member& member, const Oracle& oracle, Instant now) {
  Differences differences;
  const std::int32_t today = oracle.today(now);
  const Balances balances = balances_of(member, Day{today}, now);
  differences.number("available", balances.available.count, oracle.purse().usable(today));
  differences.number("held", balances.held.count, oracle.purse().held());
  differences.number("debt", balances.debt.count, oracle.purse().debt());
  differences.number("pending", balances.pending.count, 0);

  std::map<Terms, Holding> holdings;
  for (const Lot& lot : member.lots) {
    if (lot.points == Points{}) continue;
    Holding& holding = holdings[{lot.party, lot.price.thousandths, lot.expires_on.since_epoch}];
    holding.points += lot.points.count;
    holding.held += lot.held.count;
  }
  const auto meant = oracle.purse().holdings();
  if (holdings != meant) {
    differences.text("holdings", text_of_holdings(holdings), text_of_holdings(meant));
  }
  const auto& debts = oracle.purse().debts();
  const bool same_debts =
      std::ranges::equal(member.debts, debts, [](const Debt& debt, const Owed& owed) {
        return debt.order == owed.order && debt.party == owed.party &&
               debt.points.count == owed.points;
      });
  if (!same_debts) {
    std::string texts[2];
    for (const Debt& debt : member.debts) {
      absl::StrAppend(&texts[0], std::string(debt.party.text()), " ", debt.points.count, "; ");
    }
    for (const Owed& owed : debts) {
      absl::StrAppend(&texts[1], std::string(owed.party.text()), " ", owed.points, "; ");
    }
    differences.text("debts", texts[0], texts[1]);
  }
  return differences.take();
}

}  // namespace wutong::oracle
