#include "actors/domain/symbol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace wutong::testing {
namespace {

using namespace domain;

TEST(Symbol, TheSameTextIsTheSameSymbol) {
  const std::string text = "a venue";
  const Symbol symbol = Symbol::intern(text);

  EXPECT_EQ(Symbol::intern("a venue"), symbol);
  EXPECT_EQ(symbol.text(), text);
  EXPECT_NE(symbol.text().data(), text.data()) << "the caller's text may go";
  EXPECT_NE(Symbol::intern("another venue"), symbol);
}

TEST(Symbol, TheEmptyNameIsKnownToAll) {
  EXPECT_TRUE(Symbol{}.empty());
  EXPECT_EQ(Symbol::intern(""), Symbol{});
  EXPECT_EQ(Symbol::find(""), Symbol{});
  EXPECT_EQ(Symbol{}.text(), "");
}

TEST(Symbol, LookingUpMakesNoName) {
  // Names live as long as the process, so a repeated run needs one of its own.
  static int runs = 0;
  const std::string sent = "what a caller sent " + std::to_string(++runs);

  EXPECT_EQ(Symbol::find(sent), std::nullopt);
  EXPECT_EQ(Symbol::find(sent), std::nullopt);
  const Symbol made = Symbol::intern(sent);
  EXPECT_EQ(Symbol::find(sent), made);
}

TEST(Symbol, IsOrderedByItsBytesAndNotByItsAge) {
  const Symbol later = Symbol::intern("zebra");
  const Symbol earlier = Symbol::intern("ant");
  EXPECT_LT(earlier, later);
  EXPECT_LT(Symbol{}, earlier);
  EXPECT_LT(Symbol::intern("B60"), Symbol::intern("W"));
}

TEST(Symbol, HoldsAnyBytes) {
  const std::string text("\0b\xff", 3);
  EXPECT_EQ(Symbol::intern(text).text(), text);
  EXPECT_NE(Symbol::intern(text), Symbol::intern(std::string("\0c", 2)));
}

TEST(Symbol, ThreadsThatMeetAtTheSameNamesAgreeOnThem) {
  constexpr std::size_t names = 20'000;
  constexpr std::size_t threads = 4;
  std::vector<std::vector<Symbol>> seen(threads, std::vector<Symbol>(names));
  std::vector<std::thread> running;
  for (std::size_t t = 0; t < threads; ++t) {
    running.emplace_back([&seen, t] {
      for (std::size_t i = 0; i < names; ++i) {
        // Each thread comes from another side, so that they make and find each other's names.
        const std::size_t n = t % 2 == 0 ? i : names - 1 - i;
        const std::string text = "name " + std::to_string(n);
        const Symbol symbol = Symbol::intern(text);
        if (symbol.text() != text || Symbol::find(text) != symbol) return;
        seen[t][n] = symbol;
      }
    });
  }
  for (std::thread& thread : running) thread.join();

  for (std::size_t t = 1; t < threads; ++t) EXPECT_EQ(seen[t], seen[0]);
  std::ranges::sort(seen[0]);
  EXPECT_EQ(std::ranges::adjacent_find(seen[0]), seen[0].end());
  EXPECT_FALSE(seen[0].front().empty());
}

}  // namespace
}  // namespace wutong::testing
