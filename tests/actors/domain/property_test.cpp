#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>

#include "actors/domain/calendar.h"
#include "tests/actors/domain/random_world.h"

/// What holds in every world. rapidcheck prints the seed; RC_PARAMS="seed=…" runs it again.
namespace wutong::testing {
namespace {

using namespace domain;

/// G5, summed up from the events alone.
struct Totals {
  std::int64_t issued = 0;
  std::int64_t used = 0;
  std::int64_t expired = 0;
  std::int64_t clawed_back = 0;
  /// By refunds and revocations, less what was booked as lost.
  std::int64_t to_take_back = 0;
  bool ever_held = false;
  std::int64_t posted_to_pool = 0;
  std::map<PartyId, std::int64_t> posted_to_parties;

  void add(const Event& event) {
    if (const Effects* effects = effects_of(event)) add(*effects);
    if (const auto* refund = std::get_if<Refunded>(&event)) {
      to_take_back += refund->clawed_back.count - refund->booked_loss.count;
    }
    if (const auto* revoked = std::get_if<GrantRevoked>(&event)) {
      to_take_back += revoked->points.count - revoked->booked_loss.count;
    }
    ever_held = ever_held || std::holds_alternative<Held>(event);
  }

  void add(const Effects& effects) {
    for (const Movement& movement : effects.movements) {
      const std::int64_t points = movement.points.count;
      const std::int64_t money = points * movement.price.thousandths;
      posted_to_pool += money;
      posted_to_parties[movement.counterparty] -= money;
      switch (movement.reason) {
        case Reason::earn:
        case Reason::grant:
          issued += points;
          break;
        case Reason::use:
        case Reason::give_back:
          used -= points;
          break;
        case Reason::claw_back:
        case Reason::repay_debt:
        case Reason::revoke:
          clawed_back -= points;
          break;
        case Reason::expire:
          expired -= points;
          break;
      }
    }
    for (const ExpiredCount& count : effects.expired_counts) to_take_back -= count.points.count;
  }
};

void expect_conserved(const Totals& totals, const World& world) {
  const Member& member = world.member;
  std::int64_t in_lots = 0;
  for (const Lot& lot : member.lots) in_lots += lot.points.count;
  std::int64_t debt = 0;
  for (const Debt& owed : member.debts) debt += owed.points.count;
  std::int64_t all_postings = totals.posted_to_pool;
  for (const auto& [party, money] : totals.posted_to_parties) all_postings += money;

  RC_ASSERT(totals.issued == in_lots + totals.used + totals.expired + totals.clawed_back);
  RC_ASSERT(totals.posted_to_pool == pool_owes(member));
  RC_ASSERT(all_postings == 0);
  RC_ASSERT(totals.to_take_back == totals.clawed_back + debt);
  RC_ASSERT(broken_invariant(member).empty());
  // Nobody owes who has something, but for points that were held while the debt came to be.
  RC_ASSERT(debt == 0 || in_lots == 0 || totals.ever_held);
}

template <typename Check>
void run(World& world, const std::vector<Step>& steps, Check check) {
  std::size_t accepted = 0;
  std::size_t refunds = 0;
  bool owed = false;
  bool counted_expired = false;
  std::size_t declined = 0;
  std::size_t captured = 0;
  std::size_t revoked = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Command command = next_command(world, steps[i], i);
    const Decision decision = world.run(command);
    if (std::holds_alternative<Accepted>(decision)) {
      ++accepted;
      const Event& event = world.events.back();
      declined += std::holds_alternative<Declined>(event) ? 1 : 0;
      revoked += std::holds_alternative<GrantRevoked>(event) ? 1 : 0;
      refunds += std::holds_alternative<Refunded>(event) ? 1 : 0;
      const auto* order = std::get_if<CheckedOut>(&event);
      captured += order != nullptr && !order->content.hold_id.empty() ? 1 : 0;
    }
    owed = owed || !world.member.debts.empty();
    if (const auto* refund = std::get_if<Refunded>(&world.events.back())) {
      counted_expired = counted_expired || !refund->effects.expired_counts.empty();
    }
    check(command, decision);
  }
  // A generator whose commands are all refused would prove nothing.
  RC_CLASSIFY(accepted * 2 > steps.size(), "most accepted");
  RC_CLASSIFY(refunds > 2, "several refunds");
  RC_CLASSIFY(owed, "debts");
  RC_CLASSIFY(counted_expired, "expired points counted");
  RC_CLASSIFY(declined > 0, "declines");
  RC_CLASSIFY(captured > 0, "holds captured");
  RC_CLASSIFY(revoked > 0, "grants revoked");
}

RC_GTEST_PROP(Properties, PointsAndMoneyAreConservedAfterEveryStep,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  Totals totals;
  std::size_t seen = 0;
  run(world, steps, [&](const Command&, const Decision&) {
    for (; seen < world.events.size(); ++seen) totals.add(world.events[seen]);
    expect_conserved(totals, world);
  });
}

RC_GTEST_PROP(Properties, AnEventTellsTheBalancesThatItLeaves,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  run(world, steps, [&](const Command&, const Decision& decision) {
    if (!std::holds_alternative<Accepted>(decision)) return;
    RC_ASSERT(*balances_after(world.events.back()) == world.balances());
    RC_ASSERT(!due(world.member, world.program, world.policy, world.now));
  });
}

RC_GTEST_PROP(Properties, ReplayingTheEventsGivesTheSameState,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  run(world, steps, [](const Command&, const Decision&) {});

  Member replayed;
  for (const Event& event : world.events) domain::apply(replayed, event);

  replayed.records = world.member.records;
  RC_ASSERT(replayed == world.member);
}

RC_GTEST_PROP(Properties, ARetryChangesNothing,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  run(world, steps, [&](const Command& command, const Decision& decision) {
    const Member before = world.member;
    const Decision again = world.run(command);
    RC_ASSERT(world.member == before);
    if (const auto* accepted = std::get_if<Accepted>(&decision)) {
      const auto* replay = std::get_if<Replay>(&again);
      RC_ASSERT(replay != nullptr);
      Event stamped = accepted->event;
      header_of(stamped).position = world.member.position;
      RC_ASSERT(replay->record == record_of(stamped));
    } else if (const auto* replay = std::get_if<Replay>(&decision)) {
      RC_ASSERT(std::get<Replay>(again).record == replay->record);
    } else {
      RC_ASSERT(std::get<Refused>(again) == std::get<Refused>(decision));
    }
  });
}

RC_GTEST_PROP(Properties, TheOrderOfPromotionsAndLimitsChangesNothing,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World forwards = world_of(choices);
  World backwards = world_of(choices, true);
  run(forwards, steps, [&](const Command& command, const Decision&) {
    backwards.now = forwards.now;
    static_cast<void>(backwards.run(command));
    RC_ASSERT(backwards.member.lots == forwards.member.lots);
    RC_ASSERT(backwards.member.debts == forwards.member.debts);
    RC_ASSERT(backwards.member.holds == forwards.member.holds);
    RC_ASSERT(backwards.member.counters == forwards.member.counters);
    RC_ASSERT(backwards.member.sliding == forwards.member.sliding);
  });
}

RC_GTEST_PROP(Properties, AQuoteTellsWhatTheCheckoutDoes,
              (const Choices& choices, const std::vector<Step>& steps)) {
  World world = world_of(choices);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const Command command = next_command(world, steps[i], i);
    const auto* checkout = std::get_if<Checkout>(&command);
    if (checkout == nullptr) {
      static_cast<void>(world.run(command));
      continue;
    }
    const Quoted quoted = quote(world.member, world.program, world.policy, {*checkout}, world.now);
    const Decision decision = world.run(command);
    if (const auto* refused = std::get_if<Refused>(&decision)) {
      RC_ASSERT(quoted.refused == *refused);
      continue;
    }
    RC_ASSERT(!quoted.refused);
    const auto& event = std::get<Accepted>(decision).event;
    RC_ASSERT(quoted.declined == std::holds_alternative<Declined>(event));
    if (quoted.declined) continue;
    const auto& order = std::get<CheckedOut>(event);
    RC_ASSERT(quoted.awards == order.awards);
    RC_ASSERT(quoted.checks == order.checks);
    RC_ASSERT(quoted.cash_due == order.cash_due);
    RC_ASSERT(order.content.points_to_use <= quoted.points_max);
  }
}

