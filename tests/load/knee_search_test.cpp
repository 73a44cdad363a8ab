#include "load/knee_search.h"

#include <gtest/gtest.h>

#include <vector>

namespace wutong::load {
namespace {

using Rates = std::vector<std::uint32_t>;

/// All rates that were tried, where those up to `limit` hold.
Rates search(KneeSearch& search, std::uint32_t limit) {
  Rates tried;
  while (const auto rate = search.next()) {
    tried.push_back(*rate);
    search.tried(*rate <= limit);
  }
  return tried;
}

TEST(KneeSearch, RaisesUntilARateBreaksAndThenHalves) {
  KneeSearch knee({.from = 100, .raise_percent = 50, .precision_percent = 5, .tries = 1});

  EXPECT_EQ(search(knee, 280), (Rates{100, 150, 225, 337, 281, 253, 267, 274}));

  EXPECT_EQ(knee.knee(), 274U);
  EXPECT_EQ(knee.broke(), 281U);
}

TEST(KneeSearch, EndsAtTheLastRateIfNoneBreaks) {
  KneeSearch knee({.from = 100, .to = 200, .raise_percent = 50});

  EXPECT_EQ(search(knee, 1'000), (Rates{100, 150, 200}));

  EXPECT_EQ(knee.knee(), 200U);
  EXPECT_EQ(knee.broke(), std::nullopt);
}

TEST(KneeSearch, LowersTheRateIfTheFirstBreaks) {
  KneeSearch knee({.from = 1'000, .raise_percent = 100, .precision_percent = 10, .tries = 1});

  EXPECT_EQ(search(knee, 300), (Rates{1'000, 500, 250, 375, 312, 281, 296}));

  EXPECT_EQ(knee.knee(), 296U);
}

TEST(KneeSearch, ARateThatBreaksOnceMayHoldYet) {
  KneeSearch knee({.from = 100, .to = 100, .tries = 2});

  knee.tried(false);
  EXPECT_EQ(knee.next(), 100U);
  knee.tried(true);

  EXPECT_EQ(knee.next(), std::nullopt);
  EXPECT_EQ(knee.knee(), 100U);
  EXPECT_EQ(knee.broke(), std::nullopt);
}

TEST(KneeSearch, EndsWithoutAKneeIfNothingHolds) {
  KneeSearch knee({.from = 40, .raise_percent = 25, .tries = 1});

  const Rates tried = search(knee, 0);

  EXPECT_EQ(tried.back(), 1U);
  EXPECT_EQ(knee.knee(), std::nullopt);
  EXPECT_EQ(knee.broke(), 1U);
}

TEST(KneeSearch, FindsEveryKneeAsExactlyAsItIsTold) {
  for (std::uint32_t limit = 1; limit < 5'000; limit += 7) {
    KneeSearch knee({.from = 500, .tries = 2});

    const Rates tried = search(knee, limit);

    ASSERT_TRUE(knee.knee()) << limit;
    EXPECT_LE(*knee.knee(), limit);
    EXPECT_GT(*knee.broke(), limit);
    EXPECT_LE(*knee.broke() - *knee.knee(), std::max(1U, limit / 20)) << limit;
    EXPECT_LT(tried.size(), 80U) << limit;
  }
}

}  // namespace
}  // namespace wutong::load
