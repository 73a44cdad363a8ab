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

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 60; ++value) histogram.record(value);

  EXPECT_EQ(histogram.quantile(0.5), 30U);
  EXPECT_EQ(histogram.quantile(1), 60U);
}

TEST(Histogram, QuantilesAreWithinASixtyFourthOfTheTruth) {
  Random random(7);
  Histogram histogram;
  std::vector<std::uint64_t> values;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(random.next() >> random.below(64));
    histogram.record(values.back());
  }
  std::ranges::sort(values);

  for (const double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.999}) {
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    const std::uint64_t truth = values[rank - 1];
    EXPECT_GE(histogram.quantile(share), truth);
    EXPECT_LE(histogram.quantile(share) - truth, truth / 64);
  }
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, MergingIsRecordingAll) {
  Histogram left;
  Histogram right;
  Histogram both;
  for (std::uint64_t value = 1; value < 100'000; value += 37) {
    (value % 2 == 0 ? left : right).record(value);
    both.record(value);
  }

  left.merge(right);

  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.quantile(0.77), both.quantile(0.77));
  EXPECT_EQ(left.max(), both.max());
}

}  // namespace
}  // namespace wutong::load
