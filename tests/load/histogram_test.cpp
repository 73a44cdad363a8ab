#include "load/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "load/random.h"

namespace wutong::load {
namespace {

TEST(Histogram, OfNothingTellsZero) {
  const Histogram empty;

  EXPECT_EQ(empty.quantile(0.99), 0U);
  EXPECT_EQ(empty.max(), 0U);
}

TEST(Histogram, ValuesBelow2048AreExact) {
  Histogram histogram;
  for (std::uint64_t value = 0; value <= 2'047; ++value) histogram.record(value);

  EXPECT_EQ(histogram.quantile(0.5), 1'023U);
  EXPECT_EQ(histogram.quantile(1), 2'047U);
}

TEST(Histogram, TheShareOfARankIsThatRank) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 1'000; ++value) histogram.record(value);

  EXPECT_EQ(histogram.quantile(0), 1U);
  for (std::uint64_t rank = 1; rank <= 1'000; ++rank) {
    EXPECT_EQ(histogram.quantile(static_cast<double>(rank) / 1'000), rank);
  }
}

TEST(Histogram, WhatTakesLongerThanAnHourCountsAsAnHour) {
  Histogram histogram;
  histogram.record(Histogram::longest);
  histogram.record(2 * Histogram::longest);
  histogram.record(~std::uint64_t{0});

  EXPECT_EQ(histogram.count(), 3U);
  EXPECT_EQ(histogram.quantile(0.5), Histogram::longest);
  EXPECT_EQ(histogram.max(), Histogram::longest);
}

/// Durations of some law that the seed picks: of all sizes, of one size, or most short and a few long.
std::vector<std::uint64_t> durations_of(std::uint64_t seed) {
  Random random(seed);
  const auto law = random.below(3);
  const auto centre = std::uint64_t{1} << random.below(31);
  std::vector<std::uint64_t> values(1 + random.below(5'000));
  for (auto& value : values) {
    if (law == 0) {
      value = random.below(Histogram::longest) >> random.below(32);
    } else if (law == 1) {
      value = centre + random.below(centre);
    } else {
      value = random.chance(0.98) ? 900 + random.below(300) : random.below(Histogram::longest);
    }
  }
  return values;
}

TEST(Histogram, EveryQuantileIsWithinATenthOfAPercentOfTheSortedSamples) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    auto values = durations_of(seed);
    Histogram histogram;
    for (const auto value : values) histogram.record(value);
    std::ranges::sort(values);

    for (std::size_t step = 1; step <= 200; ++step) {
      const std::size_t rank = (values.size() * step + 199) / 200;
      const auto truth = values[rank - 1];
      const auto told =
          histogram.quantile(static_cast<double>(rank) / static_cast<double>(values.size()));
      ASSERT_GE(told, truth);
      ASSERT_LE((told - truth) * 1'000, truth);
    }
    EXPECT_EQ(histogram.quantile(1), values.back());
    EXPECT_EQ(histogram.max(), values.back());
    EXPECT_EQ(histogram.count(), values.size());
  }
}

TEST(Histogram, MergingPartsIsRecordingAll) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Histogram merged;
    Histogram whole;
    for (std::uint64_t part = 0; part < 4; ++part) {
      Histogram histogram;
      for (const auto value : durations_of(seed_of(seed, part))) {
        histogram.record(value);
        whole.record(value);
      }
      merged.merge(histogram);
    }
    merged.merge(Histogram());

    EXPECT_EQ(merged.count(), whole.count());
    EXPECT_EQ(merged.max(), whole.max());
    for (int percent = 0; percent <= 100; ++percent) {
      EXPECT_EQ(merged.quantile(percent / 100.0), whole.quantile(percent / 100.0));
    }
  }
}

}  // namespace
}  // namespace wutong::load
