#include "actors/tentative_claims.h"

#include <gtest/gtest.h>

namespace wutong {
namespace {

constexpr domain::RecordKey a{.high = 1, .low = 1};
constexpr domain::RecordKey b{.high = 1, .low = 2};
constexpr domain::RecordKey c{.high = 3, .low = 3};

TEST(TentativeClaims, GivesThoseThatAreNotOverWhenTheirTimeHasCome) {
  TentativeClaims claims;
  static_cast<void>(claims.add(a, 10));
  const auto of_b = claims.add(b, 20);
  static_cast<void>(claims.add(c, 30));
  claims.end(of_b);

  EXPECT_EQ(claims.take_until(9), std::nullopt);
  EXPECT_EQ(claims.take_until(10), a);
  EXPECT_EQ(claims.take_until(29), std::nullopt);
  EXPECT_EQ(claims.take_until(30), c);
  EXPECT_EQ(claims.take_until(1'000), std::nullopt);
  EXPECT_EQ(claims.size(), 0U);
}

TEST(TentativeClaims, KeepsNoneThatIsOverBeforeItsTime) {
  TentativeClaims claims;
  for (std::int64_t now_ns = 0; now_ns < 1'000; ++now_ns) claims.end(claims.add(a, now_ns));
  EXPECT_EQ(claims.take_until(-1), std::nullopt);
  EXPECT_EQ(claims.size(), 0U);

  // A claim keeps its number, however many have left before it.
  static_cast<void>(claims.add(a, 1'000));
  const auto of_b = claims.add(b, 1'001);
  static_cast<void>(claims.add(c, 1'002));
  EXPECT_EQ(claims.take_until(1'000), a);
  claims.end(of_b);
  EXPECT_EQ(claims.take_until(1'001), std::nullopt);
  EXPECT_EQ(claims.size(), 1U);
  EXPECT_EQ(claims.take_until(1'002), c);
}

}  // namespace
}  // namespace wutong
