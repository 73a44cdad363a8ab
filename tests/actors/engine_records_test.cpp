#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "persistence/memory_ledger.h"
#include "tests/actors/engine_cases.h"
#include "tests/support/wait_until.h"

/// Holds, grants and declines through a whole engine: that they are found again when the member's
/// memory has dropped them, and after stops and crashes.
namespace wutong {
namespace {

using namespace testing;
using domain::Duration;
using domain::Instant;
using domain::Points;
using persistence::MemoryLedger;

const domain::VenueId mall = domain::VenueId::intern("M1");

class EngineRecords : public ::testing::Test {
 protected:
  EngineRecords() : ledger(info()), engine(std::make_unique<TestEngine>(ledger, options("a/1"))) {
    EXPECT_TRUE(engine->wait_until_ready());
    engine->enroll("alice", now);
  }

  void restart(bool crash) {
    const domain::RiskPolicy policy = *engine->engine().rules().policy;
    if (crash) {
      engine->crash();
    } else {
      EXPECT_TRUE(engine->stop());
    }
    static int boot = 1;
    engine = std::make_unique<TestEngine>(ledger, options("a/" + std::to_string(++boot)));
    EXPECT_TRUE(engine->wait_until_ready());
    take(policy);
  }

  void take(domain::RiskPolicy policy) {
    engine->engine().set_rules(
        {.program = engine->engine().rules().program,
         .policy = std::make_shared<const domain::RiskPolicy>(std::move(policy))});
  }

  /// At most `orders` orders in ten minutes.
  void decline_above(std::int64_t orders) {
    take({.version = 2,
          .limits = {{.id = domain::LimitId::intern("fast"),
                      .measure = domain::Measure::orders,
                      .window = domain::Window::sliding,
                      .seconds = 600,
                      .effect = domain::LimitEffect::decline,
                      .bound = orders,
                      .scoped = {}}}});
  }

  Reply call(Request request) { return engine->call("alice", std::move(request), now); }

  Reply buy(const std::string& order, Instant occurred_at, std::int64_t minor_units = 10'000) {
    return call(checkout_of(order, minor_units, occurred_at));
  }

  /// More than a member's memory keeps records of, an hour apart.
  void buy_others(const std::string& name) {
    for (int index = 0; index < 20; ++index) {
      now = now + Duration{3'600'000};
      EXPECT_EQ(order_in(buy(name + std::to_string(index), now)).after.debt, Points{});
    }
  }

  domain::Hold hold(const std::string& id, std::int64_t points, Instant occurred_at) const {
    return {.key = record_key("M1/hold", id),
            .hold_id = id,
            .origin = {.venue = mall},
            .occurred_at = occurred_at,
            .points = {points}};
  }

  domain::Release release(const std::string& id, Instant occurred_at) const {
    return {.key = record_key("M1/release", id),
            .origin = {.venue = mall},
            .occurred_at = occurred_at,
            .hold = record_key("M1/hold", id),
            .hold_id = id};
  }

  domain::Grant grant(const std::string& id, std::int64_t points, Instant occurred_at) const {
    return {.key = record_key("M1/grant", id),
            .grant_id = id,
            .origin = {.venue = mall},
            .occurred_at = occurred_at,
            .points = {points},
            .party = domain::PartyId::intern("MALL"),
            .expires_on = {},
            .reason = "goodwill"};
  }

  domain::RevokeGrant revocation(const std::string& id, const std::string& grant,
                                 Instant occurred_at) const {
    return {.key = record_key("M1/revocation", id),
            .revocation_id = id,
            .origin = {.venue = mall},
            .occurred_at = occurred_at,
            .grant = record_key("M1/grant", grant),
            .grant_id = grant,
            .reason = "a mistake"};
  }

  domain::Balances balances() { return std::get<MemberReply>(call(ReadMember{})).now; }

  template <typename Happened>
  Happened done(Request request) {
    const Reply reply = call(std::move(request));
    const auto* receipt = std::get_if<ReceiptReply>(&reply);
    if (receipt == nullptr || !std::holds_alternative<Happened>(receipt->record)) {
      ADD_FAILURE() << "reply " << reply.index();
      return {};
    }
    EXPECT_FALSE(receipt->replayed);
    return std::get<Happened>(receipt->record);
  }

