#include "load/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>

#include "load/requests.h"
#include "load/rules_file.h"
#include "load/zipf.h"

namespace wutong::load {
namespace {

/// The program that the quickstart serves.
Rules sample_rules() {
  auto rules = rules_of_file(WUTONG_SOURCE_DIR "/ops/program/program.json");
  EXPECT_TRUE(rules) << rules.error();
  return *std::move(rules);
}

std::string text_of(const Rules& rules, const Plan& plan) {
  const Requests requests(rules, plan);
  std::string text;
  for (const PlannedStep& step : plan.steps) {
    text += std::to_string(static_cast<int>(step.kind)) + ":";
    const bool refund = step.kind == StepKind::refund || step.kind == StepKind::refund_again;
    text += refund ? requests.refund(step.refund, 0).SerializeAsString()
                   : requests.checkout(step.order, {}).SerializeAsString();
  }
  return text;
}

TEST(Plan, FollowsFromTheSeedAndTheDayAlone) {
  const Rules rules = sample_rules();
  const PlanOptions options{.seed = 5, .day = 2, .orders = 3'000, .members = 500};
  PlanOptions other_seed = options;
  other_seed.seed = 6;
  PlanOptions other_day = options;
  other_day.day = 3;

  const std::string text = text_of(rules, plan_day(rules, options));

  EXPECT_EQ(text, text_of(rules, plan_day(rules, options)));
  EXPECT_NE(text, text_of(rules, plan_day(rules, other_seed)));
  EXPECT_NE(text, text_of(rules, plan_day(rules, other_day)));
}

TEST(Plan, DaysShareMembersButNoOrder) {
  const Rules rules = sample_rules();
  const Plan first = plan_day(rules, {.day = 1, .orders = 2'000, .members = 100});
  const Plan second = plan_day(rules, {.day = 2, .orders = 2'000, .members = 100});
  const Requests first_requests(rules, first);
  const Requests second_requests(rules, second);

  std::set<std::string> ids;
  for (std::uint32_t order = 0; order < 2'000; ++order) {
    ids.insert(first_requests.order_id(order));
    ids.insert(second_requests.order_id(order));
  }

  EXPECT_EQ(ids.size(), 4'000U);
  EXPECT_EQ(first_requests.member_id(7), second_requests.member_id(7));
  EXPECT_THAT(first_requests.order_id(0), testing::MatchesRegex("T[0-9]+-20260101-000001"));
  EXPECT_THAT(second_requests.order_id(0), testing::MatchesRegex("T[0-9]+-20260102-000001"));
}

TEST(Plan, EveryKindOfTrafficIsWellAboveOnePercent) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 40'000, .members = 10'000});

  std::map<StepKind, std::size_t> steps;
  std::map<RefundKind, std::size_t> refunds;
  for (const PlannedStep& step : plan.steps) {
    ++steps[step.kind];
    if (step.kind == StepKind::refund) ++refunds[plan.refunds[step.refund].kind];
  }
  const auto late = std::ranges::count_if(plan.orders, &PlannedOrder::late);
  const auto with_points = std::ranges::count_if(plan.orders, &PlannedOrder::pays_with_points);

  const std::size_t least = plan.steps.size() * 13 / 1'000;
  EXPECT_EQ(steps[StepKind::checkout], 40'000U);
  EXPECT_GT(steps[StepKind::duplicate], least);
  EXPECT_GT(steps[StepKind::other_content], least);
  EXPECT_GT(steps[StepKind::other_member], least);
  EXPECT_GT(refunds[RefundKind::amount], least);
  EXPECT_GT(refunds[RefundKind::lines], least);
  EXPECT_GT(refunds[RefundKind::whole], least);
  EXPECT_GT(static_cast<std::size_t>(late), least);
  // Half of them may find too few points when their time comes.
  EXPECT_GT(static_cast<std::size_t>(with_points), 2 * least);
}

TEST(Plan, StepsOfOneOrderBeginWithItsCheckout) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 5'000, .members = 500});

  std::set<std::uint32_t> sent;
  std::set<std::uint32_t> refunded;
  for (const PlannedStep& step : plan.steps) {
    EXPECT_EQ(sent.insert(step.order).second, step.kind == StepKind::checkout);
    if (step.kind == StepKind::refund) refunded.insert(step.refund);
    if (step.kind == StepKind::refund_again) {
      EXPECT_TRUE(refunded.contains(step.refund));
    }
  }
}

TEST(Plan, OrdersAddUp) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 5'000, .members = 500});
  const Requests requests(rules, plan);

  for (std::uint32_t i = 0; i < plan.orders.size(); ++i) {
    const Order order = order_of(requests.checkout(i, {.points_to_use = 100}));
    std::int64_t lines = 0;
    std::int64_t excluded = 0;
    std::int64_t tenders = 0;
    for (const Line& line : order.lines) {
      EXPECT_GT(line.amount_minor, 0);
      lines += line.amount_minor;
      if (line.excluded) excluded += line.amount_minor;
    }
    for (const Tender& tender : order.tenders) tenders += tender.amount_minor;
    if (!order.lines.empty()) {
      EXPECT_EQ(lines, order.amount_minor);
      EXPECT_EQ(excluded, order.excluded_minor);
    }
    EXPECT_EQ(tenders, order.amount_minor - 300);
    EXPECT_LE(order.excluded_minor, order.amount_minor);
    EXPECT_LE(order.excluded_from_offset_minor, order.amount_minor);
  }
}

TEST(Plan, RefundsTakeNoMoreThanThereIs) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 20'000, .members = 500});

  std::map<std::uint32_t, std::int64_t> taken;
  std::map<std::uint32_t, std::int64_t> excluded;
  for (const PlannedStep& step : plan.steps) {
    if (step.kind != StepKind::refund) continue;
    const PlannedRefund& refund = plan.refunds[step.refund];
    const PlannedOrder& order = plan.orders[refund.order];
    const std::int64_t left = order.amount_minor - taken[refund.order];
    if (refund.kind == RefundKind::whole) {
      EXPECT_GT(left, 0);
      continue;
    }
    std::int64_t amount = refund.amount_minor;
    std::int64_t part = refund.excluded_minor;
    for (const std::uint32_t number : refund.lines) {
      const PlannedLine& line = order.lines.at(number - 1);
      amount += line.amount_minor;
      if (line.excluded) part += line.amount_minor;
    }
    taken[refund.order] += amount;
    excluded[refund.order] += part;
    EXPECT_GT(amount, 0);
    EXPECT_LE(excluded[refund.order], order.excluded_minor);
    EXPECT_LE(taken[refund.order] - excluded[refund.order],
              order.amount_minor - order.excluded_minor);
  }
}

TEST(Plan, AllVenuesHaveTheirHours) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 40'000, .members = 10'000});

