#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "actors/domain/guards.h"
#include "tests/actors/domain/world.h"

/// One row a refusal, in the order of precedence (D13). A row breaks its rule alone; of two broken
/// rules the earlier row answers.
namespace wutong::testing {
namespace {

using namespace domain;

template <typename Asked>
struct Row {
  Refused refused;
  std::function<void(World&, Asked&)> breaks;
};

constexpr Money too_much{order_amount_max.minor_units + 1};

/// A member with 5,000 points.
World world_with_points() {
  World world;
  world.buy({.id = "opening", .amount = {25'000'00}});
  return world;
}

Checkout good_checkout(const World& world) {
  Checkout checkout = world.checkout({.id = "1", .amount = {588'00}, .use = {200}});
  checkout.lines = {{.number = 1, .amount = {300'00}}, {.number = 2, .amount = {288'00}}};
  return checkout;
}

void know_other_content(World& world, const Checkout& asked) {
  CheckedOut known{.key = asked.key, .content = {.occurred_at = asked.occurred_at}};
  known.content.currency = "EUR";
  world.member.records.emplace_back(known);
}

const std::vector<Row<Checkout>>& checkout_rows() {
  static const std::vector<Row<Checkout>> rows = {
      {{Refusal::member_unknown, Field::member},
       [](World& world, Checkout&) { world.member.id.clear(); }},
      {{Refusal::other_content, Field::currency}, know_other_content},
      {{Refusal::member_not_active, Field::member},
       [](World& world, Checkout&) { world.member.status = MemberStatus::suspended; }},
      {{Refusal::occurred_in_future, Field::occurred_at},
       [](World& world, Checkout& asked) { asked.occurred_at = world.now + Duration{300'001}; }},
      {{Refusal::back_dated, Field::occurred_at},
       [](World& world, Checkout& asked) {
         asked.occurred_at = world.now - Duration{7 * 86'400'000 + 1};
         asked.points_to_use = {};
         asked.tenders = {{"cash", asked.amount}};
       }},
      {{Refusal::venue_not_allowed, Field::venue},
       [](World& world, Checkout&) { world.program.venues.clear(); }},
      {{Refusal::currency_not_the_venues, Field::currency},
       [](World&, Checkout& asked) { asked.currency = "USD"; }},
      {{Refusal::excluded_exceeds_amount, Field::excluded},
       [](World&, Checkout& asked) { asked.excluded_from_earning = asked.amount + Money{1}; }},
      {{Refusal::excluded_exceeds_amount, Field::excluded_from_offset},
       [](World&, Checkout& asked) { asked.excluded_from_offset = asked.amount + Money{1}; }},
      {{Refusal::lines_do_not_sum, Field::lines},
       [](World&, Checkout& asked) { asked.lines[0].amount += Money{1}; }},
      {{Refusal::excluded_lines_do_not_sum, Field::excluded},
       [](World&, Checkout& asked) { asked.lines[1].excluded = true; }},
      {{Refusal::tenders_do_not_sum, Field::tenders},
       [](World&, Checkout& asked) { asked.tenders[0].amount += Money{1}; }},
      {{Refusal::amount_overflows, Field::amount},
       [](World&, Checkout& asked) {
         asked.amount += too_much;
         asked.lines[0].amount += too_much;
         asked.tenders[0].amount += too_much;
       }},
      {{Refusal::hold_unknown, Field::hold_id},
       [](World&, Checkout& asked) { asked.hold_id = "hold"; }},
      {{Refusal::late_without_hold, Field::hold_id},
       [](World&, Checkout& asked) { asked.origin.offline = true; }},
      {{Refusal::below_offset_threshold, Field::points_to_use},
       [](World&, Checkout& asked) { asked.excluded_from_offset = asked.amount - Money{49'99}; }},
      {{Refusal::not_in_steps, Field::points_to_use},
       [](World&, Checkout& asked) { asked.points_to_use = {250}; }},
      {{Refusal::balance_too_low, Field::points_to_use},
       [](World& world, Checkout&) { world.member.lots.clear(); }},
      {{Refusal::above_offset_share, Field::points_to_use},
       [](World&, Checkout& asked) {
         asked.points_to_use = {3'000};
         asked.tenders[0].amount -= Money{84'00};
       }},
  };
  return rows;
}

/// An order of 1,000.00 in lines of 100.00 and 500.00 that earn and 400.00 that does not; the line of
/// 100.00 has been refunded.
const Order half_refunded{.id = "1", .amount = {1'000'00}, .excluded = {400'00}};

World world_with_refund() {
  World world;
  Checkout checkout = world.checkout(half_refunded);
  checkout.lines = {{.number = 1, .amount = {100'00}},
                    {.number = 2, .amount = {500'00}},
                    {.number = 3, .amount = {400'00}, .excluded = true}};
  world.buy(checkout);
  world.give_back("r1", half_refunded, RefundOfLines{{1}});
  return world;
}

Refund good_refund(const World& world) {
  return world.refund("r2", half_refunded, RefundOfAmount{{50'00}, {}});
}

const std::vector<Row<Refund>>& refund_rows() {
  static const auto asks = [](RefundScope scope) {
    return [scope](World&, Refund& asked) { asked.scope = scope; };
  };
  static const std::vector<Row<Refund>> rows = {
      {{Refusal::member_unknown, Field::member},
       [](World& world, Refund&) { world.member.id.clear(); }},
      {{Refusal::other_content, Field::order_id},
       [](World& world, Refund& asked) {
         world.member.records.emplace_back(
             Refunded{.key = asked.key, .content = {.order = {7, 7}}});
       }},
      {{Refusal::member_not_active, Field::member},
       [](World& world, Refund&) { world.member.status = MemberStatus::closed; }},
      {{Refusal::occurred_in_future, Field::occurred_at},
       [](World& world, Refund& asked) { asked.occurred_at = world.now + Duration{300'001}; }},
      {{Refusal::back_dated, Field::occurred_at},
       [](World& world, Refund& asked) {
         asked.occurred_at = world.now - Duration{7 * 86'400'000 + 1};
       }},
      {{Refusal::excluded_exceeds_amount, Field::excluded}, asks(RefundOfAmount{{1}, {2}})},
      {{Refusal::amount_overflows, Field::amount}, asks(RefundOfAmount{too_much, {}})},
      {{Refusal::order_unknown, Field::order_id},
       [](World&, Refund& asked) { asked.order = order_key("M1", "never sent"); }},
      {{Refusal::venue_not_allowed, Field::venue},
       [](World&, Refund& asked) { asked.origin.venue = VenueId::intern("H1"); }},
      {{Refusal::line_unknown, Field::lines}, asks(RefundOfLines{{1, 9}})},
      {{Refusal::line_already_refunded, Field::lines}, asks(RefundOfLines{{1, 2}})},
      {{Refusal::more_than_left, Field::amount}, asks(RefundOfAmount{{900'01}, {500'00}})},
      {{Refusal::more_earning_than_left, Field::amount}, asks(RefundOfAmount{{500'01}, {}})},
      {{Refusal::more_excluded_than_left, Field::excluded},
       asks(RefundOfAmount{{400'01}, {400'01}})},
  };
  return rows;
}

/// Whatever is answered, deciding changes nothing.
template <typename Asked>
Refused answer(World& world, const Asked& asked) {
  const Member before = world.member;
  const Decision decision = decide(world.member, world.program, world.policy, asked, world.now);
  EXPECT_EQ(world.member, before);
  const auto* refused = std::get_if<Refused>(&decision);
  if (refused != nullptr) return *refused;
  ADD_FAILURE() << "not refused";
  return {};
}

/// Breaks the later rule first, so that what both touch ends as the earlier one wants it.
template <typename Asked>
void expect_precedence(const std::vector<Row<Asked>>& rows, const World& world, const Asked& good,
                       const std::set<std::pair<Refusal, Refusal>>& incompatible) {
  for (std::size_t later = 0; later < rows.size(); ++later) {
    for (std::size_t earlier = 0; earlier <= later; ++earlier) {
      if (incompatible.contains({rows[earlier].refused.refusal, rows[later].refused.refusal})) {
        continue;
      }
      World broken = world;
      Asked asked = good;
      rows[later].breaks(broken, asked);
      if (earlier != later) rows[earlier].breaks(broken, asked);

      const Refused refused = answer(broken, asked);

      EXPECT_EQ(refused, rows[earlier].refused)
          << "rows " << earlier << " and " << later << " gave " << static_cast<int>(refused.refusal)
          << " for " << static_cast<int>(refused.field);
    }
  }
}

TEST(CheckoutRefusals, TheEarlierOfTwoBrokenRulesAnswers) {
  const World world = world_with_points();
  // Whether tenders sum up cannot be said of points that are worth nothing.
  expect_precedence(checkout_rows(), world, good_checkout(world),
                    {{Refusal::tenders_do_not_sum, Refusal::not_in_steps}});
}

TEST(RefundRefusals, TheEarlierOfTwoBrokenRulesAnswers) {
  const World world = world_with_refund();
  expect_precedence(refund_rows(), world, good_refund(world), {});
}

TEST(CheckoutRefusals, TheCommandOfTheTableIsAcceptedAsItStands) {
  World world = world_with_points();
  EXPECT_EQ(world.buy(good_checkout(world)).cash_due, Money{582'00});
}

TEST(RefundRefusals, TheCommandOfTheTableIsAcceptedAsItStands) {
  World world = world_with_refund();
  EXPECT_TRUE(std::holds_alternative<Accepted>(world.run(good_refund(world))));
}

TEST(CheckoutRefusals, RowsStandInTheOrderOfTheNumbers) {
  // Only the venue that a new version dropped is answered where its currency would be.
  Refusal last{};
  for (const auto& row : checkout_rows()) {
    if (row.refused.refusal == Refusal::venue_not_allowed) continue;
    EXPECT_LE(last, row.refused.refusal);
    last = row.refused.refusal;
  }
}

TEST(CheckoutRefusals, TimesAreAcceptedUpToTheirBounds) {
  World world;
  const Instant now = world.now;
  EXPECT_EQ(world.buy({.id = "1", .amount = {100'00}, .paid_at = now + Duration{300'000}}).late,
            false);
  EXPECT_EQ(
      world.buy({.id = "2", .amount = {100'00}, .paid_at = now - Duration{7 * 86'400'000}}).late,
      true);
}

TEST(CheckoutRefusals, AnOrderIsLateAfterFiveMinutesOrOffline) {
  World world;
  Checkout in_time = world.checkout({.id = "1", .amount = {100'00}});
  in_time.occurred_at = world.now - Duration{300'000};
  Checkout late = world.checkout({.id = "2", .amount = {100'00}});
  late.occurred_at = world.now - Duration{300'001};
  Checkout offline = world.checkout({.id = "3", .amount = {100'00}});
  offline.origin.offline = true;

  EXPECT_FALSE(world.buy(in_time).late);
  EXPECT_TRUE(world.buy(late).late);
  EXPECT_TRUE(world.buy(offline).late);
}

TEST(CheckoutRefusals, AClockThatRunsAheadDoesNotMoveAnOrderIntoTheNextDay) {
  World world;
  world.policy.limits = {daily_limit("cap", 1'000)};
  world.now = at("2026-11-20 23:58:00");

  world.buy({.id = "1", .amount = {100'00}, .paid_at = at("2026-11-21 00:01:00")});

  ASSERT_EQ(world.member.counters.size(), 1U);
  EXPECT_EQ(world.member.counters[0].day, day("2026-11-20"));
}

TEST(CheckoutRefusals, NegativeAmountsFromABrokenEdgeAreRefusedAndNeverComputedWith) {
  World world = world_with_points();
  Checkout checkout = world.checkout({.id = "1", .amount = {-1}});
  checkout.excluded_from_earning = checkout.excluded_from_offset = {-5};
  EXPECT_EQ(answer(world, checkout).refusal, Refusal::amount_overflows);

  Checkout points = world.checkout({.id = "1", .amount = {588'00}});
  points.points_to_use = {std::numeric_limits<std::int64_t>::min()};
  EXPECT_NE(answer(world, points).refusal, Refusal::member_unknown);
}

TEST(EnrollRefusals, AMemberEnrollsOnce) {
  World world;
  EXPECT_EQ(world.refusal(Enroll{.member_id = "wang"}),
            (Refused{Refusal::member_exists, Field::member}));
}

}  // namespace
}  // namespace wutong::testing
