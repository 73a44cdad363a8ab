#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "persistence/audit.h"
#include "tests/persistence/audit_shop.h"

/// An order id is one order for the retention, and after it perhaps another.
namespace wutong::persistence {
namespace {

using testing::anna;
using testing::bo;
using testing::codec;
using testing::Draft;
using testing::position_of;
using testing::Shop;
using testing::written;

constexpr int history_days = 35;

AuditReport audited(const Draft& draft, LedgerClock clock = LedgerClock::gateway,
                    int known_for_days = history_days) {
  const auto ledger = written(draft, clock, known_for_days);
  auto report = audit(*ledger, codec);
  EXPECT_TRUE(report.has_value());
  return std::move(report).value_or(AuditReport{});
}

/// `who` checks out the order that anna checked out `days` before.
Shop with_the_order_again(testing::MemberKey who, int days) {
  Shop shop;
  shop.check_out(anna, 100, 588'00);
  shop.days_later(days);
  shop.forget_records(anna);
  shop.check_out(who, 100, 888'00);
  return shop;
}

std::string fault_in(const AuditReport& report) {
  return report.broken ? report.broken->what : "nothing";
}

TEST(AuditAfterTheRetention, ANewOrderOfTheSameMemberMayHaveTheId) {
  auto shop = with_the_order_again(anna, history_days);
  shop.refund(anna, 100, 888'00);
  shop.flush();

  const auto report = audited(shop.draft());

  EXPECT_EQ(fault_in(report), "nothing");
  EXPECT_EQ(report.orders, 2U);
  EXPECT_EQ(report.in_flight, 0U);
  EXPECT_EQ(report.claims_without_checkout, 0U);
}

TEST(AuditAfterTheRetention, ANewOrderOfAnotherMemberMayHaveTheId) {
  auto shop = with_the_order_again(bo, history_days);
  shop.flush();

  const auto report = audited(shop.draft());

  EXPECT_EQ(fault_in(report), "nothing");
  EXPECT_EQ(report.orders, 2U);
  EXPECT_EQ(report.claims_without_checkout, 0U);
}

TEST(AuditAfterTheRetention, EachOfTheOrdersNeedsAClaimOfItsOwn) {
  auto shop = with_the_order_again(anna, 2);
  shop.flush();
  auto draft = shop.draft();
  draft.logs[0].pop_back();
  draft.logs[0].push_back(OrderSettled{
      .header = {.position = draft.marks[0]}, .order = {102, 0}, .member = anna, .month = 1});

  const auto report = audited(draft, LedgerClock::gateway, 1);

  ASSERT_EQ(fault_in(report), "its order is not settled");
  EXPECT_EQ(report.broken->position, position_of(draft.logs[0][draft.logs[0].size() - 2]))
      << "the later of the two";
}

TEST(AuditAfterTheRetention, TheFormerOrdersClaimIsStillLookedFor) {
  auto shop = with_the_order_again(bo, history_days);
  shop.flush();
  auto draft = shop.draft();
  auto& settled = std::get<OrderSettled>(draft.logs[0][3]);
  ASSERT_EQ(settled.order.high, 100U);
  settled.order.high = 102;

  const auto report = audited(draft);

  EXPECT_EQ(fault_in(report), "its order is settled for another member");
  EXPECT_EQ(report.broken->member, anna);
}

TEST(AuditWithinTheRetention, AnOrderTakenTwiceByAMemberIsFound) {
  const auto shop = with_the_order_again(anna, history_days - 1);

  const auto report = audited(shop.draft());

  EXPECT_EQ(fault_in(report), "an order was taken twice");
}

TEST(AuditWithinTheRetention, AnOrderSettledTwiceForAMemberIsFound) {
  Shop shop;
  shop.check_out(anna, 100, 588'00);
  shop.days_later(history_days - 1);
  shop.settle(anna, 100);

  const auto report = audited(shop.draft());

  EXPECT_EQ(fault_in(report), "an order is settled twice");
}

TEST(AuditWithinTheRetention, AnOrderOfTwoMembersIsFound) {
  const auto shop = with_the_order_again(bo, history_days - 1);

  const auto report = audited(shop.draft());

  EXPECT_EQ(fault_in(report), "an order is settled for a second member");
}

TEST(AuditWithinTheRetention, ALedgerByTheCallersClockForgetsNoOrder) {
  const auto shop = with_the_order_again(anna, 10 * history_days);

  const auto report = audited(shop.draft(), LedgerClock::caller);

  EXPECT_EQ(fault_in(report), "an order was taken twice");
}

}  // namespace
}  // namespace wutong::persistence