  std::map<std::uint32_t, std::array<int, 24>> orders;
  for (const PlannedOrder& order : plan.orders) ++orders[order.venue].at(order.minute / 60);

  EXPECT_EQ(orders.size(), rules.venues.size());
  EXPECT_EQ(rules.venues.size(), 12U);
  for (const auto& [venue, hours] : orders) {
    // A peak is far above the mean hour.
    const int all = std::accumulate(hours.begin(), hours.end(), 0);
    EXPECT_GT(*std::ranges::max_element(hours) * 24, all * 2) << rules.venues[venue].id;
  }
}

TEST(Requests, OtherContentNamesTheFieldThatDiffersFirst) {
  const Rules rules = sample_rules();
  const Plan plan = plan_day(rules, {.orders = 200, .members = 50});
  const Requests requests(rules, plan);

  for (std::uint32_t i = 0; i < plan.orders.size(); ++i) {
    const v1::CheckoutRequest sent = requests.checkout(i, {.occurred_at_unix_ms = 1'000});
    const auto time = with_other_content(sent, 0);
    EXPECT_EQ(time.field, "occurred_at_unix_ms");
    EXPECT_NE(time.request.occurred_at_unix_ms(), sent.occurred_at_unix_ms());
    const auto amount = with_other_content(sent, 2);
    EXPECT_EQ(amount.field, "amount_minor");
    EXPECT_EQ(amount.request.amount_minor(), sent.amount_minor() + 1);
  }
}

TEST(Zipf, DrawsAFewOftenAndMostSeldom) {
  const Zipf zipf(1'000, 0.8);
  Random random(3);
  std::vector<int> drawn(1'000);
  for (int i = 0; i < 100'000; ++i) ++drawn[zipf.draw(random)];

  // The first is drawn 10^0.8 times as often as the tenth.
  EXPECT_NEAR(static_cast<double>(drawn[0]) / drawn[9], 6.3, 1.0);
  EXPECT_GT(drawn[0], 50 * drawn[999] / 2);
}

}  // namespace
}  // namespace wutong::load
