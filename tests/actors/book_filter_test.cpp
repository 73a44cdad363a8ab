#include "actors/book_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

namespace wutong {
namespace {

std::vector<domain::RecordKey> orders(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 rng(seed);
  std::vector<domain::RecordKey> keys;
  for (std::size_t number = 0; number < count; ++number) {
    keys.push_back({.high = rng(), .low = static_cast<std::uint32_t>(rng())});
  }
  return keys;
}

TEST(BookFilter, AnEmptyOneHasNothing) {
  const BookFilter filter;

  for (const auto order : orders(1'000, 1)) EXPECT_FALSE(filter.may_contain(order));
  EXPECT_EQ(filter.bytes(), 0U);
}

TEST(BookFilter, NeverSaysNoOfWhatItHas) {
  for (const std::size_t count : {1U, 1'024U, 1'025U, 3'072U, 50'000U}) {
    BookFilter filter;
    const auto known = orders(count, count);
    for (const auto order : known) filter.insert(order);

    for (const auto order : known) ASSERT_TRUE(filter.may_contain(order)) << "of " << count;
  }
}

TEST(BookFilter, KeysOfOneShardAreToldApart) {
  // Their lowest bits are all the same.
  BookFilter filter;
  auto known = orders(20'000, 1);
  auto strange = orders(100'000, 2);
  for (auto* keys : {&known, &strange}) {
    for (auto& key : *keys) key.high &= ~std::uint64_t{1'023};
  }
  for (const auto order : known) filter.insert(order);

  const auto hits = std::count_if(strange.begin(), strange.end(),
                                  [&](auto order) { return filter.may_contain(order); });

  EXPECT_LT(hits, 1'000);
}

TEST(BookFilter, SeldomSaysPerhapsOfWhatItHasNot) {
  BookFilter filter;
  for (const auto order : orders(100'000, 1)) filter.insert(order);
  const auto strange = orders(200'000, 2);

  const auto hits = std::count_if(strange.begin(), strange.end(),
                                  [&](auto order) { return filter.may_contain(order); });

  // About one in two thousand, in each of the six full segments that it has grown by.
  EXPECT_LT(hits, 800);
}

TEST(BookFilter, GrowsALittleAtATime) {
  BookFilter filter;
  std::uint64_t bytes = 0;
  std::uint64_t known = 0;
  for (const auto order : orders(1'000'000, 1)) {
    filter.insert(order);
    const auto grown = filter.bytes() - std::exchange(bytes, filter.bytes());
    if (++known < 50'000) continue;
    ASSERT_LT(grown, bytes / 8) << "with order " << known;
  }
}

TEST(BookFilter, TakesAFewBytesAnOrder) {
  BookFilter filter;
  for (const auto order : orders(1'000'000, 1)) filter.insert(order);

  EXPECT_LT(filter.bytes(), 4'500'000U);
}

}  // namespace
}  // namespace wutong
