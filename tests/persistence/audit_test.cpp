#include "persistence/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <string>
#include <utility>

#include "tests/persistence/audit_shop.h"

namespace wutong::persistence {
namespace {

using domain::MemberKey;
using domain::Position;
using testing::anna;
using testing::bo;
using testing::busy_shop;
using testing::codec;
using testing::Draft;
using ::testing::Pair;
using testing::position_of;
using testing::Shop;
using ::testing::UnorderedElementsAre;
using testing::written;

AuditReport audited(const Draft& draft, AuditOptions options = {}) {
  const auto ledger = written(draft);
  auto report = audit(*ledger, codec, options);
  EXPECT_TRUE(report.has_value());
  return std::move(report).value_or(AuditReport{});
}

TEST(Audit, AHealthyLedgerHolds) {
  const auto report = audited(busy_shop().draft(), {.entries_per_page = 2});

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.members, 2U);
  EXPECT_EQ(report.orders, 6U);
  EXPECT_EQ(report.refunds, 2U);
  EXPECT_EQ(report.takeovers, 3U);
  EXPECT_EQ(report.snapshots, 2U);
  EXPECT_EQ(report.records, 7U);
  EXPECT_EQ(report.in_flight, 0U);
  EXPECT_EQ(report.claims_without_checkout, 0U);
}

TEST(Audit, TheSumsAreThoseOfTheRules) {
  Shop shop;
  shop.check_out(anna, 100, 888'00);       // 177
  shop.check_out(anna, 101, 100'00, 100);  // 9, and 100 used
  shop.refund(anna, 100, 888'00);          // 86 taken, 91 owed
  shop.check_out(anna, 102, 600'00);       // 60 + 30, all of it repays

  const auto report = audited(shop.draft());

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.points.issued, 177 + 9 + 90);
  EXPECT_EQ(report.points.used, 100);
  EXPECT_EQ(report.points.clawed_back, 86);
  EXPECT_EQ(report.points.repaid, 90);
  EXPECT_EQ(report.points.debts, 1);
  EXPECT_EQ(report.points.in_lots, 0);
  EXPECT_EQ(report.pool_owes, 0);
  EXPECT_THAT(report.postings, UnorderedElementsAre(Pair("MALL", 0)));
}

TEST(Audit, AFreshLedgerHolds) {
  const auto report = audited(Draft{});

  EXPECT_FALSE(report.broken);
  EXPECT_EQ(report.events, 0U);
}

TEST(Audit, ACheckoutWhoseClaimIsNotSettledYetIsInFlight) {
  auto draft = busy_shop().draft();
  draft.logs[1].pop_back();  // the settlement of order 105

  const auto report = audited(draft);

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.in_flight, 1U);
}

TEST(Audit, AClaimWhoseCheckoutNeverLandedIsCounted) {
  auto shop = busy_shop();
  shop.settle(bo, 106);

  const auto report = audited(shop.draft());

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.claims_without_checkout, 1U);
}

TEST(Audit, AReversedOrderMayBeAnotherMembers) {
  Shop shop;
  shop.check_out(anna, 100, 588'00);
  auto draft = shop.draft();
  Shop other;
  other.check_out(anna, 100, 588'00);
  other.reverse(anna, 100);
  draft = other.draft();
  for (auto& event : draft.logs[0]) {
    if (auto* settled = std::get_if<OrderSettled>(&event)) settled->member = bo;
  }
  draft.marks[0] = position_of(draft.logs[0].back());

  auto report = audited(draft);

  // The mark has passed anna, who has no snapshot here; that is all that is wrong.
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "the mark has passed an event that no snapshot covers");
  draft.marks[0] = {};
  report = audited(draft);
  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.reversals, 1U);
}

// --- Tampering: each is found, and the event is named.

struct Tampering {
  std::string name;
  std::function<void(Draft&)> tamper;
  std::uint32_t shard;
  Position position;
  MemberKey member;
  std::string what;

  friend std::ostream& operator<<(std::ostream& out, const Tampering& row) {
    return out << row.name;
  }
};

class TamperedLedger : public ::testing::TestWithParam<Tampering> {};

TEST_P(TamperedLedger, IsFoundAndTheEventNamed) {
  auto draft = busy_shop().draft();
  GetParam().tamper(draft);

  const auto report = audited(draft);

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, GetParam().what);
  EXPECT_EQ(report.broken->shard, GetParam().shard);
  EXPECT_EQ(report.broken->position, GetParam().position);
  EXPECT_EQ(report.broken->member, GetParam().member);
}

template <typename Kind>
Kind& event_at(Draft& draft, std::uint32_t shard, Position position) {
  auto& log = draft.logs[shard];
  const auto found = std::ranges::find(log, position, position_of);
  return std::get<Kind>(std::get<MemberEvent>(*found).event);
}

/// The first checkout of all, and the refund of it that leaves a debt. Shard 0 has, in epoch 1, a
/// take-over, anna's enrolment, her first checkout and its settlement.
constexpr Position first_checkout{1, 3};
constexpr Position settlement{1, 4};
constexpr Position refund_with_debt{1, 7};
constexpr Position bos_checkout{1, 4};

domain::CheckedOut& checkout_in(Draft& draft) {
  return event_at<domain::CheckedOut>(draft, 0, first_checkout);
}
domain::Refunded& refund_in(Draft& draft) {
  return event_at<domain::Refunded>(draft, 0, refund_with_debt);
}
const domain::PartyId hotel = domain::PartyId::intern("HOTEL");

const Tampering tamperings[] = {
    {"points_doubled_in_the_lot",
     [](Draft& draft) { checkout_in(draft).effects.movements[0].points.count *= 2; }, 0,
     first_checkout, anna, "the balances after the event are not the state's"},
    {"points_doubled_in_lot_and_balance",
     [](Draft& draft) {
       auto& event = checkout_in(draft);
       event.after.available += event.effects.movements[0].points;
       event.effects.movements[0].points.count *= 2;
     },
     0, first_checkout, anna, "an award line's points are not what went into lots"},
    {"points_doubled_everywhere",
     [](Draft& draft) {
       auto& event = checkout_in(draft);
       event.after.available += event.effects.movements[0].points;
       event.awards[0].points.count *= 2;
       event.effects.movements[0].points.count *= 2;
     },
     0, first_checkout, anna, "the snapshot has another record of the event"},
    {"an_event_missing",
     [](Draft& draft) { draft.logs[0].erase(draft.logs[0].begin() + 2); },
     0,
     settlement,
     {},
     "an event does not follow the one before: events are missing"},
    {"an_event_twice",
     [](Draft& draft) { draft.logs[0].insert(draft.logs[0].begin() + 2, draft.logs[0][2]); },
     0,
     first_checkout,
     {},
     "an event does not follow the one before: events are missing"},
    {"the_tails_last_event_missing_with_its_head",
     [](Draft& draft) { draft.logs[1].resize(3); },
     1,
     {1, 8},
     {},
     "the mark is ahead of the head"},
    {"an_order_settled_for_another_member",
     [](Draft& draft) {
       std::get<OrderSettled>(*std::ranges::find(draft.logs[0], settlement, position_of)).member =
           bo;
     },
     0, first_checkout, anna, "its order is settled for another member"},
    {"another_order_settled",
     [](Draft& draft) {
       std::get<OrderSettled>(*std::ranges::find(draft.logs[0], settlement, position_of))
           .order.low = 9;
     },
     0, first_checkout, anna, "its order is not settled"},
    {"an_order_settled_in_another_month",
     [](Draft& draft) {
       std::get<OrderSettled>(*std::ranges::find(draft.logs[0], settlement, position_of)).month +=
           1;
     },
     0, first_checkout, anna, "its order is settled in another month"},
    {"an_order_taken_twice",
     [](Draft& draft) {
       event_at<domain::CheckedOut>(draft, 0, {1, 5}).key = {100, 0};
     },
     0,
     {1, 5},
     anna,
     "an order was taken twice"},
    {"a_snapshot_with_a_point_more",
     [](Draft& draft) { draft.snapshots.at(anna.value).member.lots.at(0).points.count += 1; },
     0,
     {2, 2},
     anna,
     "the stored snapshot is not the state that the events give"},
    {"a_snapshot_with_another_record",
     [](Draft& draft) { draft.snapshots.at(anna.value).records.at(0).bytes += 'x'; }, 0,
     first_checkout, anna, "the snapshot has another record of the event"},
    {"a_snapshot_at_a_position_of_no_event",
     [](Draft& draft) { draft.snapshots.at(bo.value).member.position.sequence += 1'000; },
     1,
     {1, 1'008},
     bo,
     "a snapshot at a position of no event"},
    {"a_snapshot_missing",
     [](Draft& draft) { draft.snapshots.erase(bo.value); },
     1,
     {1, 8},
     bo,
     "the mark has passed an event that no snapshot covers"},
    {"a_mark_that_runs_ahead",
     [](Draft& draft) { draft.marks[0] = position_of(draft.logs[0].back()); },
     0,
     {2, 4},
     anna,
     "the mark has passed an event that no snapshot covers"},
    {"an_award_posted_to_another_party",
     [](Draft& draft) { checkout_in(draft).effects.movements[0].counterparty = hotel; }, 0,
     first_checkout, anna, "an award is posted to another party than its line names"},
    {"a_claw_back_posted_to_another_party",
     [](Draft& draft) {
       auto& movements = refund_in(draft).effects.movements;
       std::ranges::find(movements, domain::Reason::claw_back, &domain::Movement::reason)
           ->counterparty = hotel;
     },
     0, refund_with_debt, anna, "a refund is posted to another party than the order was"},
    {"a_posting_at_another_price",
     [](Draft& draft) { refund_in(draft).effects.movements[0].price.thousandths += 1; }, 0,
     refund_with_debt, anna, "a movement names another lot than it describes"},
    {"a_debt_forgotten", [](Draft& draft) { refund_in(draft).effects.debts.clear(); }, 0,
     refund_with_debt, anna, "the balances after the event are not the state's"},
    {"more_refunded_than_paid",
     [](Draft& draft) {
       refund_in(draft).amount = {888'01};
       refund_in(draft).totals.amount = {888'01};
     },
     0, refund_with_debt, anna, "more than the order was refunded"},
    {"a_refund_of_no_order", [](Draft& draft) { refund_in(draft).content.order.low = 7; }, 0,
     refund_with_debt, anna, "a refund of an order that is not there"},
    {"points_beyond_all_reason",
     [](Draft& draft) { checkout_in(draft).effects.movements[0].points.count = INT64_MAX; }, 0,
     first_checkout, anna, "more points than any member can have"},
    {"time_that_falls",
     [](Draft& draft) {
       event_at<domain::CheckedOut>(draft, 1, bos_checkout).header.received_at = {};
     },
     1, bos_checkout, bo, "a member's time falls"},
    {"an_enrolment_missing",
     [](Draft& draft) { std::get<MemberEvent>(draft.logs[0][1]).member = {12}; }, 0, first_checkout,
     anna, "an event of a member who was not enrolled"},
    {"a_member_in_the_wrong_shard",
     [](Draft& draft) { std::get<MemberEvent>(draft.logs[0][1]).member = {13}; },
     0,
     {1, 2},
     {13},
     "a member of another shard"},
};

INSTANTIATE_TEST_SUITE_P(Table, TamperedLedger, ::testing::ValuesIn(tamperings),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace wutong::persistence
