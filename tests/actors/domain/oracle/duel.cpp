#include "tests/actors/domain/oracle/duel.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

#include "actors/domain/ensure.h"
#include "tests/actors/domain/oracle/compare.h"
#include "tests/actors/domain/oracle/text.h"
#include "tests/actors/domain/world.h"

namespace wutong::oracle {

using namespace domain;

namespace {

class Broken : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A broken promise of the domain is a difference too.
class Throwing {
 public:
  Throwing()
      : before_(set_ensure_handler([](const BrokenPromise& broken) {
          throw Broken(
              absl::StrCat("broken: ", broken.condition, " (", std::string(broken.detail), ")"));
        })) {}
  Throwing(const Throwing&) = delete;
  Throwing& operator=(const Throwing&) = delete;
  ~Throwing() { set_ensure_handler(before_); }

 private:
  EnsureHandler before_;
};

/// What has expired is counted for the retention only (D6), so no sequence may outlast it.
constexpr Duration longest{700 * 86'400'000LL};

class Duel {
 public:
  Duel(const Sequence& sequence, Tally* tally, std::string* story)
      : documents_(sequence.documents), tally_(tally), story_(story) {
    world_.member = {};
    world_.events.clear();
    world_.policy = oracle_.policy = policy_of(documents_);
    // The oracle finds the most specific by itself, in whatever order they are.
    for (Limit& limit : oracle_.policy.limits) std::ranges::reverse(limit.scoped);
    now_ = start_of(documents_);
    take(1);
    if (documents_.of[Documents::start] % 5 != 1) run(Enroll{"wang"});
  }