/// Orders of which nothing was refunded, and none of whose lots has had its day: between the parts of
/// a refund points would expire that one whole refund takes first.
std::vector<Order> refundable(const World& world) {
  const Day today = business_day(world.now, world.program.zone);
  std::vector<Order> orders;
  for (const Record& record : world.member.records) {
    const auto* order = std::get_if<CheckedOut>(&record);
    if (order == nullptr || find_totals(world.member, order->key) != nullptr) continue;
    const bool alive = std::ranges::all_of(order->effects.movements, [&](const Movement& movement) {
      return movement.expires_on >= today;
    });
    if (!alive) continue;
    orders.push_back({.id = order->order_id,
                      .venue = std::string(order->origin.venue.text()),
                      .amount = order->content.amount,
                      .excluded = order->content.excluded_from_earning});
  }
  return orders;
}

RC_GTEST_PROP(Properties, ARefundInPartsEndsWhereOneWholeRefundEnds,
              (const Choices& choices, const std::vector<Step>& steps, std::uint32_t which)) {
  World whole = world_of(forgiving(choices));
  run(whole, steps, [](const Command&, const Decision&) {});
  const std::vector<Order> orders = refundable(whole);
  if (orders.empty()) RC_DISCARD("nothing to refund");
  const Order& order = orders[which % orders.size()];
  // Points of a hold that is over lie beside a debt (D6). Which of them and of those given back a
  // claw-back takes, and so what of the given back is left to repay the debt, depends on the parts.
  const Balances before = whole.balances();
  const bool freed_beside_debt = before.debt.count > 0 && before.available.count > 0;
  RC_CLASSIFY(freed_beside_debt, "freed points beside a debt");
  World parts = whole;
  const auto shares =
      *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 10'001));

  Money earning_left = order.amount - order.excluded;
  Money excluded_left = order.excluded;
  Money cash;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const Money earning{earning_left.minor_units * shares[i] / 10'000};
    const Money excluded{excluded_left.minor_units * shares[shares.size() - 1 - i] / 10'000};
    cash += parts
                .give_back("part " + std::to_string(i), order,
                           RefundOfAmount{earning + excluded, excluded})
                .cash_back;
    earning_left -= earning;
    excluded_left -= excluded;
  }
  const Refunded last =
      parts.give_back("last", order, RefundOfAmount{earning_left + excluded_left, excluded_left});
  const Refunded at_once = whole.give_back("whole", order, RefundOfWhole{});

  RC_ASSERT(last.totals.amount == at_once.totals.amount);
  RC_ASSERT(last.totals.clawed_back == at_once.totals.clawed_back);
  RC_ASSERT(last.totals.given_back == at_once.totals.given_back);
  RC_ASSERT(cash + last.cash_back == at_once.cash_back);
  const Balances in_parts = parts.balances();
  const Balances after_whole = whole.balances();
  RC_ASSERT(in_parts.available - in_parts.debt == after_whole.available - after_whole.debt);
  if (!freed_beside_debt) RC_ASSERT(in_parts == after_whole);
  RC_ASSERT(parts.member.counters == whole.member.counters);
}

/// An exact fraction's floor, the long way round: no rule of the domain, only division.
RC_GTEST_PROP(Properties, AwardsSumToTheFlooredExactSum, (const Choices& chosen, Step step)) {
  Choices choices = forgiving(chosen);
  choices.on_lines = choices.one_group = false;
  choices.daily_cap = 0;
  World world = world_of(choices);
  step.kind = 0;
  step.which = 1;
  const auto checkout = std::get<Checkout>(next_command(world, step, 0));

  const CheckedOut order = world.buy(checkout);

  const std::int64_t eligible =
      checkout.amount.minor_units - checkout.excluded_from_earning.minor_units;
  std::int64_t in_ten_thousandths = 10'000;
  if (eligible >= 500'00) {
    in_ten_thousandths = choices.multiplier_basis_points + 3'333;
  } else if (eligible >= 100'00) {
    in_ten_thousandths = choices.multiplier_basis_points;
  }
  const std::int64_t bonus = eligible >= 50'00 ? choices.bonus : 0;
  const std::int64_t exact =
      eligible * choices.base_points * in_ten_thousandths / (10'00LL * 10'000);
  RC_ASSERT(earned(order) == exact + bonus);
}

}  // namespace
}  // namespace wutong::testing
