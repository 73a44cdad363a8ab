#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "persistence/audit.h"
#include "tests/persistence/audit_shop.h"

namespace wutong::persistence {
namespace {

using testing::anna;
using testing::bo;
using testing::codec;
using testing::Draft;
using testing::identity;
using testing::Shop;
using testing::written;

AuditReport audited(const Draft& draft) {
  const auto ledger = written(draft);
  auto report = audit(*ledger, codec);
  EXPECT_TRUE(report.has_value());
  return std::move(report).value_or(AuditReport{});
}

/// What breaks the proof, at the end of the member's shard's log.
void expect_broken(const Draft& draft, domain::MemberKey member, const std::string& what) {
  const auto report = audited(draft);
  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, what);
  EXPECT_EQ(report.broken->member, member);
  const auto shard = static_cast<std::uint32_t>(member.value % testing::shards);
  EXPECT_EQ(report.broken->shard, shard);
  EXPECT_EQ(report.broken->position, testing::position_of(draft.logs[shard].back()));
}

TEST(AuditIdentities, LinksWithTheirClaimsHold) {
  Shop shop;
  shop.claim(anna, 100);
  shop.link(anna, 100);
  shop.claim(bo, 101);
  shop.link(bo, 101);
  shop.unlink(bo, 101);
  shop.free(bo, 101);
  shop.claim(anna, 101);
  shop.link(anna, 101);
  shop.flush();

  const auto report = audited(shop.draft());

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.identities, 2U);
  EXPECT_EQ(report.claims_without_link, 0U);
  EXPECT_EQ(report.snapshots, 2U);
}

TEST(AuditIdentities, AClaimThatNobodyHoldsIsCountedAndNoFault) {
  Shop shop;
  shop.claim(anna, 100);
  shop.claim(bo, 101);
  shop.link(bo, 101);
  shop.unlink(bo, 101);
  shop.flush();

  const auto report = audited(shop.draft());

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.identities, 0U);
  EXPECT_EQ(report.claims_without_link, 2U);
}

TEST(AuditIdentities, ALinkWithoutAClaimIsBroken) {
  Shop shop;
  shop.link(anna, 100);
  shop.flush();

  expect_broken(shop.draft(), anna, "its identity is not claimed");
}

TEST(AuditIdentities, ALinkOfWhatAnotherClaimsIsBroken) {
  Shop shop;
  shop.claim(bo, 100);
  shop.link(anna, 100);
  shop.flush();

  expect_broken(shop.draft(), anna, "its identity is claimed for another member");
}

TEST(AuditIdentities, OneThatIsLinkedToTwoMembersIsBrokenWhereItsClaimHasGone) {
  Shop shop;
  shop.claim(anna, 100);
  shop.link(anna, 100);
  shop.claim(bo, 100);
  shop.link(bo, 100);
  shop.flush();

  const auto report = audited(shop.draft());

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->member, anna);
  EXPECT_EQ(report.broken->what, "its identity is claimed for another member");
}

TEST(AuditIdentities, OfWhatNoMarkCoversTheClaimMayStandBehindWhatWasRead) {
  Shop shop;
  shop.flush();
  shop.link(anna, 100);

  const auto report = audited(shop.draft());

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.in_flight, 1U);
}

TEST(AuditIdentities, ADirectoryThatStoresAnotherClaimThanTheEventsGiveIsBroken) {
  Shop shop;
  shop.claim(anna, 100);
  shop.link(anna, 100);
  shop.flush();
  for (const bool lost : {true, false}) {
    auto draft = shop.draft();
    if (lost) {
      draft.claims.clear();
    } else {
      draft.claims[identity(100)] = bo;
    }

    const auto report = audited(draft);

    ASSERT_TRUE(report.broken);
    EXPECT_EQ(report.broken->what, "the directory stores another claim than the events give");
    EXPECT_EQ(report.broken->shard, 0U);
  }
}

TEST(AuditIdentities, FreeingWhatIsNotTheMembersIsBroken) {
  Shop shop;
  shop.claim(anna, 100);
  shop.free(bo, 100);

  const auto report = audited(shop.draft());

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "an identity is freed that was not the member's");
}

}  // namespace
}  // namespace wutong::persistence