  std::string step(const Step& step, std::size_t number) {
    const Duration wait = Script::wait_of(step);
    const bool soon_too_old = (now_ + wait) - start_of(documents_) > longest;
    now_ = now_ + (soon_too_old ? Duration{1 + wait.ms % 10'000} : wait);
    std::string difference = pass_time();
    if (!difference.empty()) return difference;
    const Turn turn = script_.next(step, number, oracle_, now_);
    if (turn.switches_program) take(version_ + 1);
    if (turn.command) return run(*turn.command);
    return {};
  }

 private:
  void count(const std::string& what, std::int64_t times = 1) {
    if (tally_ != nullptr && times > 0) (*tally_)[what] += times;
  }
  void tell(const std::string& line) {
    if (story_ != nullptr)
      absl::StrAppend(story_, text_of(now_, oracle_.program.zone), " ", line, "\n");
  }

  void take(std::uint32_t version) {
    version_ = version;
    world_.program = oracle_.program = program_of(documents_, version);
    if (story_ != nullptr) tell(absl::StrCat("program ", version));
  }

  std::string pass_time() {
    world_.now = now_;
    const std::size_t events = world_.events.size();
    world_.pass_time();
    const auto changes = oracle_.pass_time(now_);
    const bool passed = world_.events.size() > events;
    if (!passed && !changes) return {};
    count("time passed");
    tell("time passes");
    const Effects* effects = passed ? effects_of(world_.events.back()) : nullptr;
    std::string difference =
        compare_changes(effects == nullptr ? Effects{} : *effects, changes.value_or(Changes{}));
    if (changes) count_changes(*changes);
    return difference.empty() ? compare_member(world_.member, oracle_, now_) : difference;
  }

  std::string run(const Command& command) {
    world_.now = now_;
    if (story_ != nullptr) tell(text_of(command));
    const Decision decision = world_.run(command);
    const Told told = told_by(decision);
    const Outcome outcome = oracle_.run(command, now_, &told);
    const auto* accepted = std::get_if<Accepted>(&decision);
    records_.push_back(accepted != nullptr ? record_of(accepted->event) : std::nullopt);
    const Record* replayed = nullptr;
    if (outcome.kind == Outcome::Kind::replay && records_[outcome.replay_of]) {
      replayed = &*records_[outcome.replay_of];
    }
    if (accepted != nullptr) tell_movements(accepted->event);
    std::string difference = compare_decision(command, decision, outcome, replayed);
    difference += compare_member(world_.member, oracle_, now_);
    const Balances* after = accepted == nullptr ? nullptr : balances_after(accepted->event);
    if (after != nullptr && *after != balances_of(world_.member, Day{oracle_.today(now_)}, now_)) {
      difference += "  the balances told are not those that there are\n";
    }
    count_outcome(command, outcome);
    script_.done(command, outcome);
    return difference;
  }

  void tell_movements(const Event& event) {
    const Effects* const effects = effects_of(event);
    if (story_ == nullptr || effects == nullptr) return;
    for (const Movement& one : effects->movements) {
      const Terms terms{one.party, one.price.thousandths, one.expires_on.since_epoch};
      absl::StrAppend(story_, "    ", name_of(one.reason), " ", one.points.count, " ",
                      std::string(one.counterparty.text()), " lot ", one.lot_serial, " (",
                      text_of(terms), ") line ", one.line, "\n");
    }
    for (const CounterMove& one : effects->counters) {
      absl::StrAppend(story_, "    counter ", static_cast<int>(one.measure), " ",
                      std::string(one.shadow.text()), " ", one.delta, "\n");
    }
  }

  void count_changes(const Changes& changes) {
    count("points expired", -changes.sum(Reason::expire));
    count("debts incurred", changes.debts_incurred);
    count("debts repaid", changes.debts_repaid);
    count("points counted as expired", changes.counted_as_expired);
    count("points used", -changes.sum(Reason::use));
    count("points given back", changes.sum(Reason::give_back));
    count("points clawed back", -changes.sum(Reason::claw_back));
    count("points revoked", -changes.sum(Reason::revoke));
  }

  void count_outcome(const Command& command, const Outcome& outcome) {
    if (tally_ == nullptr) return;
    constexpr const char* kinds[] = {"enroll", "checkout",   "refund", "hold",  "release",
                                     "grant",  "revocation", "link",   "unlink"};
    const std::string kind = kinds[command.index()];
    if (outcome.kind == Outcome::Kind::refused) {
      if (outcome.refused.refusal == Refusal::other_content) count(kind + " with other content");
      return count(absl::StrCat("refusal ", static_cast<int>(outcome.refused.refusal)));
    }
    if (outcome.kind == Outcome::Kind::replay) return count(kind + " replayed");
    if (outcome.kind == Outcome::Kind::declined) return count(kind + " declined");
    count(kind + " accepted");
    if (outcome.late) count(kind + " late");
    count("losses booked of a " + kind, outcome.booked_loss);
    for (const Award& award : outcome.awards) count("points cut", award.cut);
    if (const auto* order = std::get_if<Checkout>(&command); order && !order->hold_id.empty()) {
      count("captures");
    }
    for (const Seen& seen : outcome.seen) {
      count("limits exceeded and let through", seen.exceeded);
      const bool spared = seen.effect != seen.limit->effect;
      count("limits that would decline and flag what is late", seen.exceeded && spared);
      if (!seen.scope.empty()) count("bounds of a " + seen.scope);
    }
    count_changes(outcome.changes);
  }

  const Documents& documents_;
  Tally* tally_;
  std::string* story_;
  testing::World world_;
  Oracle oracle_;
  Script script_;
  Instant now_;
  std::uint32_t version_ = 1;
  std::vector<std::optional<Record>> records_;
};

bool differs(const Sequence& sequence) {
  return !duel(sequence, nullptr, nullptr).difference.empty();
}

/// Takes away ever smaller runs of steps as long as it still differs.
void remove_steps(Sequence& sequence) {
  for (std::size_t length = sequence.steps.size() / 2; length > 0; length /= 2) {
    for (std::size_t from = 0; from + length <= sequence.steps.size();) {
      Sequence less = sequence;
      const auto begin = less.steps.begin() + static_cast<std::ptrdiff_t>(from);
      less.steps.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
      if (differs(less)) {
        sequence = std::move(less);
      } else {
        from += length;
      }
    }
  }
}

bool simplify(Sequence& sequence, const std::function<std::uint32_t&(Sequence&)>& number) {
  const std::uint32_t value = number(sequence);
  // A digit is kept as it is by a remainder, so that what it means stays.
  for (const std::uint32_t simpler :
       {0U, 1U, 3U, 5U, 7U, value % 4, value % 32, value % 40, value % 1'024, value / 1'000,
        value / 20, value / 2, value - 1}) {
    if (simpler >= value) continue;
    Sequence candidate = sequence;
    number(candidate) = simpler;
    if (!differs(candidate)) continue;
    sequence = std::move(candidate);
    return true;
  }
  return false;
}

bool simplify_all(Sequence& sequence) {
  bool any = false;
  constexpr std::uint32_t Step::*fields[] = {&Step::kind, &Step::wait,  &Step::amount,
                                             &Step::part, &Step::which, &Step::twist};
  for (std::size_t i = 0; i < sequence.documents.limits.size();) {
    Sequence less = sequence;
    less.documents.limits.erase(less.documents.limits.begin() + static_cast<std::ptrdiff_t>(i));
    if (differs(less)) {
      sequence = std::move(less);
      any = true;
    } else {
      ++i;
    }
  }
  for (std::size_t i = 0; i < sequence.documents.of.size(); ++i) {
    any |= simplify(sequence, [=](Sequence& one) -> std::uint32_t& { return one.documents.of[i]; });
  }
  for (std::size_t i = 0; i < sequence.steps.size(); ++i) {
    for (const auto field : fields) {
      any |=
          simplify(sequence, [=](Sequence& one) -> std::uint32_t& { return one.steps[i].*field; });
    }
  }
  return any;
}

}  // namespace

Sequence random_sequence(std::uint64_t seed, std::size_t steps) {
  load::Random random(seed);
  Sequence sequence{.documents = random_documents(random)};
  for (std::size_t i = 0; i < steps; ++i) sequence.steps.push_back(random_step(random));
  return sequence;
}

Verdict duel(const Sequence& sequence, Tally* tally, std::string* story) {
  const Throwing throwing;
  Verdict verdict;
  try {
    Duel duel(sequence, tally, story);
    for (const Step& step : sequence.steps) {
      verdict.difference = duel.step(step, verdict.steps++);
      if (!verdict.difference.empty()) break;
    }
  } catch (const Broken& broken) {
    verdict.difference = std::string("  ") + broken.what() + "\n";
  }
  return verdict;
}

Sequence shrunk(Sequence sequence) {
  sequence.steps.resize(duel(sequence, nullptr, nullptr).steps);
  remove_steps(sequence);
  for (int round = 0; round < 12 && simplify_all(sequence); ++round) remove_steps(sequence);
  return sequence;
}

}  // namespace wutong::oracle
