#include "tests/actors/domain/oracle/compare.h"

#include <absl/strings/str_cat.h>

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
  }
}

void compare_one(Differences& differences, const CheckedOut& order, const Outcome& outcome) {
  differences.number("eligible", order.eligible.minor_units, outcome.eligible);
  differences.number("offset money", order.offset_money.minor_units, outcome.offset_money);
  differences.number("cash due", order.cash_due.minor_units, outcome.cash_due);
  differences.number("late", order.late, outcome.late);
  compare_awards(differences, order.awards, outcome.awards);
  compare_checks(differences, order.checks, outcome.seen);
}

void compare_one(Differences& differences, const Refunded& refund, const Outcome& outcome) {
  differences.number("amount", refund.amount.minor_units, outcome.amount);
  differences.number("excluded", refund.excluded.minor_units, outcome.excluded);
  differences.number("offset money", refund.offset_money.minor_units, outcome.offset_money);
  differences.number("cash back", refund.cash_back.minor_units, outcome.cash_back);
  differences.number("clawed back", refund.clawed_back.count, outcome.clawed_back);
  differences.number("given back", refund.given_back.count, outcome.given_back);
  differences.number("total amount", refund.totals.amount.minor_units, outcome.total_amount);
  differences.number("total excluded", refund.totals.excluded.minor_units, outcome.total_excluded);
  differences.number("total offset money", refund.totals.offset_money.minor_units,
                     outcome.total_offset_money);
  compare_checks(differences, refund.checks, outcome.seen);
}

void compare_one(Differences& differences, const Declined& declined, const Outcome& outcome) {
  compare_checks(differences, declined.checks, outcome.seen);
}

void compare_one(Differences& differences, const Held& held, const Outcome& outcome) {
  differences.number("lapses at", held.lapses_at.unix_ms, outcome.lapses_at.unix_ms);
}

void compare_one(Differences& differences, const Released& released, const Outcome& outcome) {
  differences.number("freed", released.points.count, outcome.changes.set_free);
}

template <typename Other>
void compare_one(Differences&, const Other&, const Outcome&) {}

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

std::string compare_decision(const Decision& decision, const Outcome& outcome,
                             const Record* replayed) {
  Differences differences;
  if (!outcome.complaint.empty()) differences.add("  " + outcome.complaint + "\n");
  differences.text("decision", kind_of(decision), kind_of(outcome));
  if (const auto* accepted = std::get_if<Accepted>(&decision)) {
    std::visit([&](const auto& event) { compare_one(differences, event, outcome); },
               accepted->event);
    const bool same_kind = kind_of(decision) == kind_of(outcome);
    const Effects* const effects = effects_of(accepted->event);
    if (same_kind && effects != nullptr) {
      differences.add(compare_changes(*effects, outcome.changes));
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
