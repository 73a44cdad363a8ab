#include "actors/unflushed_changes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace wutong {
namespace {

constexpr std::uint32_t buckets = 16;
constexpr std::int32_t month = 680;

domain::Position at(std::uint64_t sequence) { return {.epoch = 1, .sequence = sequence}; }

UnflushedChanges::Change change(std::uint64_t sequence, std::uint32_t bucket,
                                std::int32_t of_month = month) {
  return {.position = at(sequence),
          .entry = {.order = {.high = sequence, .low = bucket}, .member = {10}},
          .month = of_month,
          .bucket = bucket};
}

TEST(UnflushedChanges, HasNothingToFlushBeforeARoundAndAfterIt) {
  UnflushedChanges changes(buckets);
  EXPECT_EQ(changes.first_after_taken(), std::nullopt);
  changes.add(change(1, 3));
  EXPECT_TRUE(changes.to_flush(1).empty());
  EXPECT_EQ(changes.first_after_taken(), at(1));

  changes.begin_round(at(1));
  EXPECT_EQ(changes.to_flush(1).size(), 1);
  EXPECT_EQ(changes.first_after_taken(), std::nullopt);
  changes.flushed();

  EXPECT_TRUE(changes.to_flush(1).empty());
  EXPECT_EQ(changes.size(), 0);
}

TEST(UnflushedChanges, LeavesWhatIsLaterToTheNextRound) {
  UnflushedChanges changes(buckets);
  for (std::uint64_t number = 1; number <= 200; ++number)
    changes.add(change(number, static_cast<std::uint32_t>(number % 3)));

  changes.begin_round(at(150));
  changes.add(change(201, 1));

  EXPECT_EQ(changes.round_size(), 150);
  EXPECT_EQ(changes.to_flush(3).size(), 150);
  EXPECT_EQ(changes.first_after_taken(), at(151));
  changes.flushed();
  changes.begin_round(at(201));
  EXPECT_EQ(changes.to_flush(3).size(), 51);
}

TEST(UnflushedChanges, GivesTheSameAgainUntilItIsFlushed) {
  UnflushedChanges changes(buckets);
  for (std::uint32_t number = 1; number <= 4; ++number) changes.add(change(number, number));
  changes.begin_round(at(4));

  EXPECT_EQ(changes.to_flush(2).size(), 2);
  EXPECT_EQ(changes.to_flush(1).size(), 1);
  EXPECT_EQ(changes.first_after_taken(), at(2));
  changes.flushed();
  EXPECT_EQ(changes.size(), 3);
  EXPECT_EQ(changes.to_flush(1).front().position, at(2));
}

/// Beside a plain list of what waits, in many rounds whose flushes are of all sizes.
TEST(UnflushedChanges, FlushesMonthByMonthABucketTogetherInTheirOrderAndTellsTheFirstThatWaits) {
  std::mt19937 random(7);
  const auto below = [&](std::uint32_t bound) {
    return static_cast<std::uint32_t>(random() % bound);
  };
  UnflushedChanges changes(buckets);
  std::map<std::uint64_t, UnflushedChanges::Change> waiting;
  std::uint64_t sequence = 0;
  const auto add_some = [&](std::uint32_t count) {
    for (; count > 0; --count) {
      const auto made =
          change(++sequence, below(buckets), month - static_cast<std::int32_t>(below(3)));
      changes.add(made);
      waiting.emplace(sequence, made);
    }
  };
  for (int round = 0; round < 50; ++round) {
    add_some(below(600));
    const auto committed = sequence - std::min<std::uint64_t>(sequence, below(40));
    changes.begin_round(at(committed));
    std::vector<UnflushedChanges::Change> expected;
    for (const auto& [number, made] : waiting) {
      if (number <= committed) expected.push_back(made);
    }
    const auto by_place = [](const auto& made) { return std::tuple(made.month, made.bucket); };
    std::ranges::stable_sort(expected, {}, by_place);
    ASSERT_EQ(changes.round_size(), expected.size());
    for (auto next = expected.begin(); next != expected.end();) {
      const auto buckets_max = 1 + below(7);
      const auto taken = changes.to_flush(buckets_max);
      ASSERT_FALSE(taken.empty());
      std::size_t places = 0;
      for (const auto& made : taken) {
        ASSERT_EQ(made.position, next->position);
        ASSERT_EQ(made.entry, next->entry);
        places += next == expected.begin() || &made == &taken.front() ||
                          by_place(*(next - 1)) != by_place(*next)
                      ? 1
                      : 0;
        waiting.erase(made.position.sequence);
        ++next;
      }
      ASSERT_LE(places, buckets_max);
      const bool whole = next == expected.end() || by_place(*(next - 1)) != by_place(*next);
      ASSERT_TRUE(whole) << "a bucket is flushed in two";
      ASSERT_EQ(changes.first_after_taken(),
                waiting.empty() ? std::nullopt : std::optional(at(waiting.begin()->first)));
      add_some(below(5));
      changes.flushed();
      ASSERT_EQ(changes.size(), waiting.size());
    }
  }
}

}  // namespace
}  // namespace wutong
