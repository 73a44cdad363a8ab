#include "load/plan.h"

#include <algorithm>
#include <numeric>

#include "load/plan_orders.h"
#include "load/random.h"

namespace wutong::load {
namespace {

/// Parts of all orders that something follows. Each kind stays above 1 % of the traffic, which a
/// quarter of follow-ups makes larger than the orders.
constexpr double refunded_by_amount = 0.024;
constexpr double refunded_by_lines = 0.075;  // of those with at least two lines
constexpr double refunded_whole = 0.024;
constexpr double duplicated = 0.03;
constexpr double with_other_content = 0.025;
constexpr double for_other_member = 0.025;

/// Makes what follows the orders, and puts all steps in their order.
class FollowUps {
 public:
  FollowUps(const Rules& rules, Plan& plan)
      : rules_(rules), plan_(plan), random_(seed_of(plan.options.seed, plan.options.day * 4 + 1)) {}

  void make() {
    for (std::uint32_t order = 0; order < plan_.orders.size(); ++order) follow(order);
    std::ranges::stable_sort(slots_, {}, &Slot::at);
    plan_.steps.reserve(slots_.size());
    for (const Slot& slot : slots_) {
      const std::size_t order = std::min<std::size_t>(slot.at, plan_.orders.size() - 1);
      plan_.steps.push_back(slot.step);
      plan_.steps.back().minute = plan_.orders[order].minute;
    }
  }

 private:
  struct Slot {
    std::uint64_t at = 0;
    PlannedStep step;
  };

  void put(std::uint64_t at, PlannedStep step) { slots_.push_back({at, step}); }

  /// At once, in a while, or much later in the day.
  std::uint64_t gap() {
    switch (random_.below(3)) {
      case 0:
        return 1 + random_.below(4);
      case 1:
        return 50 + random_.below(2'000);
      default:
        return 2'000 + random_.below(60'000);
    }
  }

  void follow(std::uint32_t order) {
    std::uint64_t at = order;
    put(at, {.kind = StepKind::checkout, .order = order});
    // The first order tells whether the day was sent before; nothing may blur that.
    if (order == 0) return;
    if (random_.chance(duplicated)) duplicate(order, at);
    if (random_.chance(with_other_content)) {
      at += gap();
      const auto variant = static_cast<std::uint8_t>(random_.below(3));
      put(at, {.kind = StepKind::other_content, .order = order, .variant = variant});
    }
    if (random_.chance(for_other_member) && plan_.options.members > 1) {
      at += gap();
      put(at, {.kind = StepKind::other_member, .order = order, .member = another_member(order)});
    }
    refund(order, at);
  }

  void duplicate(std::uint32_t order, std::uint64_t at) {
    const PlannedOrder& planned = plan_.orders[order];
    const bool eager = !planned.pays_with_points && random_.chance(0.3);
    put(eager ? at : at + gap(), {.kind = StepKind::duplicate, .order = order, .eager = eager});
  }

  std::uint32_t another_member(std::uint32_t order) {
    const std::uint32_t own = plan_.orders[order].member;
    const auto other = static_cast<std::uint32_t>(random_.below(plan_.options.members - 1));
    return other < own ? other : other + 1;
  }

  void refund(std::uint32_t order, std::uint64_t at) {
    const PlannedOrder& planned = plan_.orders[order];
    if (planned.amount_minor == 0) return;
    if (planned.lines.size() >= 2 && random_.chance(refunded_by_lines)) {
      refund_lines(order, at);
    } else if (random_.chance(refunded_by_amount)) {
      refund_amounts(order, at);
    } else if (random_.chance(refunded_whole)) {
      put_refund(order, at + gap(), {.kind = RefundKind::whole});
    }
  }

  void refund_lines(std::uint32_t order, std::uint64_t at) {
    const std::vector<PlannedLine>& lines = plan_.orders[order].lines;
    std::vector<std::uint32_t> numbers(lines.size());
    std::iota(numbers.begin(), numbers.end(), 1U);
    for (std::size_t i = numbers.size() - 1; i > 0; --i) {
      std::swap(numbers[i], numbers[random_.below(i + 1)]);
    }
    const std::size_t first = 1 + random_.below(numbers.size() - 1);
    const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(first);
    at += gap();
    put_refund(order, at, {.kind = RefundKind::lines, .lines = {numbers.begin(), middle}});
    const std::uint64_t then = random_.below(4);
    at += gap();
    if (then == 0) {
      put_refund(order, at, {.kind = RefundKind::lines, .lines = {middle, numbers.end()}});
    } else if (then == 1) {
      put_refund(order, at, {.kind = RefundKind::whole});
    }
  }

  void refund_amounts(std::uint32_t order, std::uint64_t at) {
    const PlannedOrder& planned = plan_.orders[order];
    std::int64_t excluded = planned.excluded_minor;
    std::int64_t earning = planned.amount_minor - excluded;
    for (std::uint64_t part = 0, parts = 1 + random_.below(3); part < parts; ++part) {
      const std::int64_t of_earning = earning > 0 ? random_.between(1, earning / 2 + 1) : 0;
      const std::int64_t of_excluded =
          excluded > 0 && random_.chance(0.5) ? random_.between(1, excluded) : 0;
      if (of_earning + of_excluded == 0) return;
      earning -= of_earning;
      excluded -= of_excluded;
      at += gap();
      put_refund(order, at,
                 {.kind = RefundKind::amount,
                  .amount_minor = of_earning + of_excluded,
                  .excluded_minor = of_excluded});
    }
    if (earning + excluded > 0 && random_.chance(0.2)) {
      put_refund(order, at + gap(), {.kind = RefundKind::whole});
    }
  }

  void put_refund(std::uint32_t order, std::uint64_t at, PlannedRefund refund) {
    refund.order = order;
    refund.venue = refunding_venue(plan_.orders[order].venue);
    refund.names_member = random_.chance(0.5);
    const auto index = static_cast<std::uint32_t>(plan_.refunds.size());
    plan_.refunds.push_back(std::move(refund));
    put(at, {.kind = StepKind::refund, .order = order, .refund = index});
    if (random_.chance(0.05)) {
      put(at + gap(), {.kind = StepKind::refund_again, .order = order, .refund = index});
    }
  }

  /// The order's own venue, now and then another that may.
  std::uint32_t refunding_venue(std::uint32_t own) {
    if (!random_.chance(0.1)) return own;
    std::vector<std::uint32_t> allowed;
    for (std::uint32_t i = 0; i < rules_.venues.size(); ++i) {
      const auto& others = rules_.venues[i].refunds_orders_of;
      if (std::ranges::find(others, rules_.venues[own].id) != others.end()) allowed.push_back(i);
    }
    return allowed.empty() ? own : allowed[random_.below(allowed.size())];
  }

  const Rules& rules_;
  Plan& plan_;
  Random random_;
  std::vector<Slot> slots_;
};

}  // namespace

Plan plan_day(const Rules& rules, const PlanOptions& options) {
  Plan plan{.options = options, .orders = plan_orders(rules, options)};
  FollowUps(rules, plan).make();
  return plan;
}

}  // namespace wutong::load
