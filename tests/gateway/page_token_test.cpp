#include "gateway/page_token.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace wutong {
namespace {

TEST(PageToken, PositionComesBackAsItWas) {
  const domain::Position position{.epoch = 7, .sequence = UINT64_MAX};

  EXPECT_EQ(position_of(page_token_of(position)), position);
}

TEST(PageToken, AnythingElseIsNone) {
  const std::string good = page_token_of({.epoch = 7, .sequence = 9});

  EXPECT_FALSE(position_of(""));
  EXPECT_FALSE(position_of(good + "0"));
  EXPECT_FALSE(position_of(good.substr(1)));
  EXPECT_FALSE(position_of("b" + good.substr(1)));
  EXPECT_FALSE(position_of(good.substr(0, good.size() - 1) + "x"));
  EXPECT_FALSE(position_of("a" + std::string(32, '0')));
  EXPECT_FALSE(position_of("a" + std::string(32, 'B')));
}

}  // namespace
}  // namespace wutong
