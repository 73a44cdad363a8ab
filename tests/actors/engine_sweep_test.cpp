#include <chrono>

#include "tests/actors/sweep_cases.h"

namespace wutong {
namespace {

using namespace testing;
using std::chrono::steady_clock;

TEST_F(EngineThatSweeps, WhoeverIsDueGetsOneEventAndNobodyElseComesIntoMemory) {
  start(not_sweeping("a/1"));
  enroll("due", 2'000, this_year);
  enroll("not-due", 1'000, next_year);
  let_the_year_end();

  start(sweeping("a/2"));
  ASSERT_TRUE(comes_to_events(2'000));
  ASSERT_TRUE(walks(3));

  expect_one_event_each("due", 2'000);
  const auto after = stats();
  EXPECT_EQ(after.activations, 2'000U);
  EXPECT_EQ(after.sweep_events, 2'000U);
  EXPECT_EQ(after.sweep_members_left, 0U);
  EXPECT_GE(after.sweep_members_due, 2'000U);
  EXPECT_GE(after.sweep_members_met, 2 * 3'000U);
  EXPECT_TRUE(
      test::wait_until(std::chrono::seconds(10), [&] { return stats().members_resident == 0; }));
  EXPECT_EQ(read("due7").now.available, domain::Points{0});
  EXPECT_EQ(read("not-due7").now.available, domain::Points{100});
}

TEST_F(EngineThatSweeps, NobodyIsDueOnTheLastDayItself) {
  start(not_sweeping("a/1"));
  enroll("due", 100, this_year);
  ASSERT_TRUE(engine->stop());
  now_ms = after_the_year.unix_ms - 1;

  start(sweeping("a/2"));
  ASSERT_TRUE(walks(3));
  EXPECT_EQ(stats().activations, 0U);
  now_ms += 1;

  EXPECT_TRUE(comes_to_events(100));
}

TEST_F(EngineThatSweeps, WhoeverIsInMemoryAnywayIsFoundThereAndStays) {
  start(sweeping("a/1"));
  enroll("due", 300, this_year);
  enroll("not-due", 300, next_year);
  const auto before = stats().activations;

  now_ms = after_the_year.unix_ms;
  ASSERT_TRUE(comes_to_events(300));
  ASSERT_TRUE(walks(2));

  expect_one_event_each("due", 300);
  EXPECT_EQ(stats().activations, before);
  EXPECT_EQ(stats().members_resident, 600U);
}

TEST_F(EngineThatSweeps, WhomATillTouchesMeanwhileGetsOneEventAllTheSame) {
  start(not_sweeping("a/1"));
  enroll("due", 600, this_year);
  let_the_year_end();

  auto with = sweeping("a/2");
  with.sweep_members_per_second = 2'000;
  start(with);
  std::vector<std::future<Reply>> replies;
  for (int round = 0; round < 3; ++round) {
    for (int number = 0; number < 600; ++number) {
      const auto id = "due" + std::to_string(number);
      const auto order = "o/" + std::to_string(round) + "/" + id;
      replies.push_back(engine->submit(id, checkout_of(order, 10'000, now()), now()));
      replies.push_back(engine->submit(id, ReadMember{}, now()));
    }
  }
  for (auto& reply : replies) {
    const auto answered = reply.get();
    const auto* member = std::get_if<MemberReply>(&answered);
    if (member == nullptr) continue;
    // Expiry binds at once, event or not: what is left is what the checkouts have earned since.
    EXPECT_LE(member->now.available, domain::Points{30});
  }
  ASSERT_TRUE(walks(3));

  expect_one_event_each("due", 600);
}

TEST_F(EngineThatSweeps, IsNoFasterThanItsRates) {
  start(not_sweeping("a/1"));
  enroll("due", 400, this_year);
  let_the_year_end();
  auto with = sweeping("a/2");
  with.sweep_members_per_second = 200;
  start(with);
  ASSERT_TRUE(comes_to_events(1));
  const auto began = steady_clock::now();
  ASSERT_TRUE(comes_to_events(400));

  // A shard with a hundred of them begins with one, and a second later with fifty at once.
  EXPECT_GE(steady_clock::now() - began, std::chrono::milliseconds(1'900 - 300));
}

TEST_F(EngineThatSweeps, WalksNoFasterThanItsRate) {
  start(not_sweeping("a/1"));
  enroll("not-due", 1'000, next_year);
  let_the_year_end();
  auto with = sweeping("a/2");
  with.sweep_keys_per_second = 2'000;
  with.sweep_interval_ms = 10;
  const auto began = steady_clock::now();
  start(with);
  ASSERT_TRUE(test::wait_until(std::chrono::seconds(60), [&] { return stats().sweep_walks >= 3; }));

  // Ten pages of a hundred keys are nine waits of 50 ms.
  EXPECT_GE(steady_clock::now() - began, std::chrono::milliseconds(3 * 9 * 50));
  EXPECT_LE(stats().sweep_members_met, 4 * 1'000U);
}

TEST_F(EngineThatSweeps, ATakeOverInTheMiddleGivesNobodyTwoEventsAndLeavesNobodyOut) {
  start(not_sweeping("a/1"));
  enroll("due", 1'000, this_year);
  let_the_year_end();
  auto with = sweeping("a/2");
  with.sweep_members_per_second = 200;
  start(with);
  ASSERT_TRUE(comes_to_events(200));

  engine->crash();
  EXPECT_LT(times_passed(ledger).size(), 1'000U);
  start(sweeping("b/1"));
  ASSERT_TRUE(walks(3));

  expect_one_event_each("due", 1'000);
}

TEST_F(EngineThatSweeps, AShardTakenAnewInTheMiddleIsSweptWhole) {
  start(not_sweeping("a/1"));
  enroll("due", 1'000, this_year);
  let_the_year_end();
  auto with = sweeping("a/2");
  with.sweep_members_per_second = 400;
  start(with);
  ASSERT_TRUE(comes_to_events(100));

  const auto takeovers = stats().takeovers;
  ledger.restart();
  ASSERT_TRUE(test::wait_until(std::chrono::seconds(30),
                               [&] { return stats().takeovers >= takeovers + 4; }));
  ASSERT_TRUE(engine->wait_until_ready());
  ASSERT_TRUE(comes_to_events(900));
  ASSERT_TRUE(walks(3));

  expect_one_event_each("due", 1'000);
}

TEST_F(EngineThatSweeps, AHoldThatHasLapsedIsFound) {
  start(not_sweeping("a/1"));
  enroll("holder", 50, next_year);
  for (int number = 0; number < 50; ++number) {
    const auto id = "holder" + std::to_string(number);
    const auto reply = engine->call(id, hold_of("h/" + id, 60, now()), now());
    ASSERT_TRUE(std::holds_alternative<ReceiptReply>(reply)) << reply.index();
  }
  ASSERT_TRUE(engine->stop());
  start(sweeping("a/2"));
  ASSERT_TRUE(walks(3));
  EXPECT_EQ(stats().activations, 0U);

  const auto lapses = program_p0().hold_timeout.ms;
  now_ms += lapses + 60'000;
  ASSERT_TRUE(comes_to_events(50));
  ASSERT_TRUE(walks(2));

  expect_one_event_each("holder", 50);
  const auto& member = read("holder7").member;
  EXPECT_TRUE(member.holds.empty());
  EXPECT_EQ(member.lots.at(0).held, domain::Points{0});
}

TEST_F(EngineThatSweeps, LeavesThoseInMemoryWhomTillsUse) {
  start(not_sweeping("a/1"));
  enroll("due", 150, this_year);
  enroll("used", 40, next_year);
  enroll("cold", 400, next_year);
  let_the_year_end();
  auto with = sweeping("a/2");
  with.resident_members_max = 200;
  with.sweep_resident_members_max = 20;
  start(with);
  const auto use = [&](const std::string& name, int count) {
    for (int number = 0; number < count; ++number) (void)read(name + std::to_string(number));
  };
  use("cold", 400);
  use("used", 40);
  while (stats().sweep_events < 150) use("used", 40);

  const auto before = stats().activations;
  use("used", 40);
  EXPECT_EQ(stats().activations, before);
  // Of the others the sweep has taken the room of those at most that it has in memory at once.
  EXPECT_GE(stats().members_resident, 200U - 20U - 20U);
  expect_one_event_each("due", 150);
}

TEST_F(EngineThatSweeps, TellsHowLongAgoItLookedAtEverybody) {
  const auto comes_to_age = [this](std::int64_t age_ms) {
    return test::wait_until(std::chrono::seconds(30),
                            [&] { return stats().sweep_age_ms == age_ms; });
  };
  start(not_sweeping("a/1"));
  enroll("due", 10, this_year);
  const auto owned_at_ms = now_ms.load();
  EXPECT_EQ(stats().sweep_age_ms, 0);
  let_the_year_end();

  // Restarts make nobody younger.
  start(not_sweeping("a/2"));
  EXPECT_TRUE(comes_to_age(now_ms - owned_at_ms));
  ASSERT_TRUE(engine->stop());

  start(sweeping("a/3"));
  ASSERT_TRUE(walks(2));
  EXPECT_TRUE(comes_to_age(0));
  engine->crash();

  now_ms += 3'600'000;
  start(not_sweeping("a/4"));
  EXPECT_TRUE(comes_to_age(3'600'000));
}

class EngineByCallersClock : public EngineThatSweeps {
 protected:
  EngineByCallersClock() : EngineThatSweeps(LedgerClock::caller) {}
};

TEST_F(EngineByCallersClock, SweepsNothing) {
  start(sweeping("a/1"));
  enroll("due", 10, this_year);
  now_ms = after_the_year.unix_ms;
  for (int round = 0; round < 1'000; ++round) (void)read("due7");

  EXPECT_EQ(stats().sweep_walks, 0U);
  EXPECT_EQ(stats().sweep_events, 0U);
  EXPECT_EQ(stats().sweep_age_ms, 0);
}

}  // namespace
}  // namespace wutong
