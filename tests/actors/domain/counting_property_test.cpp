#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "tests/actors/domain/world.h"

/// What a limit lets through, against all that was ever counted, added up anew (4.4).
namespace wutong::testing {
namespace {

using namespace domain;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;

/// One order or refund that comes.
struct Visit {
  std::int64_t gap_ms = 0;
  std::int64_t amount = 0;
  /// How long ago it happened.
  std::int64_t delay_ms = 0;
  bool refunds = false;
  bool offline = false;
  std::uint32_t which = 0;
};

std::ostream& operator<<(std::ostream& out, const Visit& visit) {
  return out << "{after " << visit.gap_ms << " ms, amount " << visit.amount << ", delay "
             << visit.delay_ms << " ms" << (visit.refunds ? ", refunds " : "")
             << (visit.offline ? ", offline" : "") << ", which " << visit.which << '}';
}

/// All that a limit counted. What windows a day falls into is worked out from absl alone.
class Counted {
 public:
  Counted(const Limit& limit, const absl::TimeZone& zone) : limit_(limit), zone_(zone) {}

  /// Exact, but for what a sliding window may still have of the sixtieth that it reaches back further.
  struct Range {
    std::int64_t least = 0;
    std::int64_t most = 0;
  };
  [[nodiscard]] Range before(Instant now, Instant happened_at) const {
    const std::int64_t window_ms = limit_.seconds * 1'000LL;
    Range range;
    for (const One& one : all_) {
      const std::int64_t ago = now.unix_ms - one.received_at.unix_ms;
      const bool same = begin_of(one.happened_at) == begin_of(happened_at);
      if (slides() ? ago < window_ms : same) range.least += one.value;
      if (slides() ? ago < window_ms + (window_ms + 59) / 60 : same) range.most += one.value;
    }
    return range;
  }
  void add(const std::string& id, Instant now, Instant happened_at, std::int64_t value) {
    all_.push_back({id, now, happened_at, value});
  }
  /// A refund took some of it again: sliding windows do not forget.
  void take(const std::string& id, std::int64_t points) {
    if (slides()) return;
    std::ranges::find(all_, id, &One::id)->value -= points;
  }

 private:
  struct One {
    std::string id;
    Instant received_at;
    Instant happened_at;
    std::int64_t value = 0;
  };
  [[nodiscard]] bool slides() const { return limit_.window == Window::sliding; }
  [[nodiscard]] absl::CivilDay begin_of(Instant instant) const {
    const auto day = absl::ToCivilDay(absl::FromUnixMillis(instant.unix_ms), zone_);
    if (limit_.window == Window::calendar_week) {
      return absl::PrevWeekday(day + 1, absl::Weekday::monday);
    }
    if (limit_.window == Window::calendar_month) return absl::CivilDay(absl::CivilMonth(day));
    return day;
  }