  template <typename Happened>
  void expect_replayed(Request request, const Happened& recorded) {
    const Reply reply = call(std::move(request));
    const auto* receipt = std::get_if<ReceiptReply>(&reply);
    ASSERT_TRUE(receipt != nullptr) << "reply " << reply.index();
    EXPECT_TRUE(receipt->replayed);
    EXPECT_EQ(receipt->record, domain::Record(recorded));
  }

  Instant now = noon;
  MemoryLedger ledger;
  std::unique_ptr<TestEngine> engine;
};

TEST_F(EngineRecords, AHoldIsThereAfterACrashAndKnownLongAfterItIsOver) {
  done<domain::Granted>(grant("g1", 1'000, now));
  const Instant held_at = now;
  const auto first = done<domain::Held>(hold("h1", 300, held_at));
  const auto second = done<domain::Held>(hold("h2", 200, held_at));
  restart(true);
  EXPECT_EQ(balances(), (domain::Balances{.available = {500}, .held = {500}}));

  auto capture = checkout_of("o1", 10'000, now);
  capture.points_to_use = {300};
  capture.hold_id = "h1";
  capture.hold = record_key("M1/hold", "h1");
  capture.tenders = {{.kind = "card", .amount = {9'100}}};
  EXPECT_EQ(done<domain::CheckedOut>(capture).offset_money, domain::Money{900});
  const auto released = done<domain::Released>(release("h2", now));
  EXPECT_EQ(released.points, Points{200});
  EXPECT_EQ(balances(), (domain::Balances{.available = {709}}));

  buy_others("other");
  for (const bool crash : {false, true}) {
    restart(crash);
    expect_replayed(hold("h1", 300, held_at), first);
    expect_replayed(hold("h2", 200, held_at), second);
    expect_replayed(release("h2", noon), released);
    EXPECT_EQ(refusal_in(call(hold("h1", 301, held_at))), domain::Refusal::other_content);
    EXPECT_EQ(refusal_in(call(release("h1", now))), domain::Refusal::hold_unknown);
    EXPECT_EQ(refusal_in(call(release("none", now))), domain::Refusal::hold_unknown);
  }
  EXPECT_EQ(balances().held, Points{});
}

TEST_F(EngineRecords, AGrantIsGivenAndTakenBackOnce) {
  const auto granted = done<domain::Granted>(grant("g1", 1'000, noon));
  buy_others("before");
  restart(true);
  expect_replayed(grant("g1", 1'000, noon), granted);
  EXPECT_EQ(refusal_in(call(grant("g1", 999, noon))), domain::Refusal::other_content);
  EXPECT_EQ(balances().available, Points{1'000 + 20 * 10});

  const Instant revoked_at = now;
  const auto revoked = done<domain::GrantRevoked>(revocation("v1", "g1", revoked_at));
  EXPECT_EQ(revoked.points, Points{1'000});
  buy_others("after");
  restart(false);
  expect_replayed(revocation("v1", "g1", revoked_at), revoked);
  EXPECT_EQ(refusal_in(call(revocation("v2", "g1", now))), domain::Refusal::grant_already_revoked);
  EXPECT_EQ(refusal_in(call(revocation("v3", "none", now))), domain::Refusal::grant_unknown);
  EXPECT_EQ(balances().available, Points{40 * 10});
}

TEST_F(EngineRecords, ADeclineIsTheSameLongAfterIt) {
  decline_above(1);
  const Instant declined_at = now;
  EXPECT_TRUE(std::holds_alternative<domain::CheckedOut>(
      std::get<ReceiptReply>(buy("o1", declined_at)).record));
  const auto declined = done<domain::Declined>(checkout_of("o2", 10'000, declined_at));
  buy_others("other");
  for (const bool crash : {false, true}) {
    restart(crash);
    expect_replayed(checkout_of("o2", 10'000, declined_at), declined);
  }
  EXPECT_EQ(balances().available, Points{21 * 10});

  // Other content is decided anew, and takes the id.
  now = now + Duration{3'600'000};
  const auto taken = done<domain::CheckedOut>(checkout_of("o2", 10'001, declined_at));
  expect_replayed(checkout_of("o2", 10'001, declined_at), taken);
  EXPECT_EQ(refusal_in(call(checkout_of("o2", 10'000, declined_at))),
            domain::Refusal::other_content);
}

/// A decline of other content that is remembered does not hide one that has left memory.
TEST_F(EngineRecords, DeclinesOfOneOrderAreEachTheSameLongAfter) {
  const domain::RiskPolicy one_a_day{.version = 2,
                                     .limits = {{.id = domain::LimitId::intern("day"),
                                                 .measure = domain::Measure::orders,
                                                 .window = domain::Window::calendar_day,
                                                 .effect = domain::LimitEffect::decline,
                                                 .bound = 1,
                                                 .scoped = {}}}};
  take(one_a_day);
  const Instant declined_at = now;
  buy("o1", declined_at);
  const auto first = done<domain::Declined>(checkout_of("o2", 30'000, declined_at));
  // What is counted is counted by a limit that stops nobody.
  auto unbounded = one_a_day;
  unbounded.limits[0].bound = 1'000;
  take(unbounded);
  buy_others("other");
  take(one_a_day);
  const auto second = done<domain::Declined>(checkout_of("o2", 30'100, declined_at));
  restart(false);

  expect_replayed(checkout_of("o2", 30'000, declined_at), first);
  expect_replayed(checkout_of("o2", 30'100, declined_at), second);
}

/// No event has come yet that says so.
TEST_F(EngineRecords, AReadTellsOfWhatTimeHasBroughtAbout) {
  auto short_lived = grant("g1", 500, now);
  short_lived.expires_on = day("2026-11-21");
  done<domain::Granted>(short_lived);
  done<domain::Held>(hold("h1", 300, now));

  now = now + Duration{16 * 60'000};
  auto read = std::get<MemberReply>(call(ReadMember{}));
  EXPECT_EQ(read.now, domain::Balances{.available = {500}});
  EXPECT_EQ(read.expiring.points, Points{500});
  EXPECT_TRUE(read.member.holds.empty());
  EXPECT_EQ(read.member.lots.at(0).held, Points{});

  now = at("2026-11-22 00:00:00");
  read = std::get<MemberReply>(call(ReadMember{}));
  EXPECT_EQ(read.now, domain::Balances{});
  EXPECT_EQ(read.expiring.points, Points{});
  for (const auto& lot : read.member.lots) EXPECT_EQ(lot.points, Points{});
}

/// Declined for one member, the order may be another's; and that member's again is refused.
TEST_F(EngineRecords, ADeclineLeavesTheOrderToOtherMembers) {
  engine->enroll("bob", now);
  decline_above(1);
  buy("o1", now);
  done<domain::Declined>(checkout_of("o2", 10'000, now));

  const auto of_bob = engine->call("bob", checkout_of("o2", 10'000, now), now);
  EXPECT_EQ(order_in(of_bob).after.available, Points{10});

  restart(true);
  now = now + Duration{3'600'000};
  EXPECT_EQ(refusal_in(buy("o2", noon, 10'001)), domain::Refusal::other_member);
}

TEST_F(EngineRecords, ADeclineAndItsOrderMayLieInDifferentMonths) {
  now = at("2026-11-30 23:58:00");
  decline_above(1);
  const Instant in_november = now;
  buy("o1", in_november);
  const auto declined = done<domain::Declined>(checkout_of("o2", 10'000, in_november));
  now = at("2026-12-02 12:00:00");
  const Instant in_december = now;
  const auto taken = done<domain::CheckedOut>(checkout_of("o2", 10'000, in_december));
  buy_others("other");
  restart(false);

  expect_replayed(checkout_of("o2", 10'000, in_december), taken);
  // What took effect is what the id names.
  EXPECT_EQ(refusal_in(call(checkout_of("o2", 10'000, in_november))),
            domain::Refusal::other_content);
  EXPECT_EQ(declined.id, "o2");
}

}  // namespace
}  // namespace wutong
