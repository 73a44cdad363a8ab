#include "load/axis.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "load/random.h"

namespace wutong::load {
namespace {

std::vector<std::string> texts(const Axis& axis) {
  std::vector<std::string> texts;
  for (const Axis::Tick& tick : axis.ticks()) texts.push_back(tick.text);
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Axis, LinearBeginsAtNoneAndGoesInRoundSteps) {
  EXPECT_EQ(texts(Axis(Scale::linear, {30, 2'310})),
            (Texts{"0", "500", "1,000", "1,500", "2,000", "2,500"}));
  EXPECT_EQ(texts(Axis(Scale::linear, {})), (Texts{"0", "0.2", "0.4", "0.6", "0.8", "1"}));
}

TEST(Axis, LogarithmicGoesFromDecadeToDecade) {
  EXPECT_EQ(texts(Axis(Scale::logarithmic, {2, 40})),
            (Texts{"1", "2", "5", "10", "20", "50", "100"}));
  EXPECT_EQ(texts(Axis(Scale::logarithmic, {0.5, 20'000})),
            (Texts{"0.1", "1", "10", "100", "1,000", "10,000", "100,000"}));
  EXPECT_EQ(texts(Axis(Scale::logarithmic, {10})), (Texts{"10", "20", "50", "100"}));
}

TEST(Axis, NinesGiveEachNineTheSameRoom) {
  const Axis axis(Scale::nines, {0, 0.9999});

  EXPECT_EQ(texts(axis), (Texts{"0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"}));
  EXPECT_NEAR(axis.position(0.9), 0.25, 1e-9);
  EXPECT_NEAR(axis.position(0.99), 0.5, 1e-9);
  EXPECT_NEAR(axis.position(0.999), 0.75, 1e-9);
}

TEST(Axis, ReachesOverAllThatItShows) {
  Random random(3);
  for (int round = 0; round < 2'000; ++round) {
    const auto scale = static_cast<Scale>(random.below(3));
    std::vector<double> values;
    for (auto left = 1 + random.below(5); left > 0; --left) {
      values.push_back(scale == Scale::nines ? random.unit()
                                             : random.unit() * std::pow(10, random.between(-3, 7)));
    }
    const Axis axis(scale, values);

    for (const double value : values) {
      if (!axis.shows(value)) continue;
      EXPECT_GE(axis.position(value), 0);
      EXPECT_LE(axis.position(value), 1);
    }
    if (scale != Scale::nines) {
      // Nothing that is shown lies beyond the last mark.
      EXPECT_GE(axis.ticks().back().value, std::ranges::max(values) * (1 - 1e-9));
    }
    EXPECT_GE(axis.ticks().size(), 2U);
    EXPECT_LE(axis.ticks().size(), 14U);
    EXPECT_TRUE(std::ranges::is_sorted(axis.ticks(), {}, &Axis::Tick::value));
  }
}

TEST(NumberText, HasNoDigitsThatSayNothing) {
  EXPECT_EQ(number_text(0), "0");
  EXPECT_EQ(number_text(0.25), "0.25");
  EXPECT_EQ(number_text(999), "999");
  EXPECT_EQ(number_text(12'000), "12,000");
  EXPECT_EQ(number_text(1'234'567), "1,234,567");
  EXPECT_EQ(number_text(100'000'000), "100,000,000");
}

}  // namespace
}  // namespace wutong::load