  Limit limit_;
  absl::TimeZone zone_;
  std::vector<One> all_;
};

/// From the last line backwards: before the first line that is cut none is, after it nothing is left.
void expect_cut_from_behind(const std::vector<AwardLine>& awards) {
  const auto is_cut = [](const AwardLine& line) { return line.cut > Points{}; };
  auto line = std::ranges::find_if(awards, is_cut);
  if (line == awards.end()) return;
  RC_ASSERT(std::all_of(++line, awards.end(),
                        [](const AwardLine& after) { return after.points == Points{}; }));
}

/// A member whose points never end, under one limit, and the same member under none.
class Trial {
 public:
  explicit Trial(const Limit& limit)
      : limit_(limit), counted_(limit, zone("Asia/Shanghai")), under_({.version = 1}) {
    under_.limits = {limit};
    for (World* world : {&world_, &free_}) {
      world->now = at("2026-12-20 10:00:00");
      world->program.offset = {
          .threshold = {0}, .share = {10'000}, .step_points = {1}, .step_value = {1}};
      Grant endless = world->grant("endless", {1'000'000'000});
      endless.expires_on = day("2200-12-31");
      world->done<Granted>(endless);
      world->buy(opening());
    }
    world_.policy = under_;
  }

  void take(const Visit& visit) {
    for (World* world : {&world_, &free_}) world->now = world->now + Duration{visit.gap_ms};
    const std::string id = std::to_string(number_++);
    if (limit_.measure == Measure::refunds) return take_refund_of_opening(visit, id);
    if (visit.refunds && !orders_.empty()) return take_refund(visit, id);
    take_order(visit, id);
  }

  std::size_t stopped = 0;
  std::size_t let_through = 0;
  std::size_t taken_back = 0;

 private:
  static Order opening() { return {.id = "opening", .amount = {1'000'000'00}}; }

  void take_order(const Visit& visit, const std::string& id) {
    Order order{.id = id, .amount = {visit.amount}};
    order.paid_at = world_.now - Duration{visit.delay_ms};
    if (limit_.measure == Measure::points_used) order.use = {visit.amount / 200};
    // Points can be used late only by a hold, which this is not about.
    if (visit.delay_ms > 5 * minute_ms) order.use = {};
    const CheckedOut unlimited = free_.buy(order);
    std::int64_t asked = 0;
    if (limit_.measure == Measure::points_earned) asked = earned(unlimited);
    if (limit_.measure == Measure::points_used) asked = order.use.count;

    const Event event = done(world_.checkout(order));
    const auto* happened = std::get_if<CheckedOut>(&event);
    const auto& checks = happened ? happened->checks : std::get<Declined>(event).checks;
    const bool late = visit.delay_ms > 5 * minute_ms;
    const std::int64_t counts = happened && limit_.measure == Measure::points_earned
                                    ? earned(*happened)
                                : happened ? asked
                                           : 0;
    expect(checks.at(0), asked, counts, happened != nullptr, {order.paid_at, late});
    if (happened == nullptr) return;
    expect_cut_from_behind(happened->awards);
    counted_.add(id, world_.now, order.paid_at, counts);
    if (order.amount > Money{}) orders_.push_back(order);
  }

  void take_refund(const Visit& visit, const std::string& id) {
    const Order& order = orders_[visit.which % orders_.size()];
    const Money part{1 + visit.amount % order.amount.minor_units};
    const Decision decision = world_.run(world_.refund(id, order, RefundOfAmount{part, {}}));
    // More than is left is refused.
    const auto* accepted = std::get_if<Accepted>(&decision);
    if (accepted == nullptr) return;
    const auto& refund = std::get<Refunded>(accepted->event);
    const bool of_earned = limit_.measure == Measure::points_earned;
    counted_.take(order.id, (of_earned ? refund.clawed_back : refund.given_back).count);
    ++taken_back;
  }

  void take_refund_of_opening(const Visit& visit, const std::string& id) {
    Refund refund = world_.refund(id, opening(), RefundOfAmount{{1}, {}});
    refund.occurred_at = world_.now - Duration{visit.delay_ms};
    refund.origin.offline = visit.offline;
    const Event event = done(refund);
    const auto* happened = std::get_if<Refunded>(&event);
    const auto& checks = happened ? happened->checks : std::get<Declined>(event).checks;
    const bool late = visit.offline || visit.delay_ms > 5 * minute_ms;
    expect(checks.at(0), 1, happened ? 1 : 0, happened != nullptr, {refund.occurred_at, late});
    if (happened) counted_.add(id, world_.now, refund.occurred_at, 1);
  }

  Event done(const Command& command) {
    const Decision decision = world_.run(command);
    const auto* accepted = std::get_if<Accepted>(&decision);
    RC_ASSERT(accepted != nullptr);
    return accepted->event;
  }

  struct When {
    Instant happened_at;
    bool late = false;
  };
  void expect(const RiskCheck& check, std::int64_t asked, std::int64_t counts, bool accepted,
              When when) {
    const auto [least, most] = counted_.before(world_.now, when.happened_at);
    RC_ASSERT(check.value_asked == asked);
    RC_ASSERT(check.value_before >= least);
    RC_ASSERT(check.value_before <= most);
    RC_ASSERT(check.exceeded == (asked > 0 && check.value_before + asked > limit_.bound));
    const bool felt = counts < asked;
    const bool spared =
        limit_.effect == LimitEffect::decline && when.late && limit_.window == Window::sliding;
    RC_ASSERT(check.effect == (spared ? LimitEffect::flag : limit_.effect));
    if (spared) {
      RC_ASSERT(accepted);
      RC_ASSERT(!felt);
      return;
    }
    // Never beyond the bound, and nothing is stopped that the bound has room for.
    RC_ASSERT(counts == 0 || least + counts <= limit_.bound);
    if (limit_.effect == LimitEffect::cap) {
      RC_ASSERT(accepted);
      RC_ASSERT(counts >= std::min(asked, std::max<std::int64_t>(0, limit_.bound - most)));
    } else {
      RC_ASSERT(accepted == !check.exceeded);
      RC_ASSERT(accepted || most + asked > limit_.bound);
    }
    (felt ? stopped : let_through) += 1;
  }

  Limit limit_;
  Counted counted_;
  RiskPolicy under_;
  World world_;
  World free_;
  std::vector<Order> orders_;
  int number_ = 0;
};

Limit any_limit(Measure measure, LimitEffect effect, std::int64_t bound_max) {
  Limit limit{.id = LimitId::intern("l"), .measure = measure, .effect = effect};
  limit.window = static_cast<Window>(*rc::gen::inRange(1, 5));
  if (limit.window == Window::sliding) {
    limit.seconds = *rc::gen::element<std::int32_t>(1, 59, 600, 86'400, 7 * 86'400, 2'592'000);
  }
  limit.bound = *rc::gen::inRange<std::int64_t>(0, bound_max);
  return limit;
}

/// So that windows are met at their edges, and a few visits fall into one.
std::vector<Visit> visits_around(const Limit& limit) {
  const bool slides = limit.window == Window::sliding;
  const std::int64_t window_ms = slides ? limit.seconds * 1'000LL : 24 * hour_ms;
  const std::int64_t sixtieth = window_ms / 60;
  using rc::gen::element;
  using rc::gen::inRange;
  const auto gap = rc::gen::weightedOneOf<std::int64_t>(
      {{6, inRange<std::int64_t>(0, window_ms / 10 + 2)},
       {2, element<std::int64_t>(0, 1, sixtieth, window_ms - 1, window_ms, window_ms + 1)},
       {2, element<std::int64_t>(sixtieth / 2, window_ms - sixtieth / 2)},
       {1, inRange<std::int64_t>(0, 2 * window_ms)}});
  return *rc::gen::container<std::vector<Visit>>(rc::gen::build<Visit>(
      rc::gen::set(&Visit::gap_ms, gap),
      rc::gen::set(&Visit::amount, inRange<std::int64_t>(0, 1'200'00)),
      rc::gen::set(&Visit::delay_ms, element<std::int64_t>(0, 0, 0, 4 * minute_ms, 30 * hour_ms,
                                                           100 * hour_ms, 160 * hour_ms)),
      rc::gen::set(&Visit::refunds, rc::gen::map(inRange(0, 4), [](int n) { return n == 0; })),
      rc::gen::set(&Visit::offline, rc::gen::map(inRange(0, 8), [](int n) { return n == 0; })),
      rc::gen::set(&Visit::which, inRange<std::uint32_t>(0, 1'000))));
}

void expect_exact(const Limit& limit) {
  Trial trial(limit);
  for (const Visit& visit : visits_around(limit)) trial.take(visit);
  RC_CLASSIFY(trial.stopped > 0 && trial.let_through > 3, "some of both");
  RC_CLASSIFY(trial.taken_back > 0, "refunds took of it");
}

RC_GTEST_PROP(Counting, ACapNeverGivesMoreThanTheBoundAndCutsNoMoreThanItMust, ()) {
  expect_exact(any_limit(Measure::points_earned, LimitEffect::cap, 500));
}

RC_GTEST_PROP(Counting, PointsEarnedBeyondTheBoundAreDeclinedAndNoOthers, ()) {
  expect_exact(any_limit(Measure::points_earned, LimitEffect::decline, 500));
}

RC_GTEST_PROP(Counting, PointsUsedBeyondTheBoundAreDeclinedAndNoOthers, ()) {
  expect_exact(any_limit(Measure::points_used, LimitEffect::decline, 2'000));
}

RC_GTEST_PROP(Counting, RefundsBeyondTheBoundAreDeclinedAndNoOthers, ()) {
  expect_exact(any_limit(Measure::refunds, LimitEffect::decline, 6));
}

}  // namespace
}  // namespace wutong::testing
