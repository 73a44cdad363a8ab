#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/actors/domain/world.h"

/// A limit in shadow names what the same limit would stop (4.4).
namespace wutong::testing {
namespace {

using namespace domain;

struct Visit {
  std::int64_t gap_ms = 0;
  std::int64_t amount = 0;
  bool refunds = false;
  bool offline = false;
};

std::ostream& operator<<(std::ostream& out, const Visit& visit) {
  return out << "{after " << visit.gap_ms << " ms, amount " << visit.amount
             << (visit.refunds ? ", refunds" : "") << (visit.offline ? ", offline" : "") << '}';
}

/// A kind of limit.
struct Kind {
  Measure measure = Measure::orders;
  LimitEffect effect = LimitEffect::decline;
  std::int64_t bound_max = 0;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) {
  return out << "{measure " << static_cast<int>(kind.measure) << ", effect "
             << static_cast<int>(kind.effect) << '}';
}

Limit limit_of(const std::string& id, Measure measure, LimitEffect effect, std::int64_t bound) {
  return {.id = LimitId::intern(id), .measure = measure, .effect = effect, .bound = bound};
}

/// The limit that is tried.
Limit any_tried() {
  const Kind kind = *rc::gen::element(Kind{Measure::points_earned, LimitEffect::cap, 400},
                                      Kind{Measure::points_earned, LimitEffect::decline, 600},
                                      Kind{Measure::orders, LimitEffect::decline, 6},
                                      Kind{Measure::amount, LimitEffect::decline, 4'000'00},
                                      Kind{Measure::points_used, LimitEffect::decline, 3'000},
                                      Kind{Measure::refunds, LimitEffect::decline, 5});
  Limit tried = limit_of("try", kind.measure, kind.effect,
                         *rc::gen::inRange<std::int64_t>(0, kind.bound_max));
  tried.window = static_cast<Window>(*rc::gen::inRange(1, 5));
  if (tried.window == Window::sliding) {
    tried.seconds = *rc::gen::element<std::int32_t>(3'600, 86'400, 7 * 86'400);
  }
  return tried;
}

/// Live limits beside it, which stop what is large by itself: those that go by what came before would
/// stop other orders where the tried one is felt. They come before and after it in the policy.
std::vector<Limit> limits_beside() {
  std::vector<Limit> beside{limit_of("a", Measure::amount, LimitEffect::decline, 1'000'00),
                            limit_of("z", Measure::points_earned, LimitEffect::cap, 70)};
  for (Limit& limit : beside) {
    limit.window = Window::sliding;
    limit.seconds = 1;
  }
  const auto count = *rc::gen::element<std::size_t>(0, 1, 2);
  if (count < 2) beside.erase(beside.begin() + static_cast<std::ptrdiff_t>(count), beside.end());
  return beside;
}

World world_under(Limit tried, LimitMode mode, const std::vector<Limit>& beside) {
  World world;
  world.program.offset = {
      .threshold = {0}, .share = {10'000}, .step_points = {1}, .step_value = {1}};
  // Of the terms that what is earned has too: of several lots a refund gives back floored parts, and in
  // which lots points lie depends on what was declined before.
  world.done<Granted>(world.grant("all", {1'000'000'000}));
  tried.mode = mode;
  world.policy.limits = beside;
  world.policy.limits.push_back(tried);
  std::ranges::sort(world.policy.limits, {}, &Limit::id);
  return world;
}

/// An order that every world has, and how often a part of it can still be refunded in all of them: where
/// refunds are tried, one world declines some that the others do not.
struct Bought {
  Order order;
  std::int64_t part = 0;
  int parts_left = 0;
};

/// What came of an order or a refund in one of the worlds.
struct Happened {
  bool declined = false;
  /// Nothing where the tried limit does not look.
  std::optional<RiskCheck> check;
  Points cut;
};

Happened happened(World& world, const Command& command) {
  const Decision decision = world.run(command);
  const auto* accepted = std::get_if<Accepted>(&decision);
  RC_ASSERT(accepted != nullptr);
  Happened happened;
  const auto look_at = [&](const std::vector<RiskCheck>& checks) {
    const auto found = std::ranges::find(checks, LimitId::intern("try"), &RiskCheck::limit);
    if (found != checks.end()) happened.check = *found;
  };
  if (const auto* order = std::get_if<CheckedOut>(&accepted->event)) {
    look_at(order->checks);
    for (const AwardLine& line : order->awards) happened.cut += line.cut;
  } else if (const auto* refund = std::get_if<Refunded>(&accepted->event)) {
    look_at(refund->checks);
  } else {
    happened.declined = true;
    look_at(std::get<Declined>(accepted->event).checks);
  }
  return happened;
}

std::vector<Visit> any_visits() {
  using rc::gen::inRange;
  return *rc::gen::container<std::vector<Visit>>(rc::gen::build<Visit>(
      // More than the second that the limits beside it look back.
      rc::gen::set(&Visit::gap_ms, rc::gen::oneOf(inRange<std::int64_t>(2'000, 40'000'000),
                                                  inRange<std::int64_t>(2'000, 1'000'000))),
      rc::gen::set(&Visit::amount, inRange<std::int64_t>(10'00, 1'200'00)),
      rc::gen::set(&Visit::refunds, rc::gen::map(inRange(0, 3), [](int n) { return n == 0; })),
      rc::gen::set(&Visit::offline, rc::gen::map(inRange(0, 8), [](int n) { return n == 0; }))));
}

/// The same orders and refunds to a limit that is live, and to the same in shadow.
RC_GTEST_PROP(Shadow, NamesTheOrdersThatTheSameLimitWouldStop, ()) {
  const Limit tried = any_tried();
  const auto beside = limits_beside();
  World live = world_under(tried, LimitMode::live, beside);
  World shadow = world_under(tried, LimitMode::shadow, beside);
  // What either does without the tried limit.
  World neither = world_under(tried, LimitMode::off, beside);
  const int parts = tried.measure == Measure::refunds ? 400 : 4;
  std::vector<Bought> orders;
  std::size_t stopped = 0;
  std::size_t passed = 0;
  const auto visits = any_visits();
  for (std::size_t i = 0; i < visits.size(); ++i) {
    const Visit& visit = visits[i];
    for (World* world : {&live, &shadow, &neither})
      world->now = world->now + Duration{visit.gap_ms};
    const std::string id = std::to_string(i);
    Bought* const of = orders.empty() || !visit.refunds
                           ? nullptr
                           : &orders[static_cast<std::size_t>(visit.amount) % orders.size()];
    const bool refunds = of != nullptr && of->parts_left-- > 0;
    Order order{.id = id, .amount = {visit.amount}};
    if (!visit.offline) order.use = {visit.amount / 200};
    const auto command = [&](const World& world) -> Command {
      if (refunds) {
        Refund refund = world.refund(id, of->order, RefundOfAmount{{of->part}, {}});
        refund.origin.offline = visit.offline;
        return refund;
      }
      Checkout checkout = world.checkout(order);
      checkout.origin.offline = visit.offline;
      return checkout;
    };
    const Happened felt = happened(live, command(live));
    const Happened named = happened(shadow, command(shadow));
    const Happened none = happened(neither, command(neither));

    // Nothing is felt of it.
    RC_ASSERT(named.declined == none.declined);
    RC_ASSERT(named.cut == none.cut);
    RC_ASSERT(shadow.balances() == neither.balances());
    RC_ASSERT(!none.check);
    // It sees what it would see, and stops what it would stop.
    RC_ASSERT(named.check.has_value() == felt.check.has_value());
    if (named.check) {
      RC_ASSERT(named.check->exceeded == felt.check->exceeded);
      RC_ASSERT(named.check->value_before == felt.check->value_before);
      RC_ASSERT(named.check->value_asked == felt.check->value_asked);
      RC_ASSERT(named.check->effect == felt.check->effect);
      const bool declines = felt.check->exceeded && felt.check->effect == LimitEffect::decline;
      RC_ASSERT(felt.declined == (none.declined || declines));
      ++(felt.check->exceeded ? stopped : passed);
    }
    // In one lot, as long as all is earned in one year.
    RC_ASSERT(shadow.member.lots.size() == 1U);
    if (!refunds && !felt.declined && !none.declined) {
      orders.push_back({order, order.amount.minor_units / parts, parts});
    }
  }
  RC_CLASSIFY(stopped > 0 && passed > 3, "some of both");
}

}  // namespace
}  // namespace wutong::testing
