#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "persistence/audit.h"
#include "tests/persistence/audit_shop.h"

/// The audit of what no command brings about yet: holds, awards under review, grants.
namespace wutong::persistence {
namespace {

using domain::PartyId;
using domain::Points;
using testing::anna;
using testing::at;
using testing::codec;
using testing::Draft;
using ::testing::ElementsAre;
using ::testing::Pair;
using testing::position_of;
using testing::Shop;
using testing::written;

const PartyId mall = PartyId::intern("MALL");
const domain::Day end_of_next_year = wutong::testing::day("2027-12-31");
const domain::Instant now = at("2026-11-02 12:00:00");

/// Anna has earned 177 points.
Draft with_an_order() {
  Shop shop;
  shop.check_out(anna, 100, 888'00);
  return shop.draft();
}

void happen(Draft& draft, domain::Event event) {
  auto& log = draft.logs[0];
  auto position = position_of(log.back());
  ++position.sequence;
  domain::header_of(event) = {.position = position, .received_at = now};
  log.push_back(MemberEvent{anna, std::move(event)});
}

AuditReport audited(const Draft& draft) {
  const auto ledger = written(draft);
  auto report = audit(*ledger, codec);
  EXPECT_TRUE(report.has_value());
  return std::move(report).value_or(AuditReport{});
}

domain::Held held(Points points) {
  return {.key = {1, 1},
          .content = {.occurred_at = now, .points = points},
          .lapses_at = at("2026-11-02 12:30:00"),
          .effects = {.holds = {{.hold = {1, 1},
                                 .lapses_at = at("2026-11-02 12:30:00"),
                                 .lot_serial = 1,
                                 .points = points}}},
          .after = {.available = Points{177} - points, .held = points}};
}

domain::Movement moved(domain::Reason reason, Points points) {
  return {.reason = reason,
          .lot_serial = 1,
          .party = mall,
          .price = {3'000},
          .expires_on = end_of_next_year,
          .points = points,
          .counterparty = mall};
}

TEST(AuditHoldings, HeldPointsStayInTheirLots) {
  auto draft = with_an_order();
  happen(draft, held({100}));

  const auto report = audited(draft);

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.points.in_lots, 177);
  EXPECT_EQ(report.pool_owes, 177 * 3'000);
}

TEST(AuditHoldings, MoreIsHeldThanTheLotHas) {
  auto draft = with_an_order();
  happen(draft, held({178}));

  const auto report = audited(draft);

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "lots do not have the points that are held of them");
  EXPECT_EQ(report.broken->position, position_of(draft.logs[0].back()));
}

TEST(AuditHoldings, ALotIsHeldThatThereIsNot) {
  auto draft = with_an_order();
  auto event = held({100});
  event.effects.holds.front().lot_serial = 2;
  happen(draft, event);

  const auto report = audited(draft);

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "points of a lot that there is not are held or freed");
}

TEST(AuditHoldings, TheBalancesAfterTellWhatIsHeld) {
  auto draft = with_an_order();
  auto event = held({100});
  event.after.held = {};
  happen(draft, event);

  const auto report = audited(draft);

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "the balances after the event are not the state's");
}

TEST(AuditHoldings, PendingPointsAreNotIssuedBeforeTheirApproval) {
  auto draft = with_an_order();
  domain::PendingChange waiting{.order = {100, 0},
                                .order_occurred_at = now,
                                .party = mall,
                                .price = {3'000},
                                .expires_on = end_of_next_year,
                                .points = {50}};
  happen(draft, domain::TimePassed{.effects = {.pending = {waiting}},
                                   .after = {.available = {177}, .pending = {50}}});
  EXPECT_EQ(audited(draft).points.issued, 177);

  waiting.points = {-50};
  happen(draft, domain::Reviewed{.order = {100, 0},
                                 .approved = true,
                                 .effects = {.movements = {moved(domain::Reason::earn, {50})},
                                             .pending = {waiting}},
                                 .after = {.available = {227}}});
  const auto report = audited(draft);

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.points.issued, 227);
}

TEST(AuditHoldings, GrantsAreIssuedAndRevocationsClawedBack) {
  auto draft = with_an_order();
  happen(draft, domain::Granted{.key = {7, 0},
                                .content = {.points = {500}},
                                .effects = {.movements = {moved(domain::Reason::grant, {500})}},
                                .after = {.available = {677}}});
  happen(draft,
         domain::GrantRevoked{.key = {8, 0},
                              .grant = {7, 0},
                              .points = {500},
                              .effects = {.movements = {moved(domain::Reason::revoke, {-500})}},
                              .after = {.available = {177}}});

  const auto report = audited(draft);

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.points.issued, 677);
  EXPECT_EQ(report.points.clawed_back, 500);
  EXPECT_THAT(report.postings, ElementsAre(Pair("MALL", 177 * 3'000)));
}

TEST(AuditHoldings, AGrantSaysOtherPointsThanItGave) {
  auto draft = with_an_order();
  happen(draft, domain::Granted{.key = {7, 0},
                                .content = {.points = {499}},
                                .effects = {.movements = {moved(domain::Reason::grant, {500})}},
                                .after = {.available = {677}}});

  const auto report = audited(draft);

  ASSERT_TRUE(report.broken);
  EXPECT_EQ(report.broken->what, "a grant's points are not what went into lots");
}

TEST(AuditHoldings, ALossThatIsBookedIsNeitherTakenNorOwed) {
  auto draft = with_an_order();
  happen(draft,
         domain::GrantRevoked{.key = {8, 0},
                              .points = {200},
                              .booked_loss = {23},
                              .effects = {.movements = {moved(domain::Reason::revoke, {-177})}},
                              .after = {}});
  auto wrong = draft;
  happen(wrong, domain::GrantRevoked{.key = {9, 0}, .points = {2}, .booked_loss = {1}});

  const auto report = audited(draft);
  const auto broken = audited(wrong);

  ASSERT_FALSE(report.broken) << report.broken->what;
  EXPECT_EQ(report.points.booked_losses, 23);
  ASSERT_TRUE(broken.broken);
  EXPECT_EQ(broken.broken->what,
            "points taken, expired, owed and lost are not what was taken back");
}

}  // namespace
}  // namespace wutong::persistence
