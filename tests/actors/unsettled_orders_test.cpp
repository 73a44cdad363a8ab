#include "actors/unsettled_orders.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace wutong {
namespace {

Unsettled checkout(std::uint64_t number) {
  return {.order = {.high = number * 0x9e3779b97f4a7c15ULL, .low = 7},
          .member = {number % 5},
          .month = 600,
          .position = {.epoch = 2, .sequence = number}};
}

ClaimKey claim(std::uint64_t number) {
  const auto made = checkout(number);
  return claim_of(made.order, made.member);
}

class UnsettledOrdersOfAShard : public testing::Test {
 protected:
  void add(std::uint64_t first, std::uint64_t last) {
    for (auto number = first; number <= last; ++number)
      orders_.add(claim(number), checkout(number));
  }
  [[nodiscard]] std::vector<std::uint64_t> all() {
    std::vector<std::uint64_t> numbers;
    orders_.for_each([&](const Unsettled& one) { numbers.push_back(one.position.sequence); });
    return numbers;
  }
  [[nodiscard]] std::vector<std::uint64_t> walk_on(std::size_t count) {
    std::vector<std::uint64_t> numbers;
    orders_.walk_on(count, [&](const Unsettled& one) { numbers.push_back(one.position.sequence); });
    return numbers;
  }
  using Numbers = std::vector<std::uint64_t>;

  UnsettledOrders orders_;
};

TEST_F(UnsettledOrdersOfAShard, AreFoundUntilTheyAreTaken) {
  add(1, 3);

  EXPECT_EQ(orders_.size(), 3U);
  ASSERT_NE(orders_.find(claim(2)), nullptr);
  EXPECT_EQ(orders_.find(claim(2))->position.sequence, 2U);
  EXPECT_EQ(orders_.take(claim(2))->order, checkout(2).order);
  EXPECT_FALSE(orders_.take(claim(2)));
  EXPECT_FALSE(orders_.contains(claim(2)));
  EXPECT_EQ(all(), (Numbers{1, 3}));
  EXPECT_EQ(orders_.take(claim(1))->position.sequence, 1U);
  EXPECT_EQ(orders_.first_position().sequence, 3U);
  EXPECT_TRUE(orders_.take(claim(3)));
  EXPECT_TRUE(orders_.empty());
}

TEST_F(UnsettledOrdersOfAShard, StandOnceWithTheirClaimAndAtTheLaterPlace) {
  add(1, 3);
  auto again = checkout(1);
  again.position.sequence = 9;

  orders_.add(claim(1), again);

  EXPECT_EQ(all(), (Numbers{2, 3, 9}));
  EXPECT_EQ(orders_.first_position().sequence, 2U);
}

TEST_F(UnsettledOrdersOfAShard, AreNotSettledWhileTheyAreLost) {
  add(1, 1);
  orders_.find(claim(1))->lost = true;

  EXPECT_FALSE(orders_.take_settled(claim(1)));
  EXPECT_TRUE(orders_.contains(claim(1)));
  orders_.find(claim(1))->lost = false;
  EXPECT_TRUE(orders_.take_settled(claim(1)));
  EXPECT_FALSE(orders_.take_settled(claim(1)));
}

TEST_F(UnsettledOrdersOfAShard, AreWalkedThroughInRounds) {
  add(1, 5);
  static_cast<void>(orders_.take(claim(3)));

  EXPECT_EQ(walk_on(2), (Numbers{1, 2}));
  // An empty place counts too, so that a walk has an end.
  EXPECT_EQ(walk_on(2), (Numbers{4}));
  EXPECT_EQ(walk_on(2), (Numbers{5}));
  EXPECT_EQ(walk_on(100), (Numbers{1, 2, 4, 5}));
}

TEST_F(UnsettledOrdersOfAShard, AreWalkedOnFromTheFrontIfThoseBeforeHaveLeft) {
  add(1, 5);
  EXPECT_EQ(walk_on(1), (Numbers{1}));
  for (const std::uint64_t number : {1, 2, 3}) static_cast<void>(orders_.take(claim(number)));

  EXPECT_EQ(walk_on(1), (Numbers{4}));
}

TEST_F(UnsettledOrdersOfAShard, StayWhereTheyAreFoundHoweverManyHaveLeftBehindAnOldOne) {
  add(1, 1);
  for (std::uint64_t number = 2; number < 10'000; ++number) {
    add(number, number);
    const bool stays = number % 1'000 == 0;
    ASSERT_TRUE(stays || orders_.take(claim(number)));
  }

  EXPECT_EQ(all(), (Numbers{1, 1'000, 2'000, 3'000, 4'000, 5'000, 6'000, 7'000, 8'000, 9'000}));
  for (const auto number : all()) {
    ASSERT_NE(orders_.find(claim(number)), nullptr);
    EXPECT_EQ(orders_.find(claim(number))->position.sequence, number);
  }
  EXPECT_EQ(walk_on(1'000'000), all());
}

TEST_F(UnsettledOrdersOfAShard, AreNoneOnceCleared) {
  add(1, 3);
  orders_.clear();

  EXPECT_TRUE(orders_.empty());
  EXPECT_FALSE(orders_.take(claim(1)));
  add(4, 5);
  EXPECT_EQ(walk_on(10), (Numbers{4, 5}));
}

}  // namespace
}  // namespace wutong
