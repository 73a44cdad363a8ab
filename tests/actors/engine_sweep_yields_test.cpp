#include <chrono>
#include <utility>

#include "tests/actors/sweep_cases.h"
#include "tests/support/journal_calls.h"

// When the sweep holds back, and what its age tells then.

namespace wutong::testing {
namespace {

using std::chrono::seconds;

class SweepThatYields : public EngineThatSweeps {
 protected:
  /// A year has ended for `due` members, none of whom is in memory.
  void start_when_due(int due, EngineOptions with) {
    start(not_sweeping("a/1"));
    enroll("due", due, this_year);
    let_the_year_end();
    now_ms += 1'000;
    start(std::move(with));
  }

  [[nodiscard]] bool comes_to_walks(std::uint64_t walks) {
    return test::wait_until(seconds(30), [&] { return stats().sweep_walks >= walks; });
  }
  [[nodiscard]] std::int64_t swept_from_ms(std::uint32_t shard) {
    test::JournalCalls journal(ledger.journal(shard));
    return journal.note_swept({.only_first = true}).value_or(-1);
  }
  [[nodiscard]] bool comes_to_age(std::int64_t age_ms) {
    return test::wait_until(seconds(30), [&] { return stats().sweep_age_ms == age_ms; });
  }
};

TEST_F(SweepThatYields, ABusyShardLeavesItsMembersAndTheAgeTellsIt) {
  auto with = sweeping("a/2");
  // Full, as the shards find out once they have asked for the log's size.
  with.log_bytes_max = 4;
  // In the meantime the sweep begins with nobody.
  with.sweep_interval_ms = 1'000;
  const auto owned_at_ms = now_ms.load();
  start_when_due(40, with);

  ASSERT_TRUE(comes_to_walks(1));
  EXPECT_EQ(stats().sweep_events, 0U);
  EXPECT_EQ(stats().sweep_members_left, 40U);
  EXPECT_EQ(stats().activations, 0U);
  EXPECT_EQ(stats().sweep_age_ms, now_ms - owned_at_ms);
  ASSERT_TRUE(engine->stop());

  start(sweeping("a/3"));
  ASSERT_TRUE(comes_to_events(40));
  ASSERT_TRUE(comes_to_age(0));
  expect_one_event_each("due", 40);
}

TEST_F(SweepThatYields, NobodyIsSweptByAClockThatTheLedgerDoesNotShare) {
  start(not_sweeping("a/1"));
  enroll("due", 40, this_year);
  ASSERT_TRUE(engine->stop());
  engine.reset();
  // The gateway's year ends a day too early.
  std::atomic<std::int64_t> ahead_ms{86'400'000};
  auto clocks = system_clocks();
  clocks.wall_ms = [&] { return now_ms + ahead_ms; };
  auto with = sweeping("a/2");
  with.sweep_interval_ms = 100;
  engine = std::make_unique<TestEngine>(ledger, with, clocks);
  ASSERT_TRUE(test::wait_until(seconds(10), [&] { return !stats().clock_agrees; }));
  ASSERT_TRUE(test::wait_until(seconds(10), [&] { return stats().shards_owned == 4; }));
  // They are found due, waited for, and left.
  ASSERT_TRUE(test::wait_until(seconds(30), [&] { return stats().sweep_members_left == 40; }));
  EXPECT_EQ(stats().sweep_events, 0U);
  EXPECT_TRUE(times_passed(ledger).empty());

  // The ledger's year ends too.
  now_ms = after_the_year.unix_ms + 1;
  ahead_ms = 0;
  EXPECT_TRUE(comes_to_events(40));
  ASSERT_TRUE(engine->stop());
  engine.reset();
  expect_one_event_each("due", 40);
}

TEST_F(SweepThatYields, WhoseSnapshotCannotBeReadKeepsTheAgeOfTheirShardOnly) {
  start(not_sweeping("a/1"));
  enroll("due", 40, this_year);
  const auto owned_at_ms = now_ms.load();
  let_the_year_end();
  test::JournalCalls journal(ledger.journal(0));
  const auto head = journal.head();
  const auto mark = journal.mark();
  ASSERT_TRUE(head && mark);
  auto flush = FlushRequest{.epoch = head->head.position.epoch,
                            .writer = head->head.writer,
                            .highest_sequence = head->head.position.sequence,
                            .expected = *mark,
                            .next = {.position = mark->position, .flush = mark->flush + 1},
                            .snapshots = {{.member = {4'000}, .snapshot = "no snapshot"}}};
  const auto flushed = journal.flush(std::move(flush));
  ASSERT_TRUE(flushed && *flushed == FlushOutcome::done);

  start(sweeping("a/2"));
  ASSERT_TRUE(comes_to_events(40));
  ASSERT_TRUE(walks(2));
  EXPECT_EQ(stats().sweep_age_ms, now_ms - owned_at_ms);
  EXPECT_EQ(swept_from_ms(0), owned_at_ms);
  for (const std::uint32_t other : {1U, 2U, 3U}) EXPECT_EQ(swept_from_ms(other), now_ms) << other;
  expect_one_event_each("due", 40);
}

TEST_F(SweepThatYields, WhomTheTailMakesDueIsFoundThoughTheSnapshotSaysOtherwise) {
  start(not_sweeping("a/1"));
  enroll("holder", 20, next_year);
  ASSERT_TRUE(engine->stop());
  auto never_flushing = not_sweeping("a/2");
  never_flushing.flush_interval_ms = 3'600'000;
  start(never_flushing);
  for (int number = 0; number < 20; ++number) {
    const auto id = "holder" + std::to_string(number);
    const auto reply = engine->call(id, hold_of("h/" + id, 60, now()), now());
    ASSERT_TRUE(std::holds_alternative<ReceiptReply>(reply)) << reply.index();
  }
  engine->crash();
  now_ms += program_p0().hold_timeout.ms + 60'000;

  auto with = sweeping("a/3");
  with.sweep_interval_ms = 1;
  start(with);
  ASSERT_TRUE(comes_to_walks(1));
  EXPECT_EQ(stats().sweep_events, 20U);
  expect_one_event_each("holder", 20);
}

/// A ledger whose walks fail, or lose their cursor to a restart.
class LedgerOfFewWalks : public Ledger {
 public:
  explicit LedgerOfFewWalks(Ledger& inner) : inner_(inner) {}

  [[nodiscard]] const LedgerInfo& info() const override { return inner_.info(); }
  [[nodiscard]] Journal& journal(std::uint32_t shard) override { return inner_.journal(shard); }
  void read_clock(LedgerCallback<std::int64_t> done) override {
    inner_.read_clock(std::move(done));
  }
  void walk_snapshots(std::uint64_t cursor, std::uint32_t keys_hint, std::uint32_t bytes,
                      LedgerCallback<SnapshotPage> done) override {
    ++pages;
    if (fault != LedgerFault{}) {
      return done(tl::unexpected(LedgerError{.fault = fault, .detail = "no page"}));
    }
    inner_.walk_snapshots(cursor, keys_hint, bytes, std::move(done));
  }

  std::atomic<LedgerFault> fault{};
  std::atomic<int> pages{0};

 private:
  Ledger& inner_;
};

TEST_F(SweepThatYields, AWalkThatFailsIsNoneUntilOneSucceeds) {
  start(not_sweeping("a/1"));
  enroll("due", 40, this_year);
  let_the_year_end();
  now_ms += 1'000;
  LedgerOfFewWalks failing(ledger);
  auto clocks = system_clocks();
  clocks.wall_ms = [this] { return now_ms.load(); };
  failing.fault = LedgerFault::broken;
  engine.reset();
  engine = std::make_unique<TestEngine>(failing, sweeping("a/2"), clocks);
  ASSERT_TRUE(engine->wait_until_ready());

  // Given up, and begun anew after the interval.
  ASSERT_TRUE(test::wait_until(seconds(10), [&] { return failing.pages >= 3; }));
  EXPECT_EQ(stats().sweep_walks, 0U);
  EXPECT_GT(stats().sweep_age_ms, 0);

  // Asked for again, within the same walk.
  failing.fault = LedgerFault::unknown;
  const auto before = failing.pages.load();
  ASSERT_TRUE(test::wait_until(seconds(10), [&] { return failing.pages >= before + 2; }));
  EXPECT_EQ(stats().sweep_walks, 0U);
  EXPECT_EQ(stats().sweep_events, 0U);

  failing.fault = LedgerFault{};
  ASSERT_TRUE(comes_to_events(40));
  ASSERT_TRUE(comes_to_age(0));
  ASSERT_TRUE(engine->stop());
  expect_one_event_each("due", 40);
  engine.reset();
}

}  // namespace
}  // namespace wutong::testing
