#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "persistence/memory_ledger.h"
#include "tests/support/faulty_journal.h"
#include "tests/support/journal_calls.h"

/// The simulations' ledger fails as it says, and the same way for the same seed.
namespace wutong::test {

using persistence::MemoryLedger;

class FaultyLedgerTest : public testing::Test {
 protected:
  static constexpr std::uint32_t always = 10'000;

  [[nodiscard]] static LedgerInfo info() { return {.id = "faulty", .shards = 2}; }

  /// Appends the first entry to shard 0; the answer, after one delivery of everything.
  std::optional<LedgerResult<AppendReply>> append_first(FaultyLedger& faulty) {
    std::optional<LedgerResult<AppendReply>> answer;
    faulty.journal(0).append(append_request(fresh_head(), first_, "batch"),
                             [&](auto reply) { answer = std::move(reply); });
    EXPECT_FALSE(answer) << "answered before a step";
    faulty.deliver_all(rng_);
    return answer;
  }

  [[nodiscard]] std::size_t entries() { return JournalCalls(memory_.journal(0)).log()->size(); }

  const Head first_ = head_at(1, 1, "a/1#1");
  MemoryLedger memory_{info()};
  std::mt19937_64 rng_{7};
};

TEST_F(FaultyLedgerTest, WithoutFaultsEveryCallIsDoneAndAnswered) {
  FaultyLedger faulty(memory_, {}, 1);

  const auto answer = append_first(faulty);

  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->head, first_);
  EXPECT_EQ(faulty.faults(), 0);
  EXPECT_FALSE(faulty.deliver_one(rng_));
}

TEST_F(FaultyLedgerTest, AnAppendFailsBeforeItWrote) {
  FaultyLedger faulty(memory_, {.lost_before = always}, 1);

  const auto answer = append_first(faulty);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().fault, LedgerFault::unknown);
  EXPECT_EQ(entries(), 0);
}

TEST_F(FaultyLedgerTest, AnAppendFailsAfterItWrote) {
  FaultyLedger faulty(memory_, {.lost_after = always}, 1);

  const auto answer = append_first(faulty);

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error().fault, LedgerFault::unknown);
  EXPECT_EQ(entries(), 1);
}

TEST_F(FaultyLedgerTest, AnAppendIsDoneLongAfterItWasGivenUp) {
  FaultyLedger faulty(memory_, {.late = always}, 1);
  bool answered = false;
  faulty.journal(0).append(append_request(fresh_head(), first_, "batch"),
                           [&](const auto& reply) { answered = !reply; });

  while (!answered) ASSERT_TRUE(faulty.deliver_one(rng_));
  faulty.deliver_all(rng_);

  EXPECT_EQ(entries(), 1);
  EXPECT_EQ(faulty.stale(), 0);
}

TEST_F(FaultyLedgerTest, ARepeatedAppendMeetsItself) {
  FaultyLedger faulty(memory_, {.repeated = always}, 1);

  const auto answer = append_first(faulty);

  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->head, first_);
  EXPECT_EQ(entries(), 1);
}

TEST_F(FaultyLedgerTest, CallsOfOneKindKeepTheirOrder) {
  FaultyLedger faulty(memory_, {}, 1);
  std::vector<int> answers;
  for (int i = 0; i < 50; ++i) {
    faulty.journal(0).read_mark([&answers, i](const auto&) { answers.push_back(i); });
  }

  faulty.deliver_all(rng_);

  ASSERT_EQ(answers.size(), 50);
  EXPECT_TRUE(std::ranges::is_sorted(answers));
}

namespace {

/// A writer of one shard that acts on answers alone, as a shard's actor does.
class SimulatedWriter {
 public:
  SimulatedWriter(Journal& journal, std::uint64_t appends) : journal_(journal), appends_(appends) {}

  void go_on() {
    if (written_.size() == appends_) return;
    const std::string batch = std::to_string(written_.size());
    next_ = head_at(1, written_.size() + 1, "a/1#1");
    send(append_request(head_, next_, batch));
  }

  [[nodiscard]] const std::vector<std::string>& written() const { return written_; }
  [[nodiscard]] const std::string& trace() const { return trace_; }

 private:
  void send(const AppendRequest& request) {
    journal_.append(request, [this, request](const LedgerResult<AppendReply>& reply) {
      trace_ += reply ? "." : "?";
      if (!reply || reply->head == request.expected) return send(request);
      ASSERT_EQ(reply->head, request.next);
      head_ = request.next;
      written_.push_back(*request.batch);
      go_on();
    });
  }

  Journal& journal_;
  const std::uint64_t appends_;
  Head head_ = fresh_head();
  Head next_;
  std::vector<std::string> written_;
  std::string trace_;
};

struct Outcome {
  std::string trace;
  std::uint64_t faults = 0;
};

Outcome simulate(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr std::uint64_t appends = 40;
  MemoryLedger memory(LedgerInfo{.id = "simulated", .shards = 1});
  FaultyLedger faulty(
      memory, {.lost_before = 1'000, .lost_after = 1'000, .late = 1'000, .repeated = 1'000}, seed);
  std::mt19937_64 rng(seed + 1);
  SimulatedWriter writer(faulty.journal(0), appends);

  writer.go_on();
  faulty.deliver_all(rng);

  const auto log = JournalCalls(memory.journal(0)).log();
  std::vector<std::string> batches;
  for (const auto& entry : *log) batches.push_back(entry.batch);
  EXPECT_EQ(writer.written().size(), appends);
  EXPECT_EQ(batches, writer.written());
  return {.trace = writer.trace(), .faults = faulty.faults()};
}

}  // namespace

TEST(FaultyLedgerSimulation, NothingIsLostOrDoubledForAnySeed) {
  std::uint64_t faults = 0;

  for (std::uint64_t seed = 0; seed < 500 && !testing::Test::HasFailure(); ++seed) {
    faults += simulate(seed).faults;
  }

  EXPECT_GT(faults, 500);
}

TEST(FaultyLedgerSimulation, TheSameSeedGivesTheSameRun) {
  const auto one = simulate(42);
  const auto same = simulate(42);
  const auto other = simulate(43);

  EXPECT_EQ(one.trace, same.trace);
  EXPECT_EQ(one.faults, same.faults);
  EXPECT_NE(one.trace, other.trace);
}

}  // namespace wutong::test
