#include "actors/hash_index.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace wutong {
namespace {

using Numbers = HashIndex<std::unique_ptr<int>>;

auto is(int wanted) {
  return [wanted](const std::unique_ptr<int>& kept) { return *kept == wanted; };
}

std::vector<std::pair<std::uint64_t, int>> all(const Numbers& numbers) {
  std::vector<std::pair<std::uint64_t, int>> found;
  numbers.for_each([&](std::uint64_t key, const auto& kept) { found.emplace_back(key, *kept); });
  std::sort(found.begin(), found.end());
  return found;
}

TEST(HashIndex, AnEmptyOneFindsNothing) {
  Numbers numbers;

  numbers.prefetch(7);

  EXPECT_EQ(numbers.find(7), nullptr);
  EXPECT_EQ(numbers.take(7), nullptr);
  EXPECT_TRUE(numbers.empty());
}

TEST(HashIndex, OneKeyMayKeepSeveral) {
  Numbers numbers;
  numbers.add(9, std::make_unique<int>(1));
  numbers.add(9, std::make_unique<int>(2));

  ASSERT_NE(numbers.find(9, is(2)), nullptr);
  EXPECT_EQ(**numbers.find(9, is(2)), 2);
  EXPECT_EQ(numbers.find(9, is(3)), nullptr);
  EXPECT_EQ(*numbers.take(9, is(1)), 1);
  EXPECT_EQ(numbers.find(9, is(1)), nullptr);
  EXPECT_EQ(**numbers.find(9), 2);
}

TEST(HashIndex, ForgetsAllWhenItIsCleared) {
  Numbers numbers;
  for (int number = 0; number < 1'000; ++number) {
    numbers.add(static_cast<std::uint64_t>(number), std::make_unique<int>(number));
  }

  numbers.clear();

  EXPECT_TRUE(numbers.empty());
  EXPECT_EQ(numbers.find(5), nullptr);
  numbers.add(5, std::make_unique<int>(6));
  EXPECT_EQ(all(numbers), (std::vector<std::pair<std::uint64_t, int>>{{5, 6}}));
}

// Few keys, so that they stand in each other's way, and are the same; some far apart, as a shard's are.
RC_GTEST_PROP(HashIndexProperties, FindsWhatAMultimapFinds, ()) {
  Numbers numbers;
  std::multimap<std::uint64_t, int> expected;
  const auto spread = *rc::gen::element<std::uint64_t>(1, 16, 1ULL << 60);
  const auto steps = *rc::gen::inRange(0, 600);
  for (int step = 0; step < steps; ++step) {
    const auto key = *rc::gen::inRange<std::uint64_t>(0, 200) * spread;
    if (*rc::gen::inRange(0, 5) < 3) {
      EXPECT_EQ(*numbers.add(key, std::make_unique<int>(step)), step);
      expected.emplace(key, step);
    } else {
      // Any of them, or the last.
      const auto behind = expected.upper_bound(key);
      const bool wanted = behind != expected.begin() && std::prev(behind)->first == key &&
                          *rc::gen::arbitrary<bool>();
      const auto taken =
          wanted ? numbers.take(key, is(std::prev(behind)->second)) : numbers.take(key);
      if (wanted) RC_ASSERT(taken != nullptr && *taken == std::prev(behind)->second);
      RC_ASSERT((taken == nullptr) == (expected.count(key) == 0));
      if (taken == nullptr) continue;
      const auto [first, last] = expected.equal_range(key);
      const auto same =
          std::find_if(first, last, [&](const auto& e) { return e.second == *taken; });
      RC_ASSERT(same != last);
      expected.erase(same);
    }
    RC_ASSERT(numbers.size() == expected.size());
  }
  std::vector<std::pair<std::uint64_t, int>> sorted(expected.begin(), expected.end());
  std::sort(sorted.begin(), sorted.end());
  RC_ASSERT(all(numbers) == sorted);
  for (const auto& [key, number] : expected) {
    const auto* found = numbers.find(key, is(number));
    RC_ASSERT(found != nullptr);
    RC_ASSERT(**found == number);
  }
}

}  // namespace
}  // namespace wutong
