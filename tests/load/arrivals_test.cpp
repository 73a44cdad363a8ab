#include "load/arrivals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace wutong::load {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(Arrivals, EvenOnesAreAsFarApartAsTheRateSays) {
  Arrivals arrivals(4, Spacing::even, 1);

  std::vector<std::int64_t> told;
  for (int i = 0; i < 6; ++i) told.push_back(arrivals.next().count());

  EXPECT_EQ(told, (std::vector<std::int64_t>{0, 250'000'000, 500'000'000, 750'000'000,
                                             1'000'000'000, 1'250'000'000}));
}

TEST(Arrivals, EvenOnesStayOnTheSecondWhateverTheRate) {
  constexpr std::uint32_t rate = 7'919;
  Arrivals arrivals(rate, Spacing::even, 1);

  for (std::uint32_t i = 0; i < 100 * rate; ++i) static_cast<void>(arrivals.next());

  EXPECT_EQ(arrivals.next(), seconds(100));
}

TEST(Arrivals, PoissonOnesHaveTheRateAndTheSpreadOfChance) {
  constexpr int count = 100'000;
  Arrivals arrivals(1'000, Spacing::poisson, 7);

  nanoseconds last{0};
  double sum = 0;
  double sum_of_squares = 0;
  for (int i = 0; i < count; ++i) {
    const auto next = arrivals.next();
    ASSERT_GE(next, last);
    const double gap_ms = static_cast<double>((next - last).count()) / 1e6;
    sum += gap_ms;
    sum_of_squares += gap_ms * gap_ms;
    last = next;
  }

  // Of the exponential law mean and deviation are the same.
  const double mean = sum / count;
  EXPECT_NEAR(mean, 1, 0.02);
  EXPECT_NEAR(std::sqrt(sum_of_squares / count - mean * mean), 1, 0.03);
}

TEST(Arrivals, ASeedGivesTheSameScheduleAgain) {
  Arrivals first(100, Spacing::poisson, 3);
  Arrivals again(100, Spacing::poisson, 3);
  Arrivals other(100, Spacing::poisson, 4);

  const auto told = first.next();

  EXPECT_EQ(again.next(), told);
  EXPECT_NE(other.next(), told);
}

}  // namespace
}  // namespace wutong::load
