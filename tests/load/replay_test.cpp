#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "load/expectations.h"
#include "load/replay_rows.h"

namespace wutong::load {
namespace {

constexpr const char* header =
    "occurred_at,kind,order_id,original_order_id,member_id,mall,amount_minor\n";

tl::expected<ReplayFile, std::string> read(const std::string& rows) {
  std::istringstream in(header + rows);
  return read_replay(in);
}

TEST(ReplayRows, ReturnsKnowTheRowOfTheirOrder) {
  const auto file = read(
      "2010-12-01T08:26:00Z,purchase,1,,m,UK,500\n"
      "2010-12-01T08:27:00Z,purchase,2,,n,UK,700\n"
      "2010-12-01T08:28:00Z,return,C1,1,m,UK,100\n"
      "2010-12-01T08:28:00Z,return,C2,,n,UK,100\n");

  ASSERT_TRUE(file) << file.error();
  EXPECT_EQ(file->members, (std::vector<std::string>{"m", "n"}));
  ASSERT_EQ(file->rows.size(), 4U);
  EXPECT_EQ(file->rows[0].occurred_at_unix_ms, 1'291'191'960'000);
  EXPECT_EQ(file->rows[2].original_row, 0U);
  EXPECT_EQ(file->rows[3].original_row, std::nullopt);
  EXPECT_EQ(file->rows[3].member, 1U);
}

TEST(ReplayRows, WhatIsWrongIsToldWithItsLine) {
  const std::string good = "2010-12-01T08:26:00Z,purchase,1,,m,UK,500\n";

  EXPECT_EQ(read(good + good).error(), "line 3: order 1 a second time");
  EXPECT_EQ(read(good + "2010-12-01T08:25:00Z,purchase,2,,m,UK,1\n").error(),
            "line 3: earlier than the line before");
  EXPECT_EQ(read("2010-12-01T08:26:00Z,gift,1,,m,UK,500\n").error(), "line 2: kind 'gift'");
  EXPECT_EQ(read("2010-12-01T08:26:00Z,purchase,1,,m,UK,5.00\n").error(), "line 2: amount '5.00'");
  EXPECT_EQ(read("2010-12-01T08:26:00Z,purchase,1\n").error(), "line 2: 3 fields, not 7");
  EXPECT_FALSE(read("yesterday,purchase,1,,m,UK,500\n"));
}

TEST(Expectations, AreNamesAndNumbers) {
  EXPECT_EQ(expectations_of("awarded=12,refunds=-3").value(),
            (std::map<std::string, std::int64_t>{{"awarded", 12}, {"refunds", -3}}));
  EXPECT_TRUE(expectations_of("").value().empty());
  EXPECT_FALSE(expectations_of("awarded"));
  EXPECT_FALSE(expectations_of("awarded=many"));
}

TEST(Expectations, TellWhatIsNotMet) {
  EXPECT_THAT(unmet({{"a", 1}, {"b", 2}, {"c", 3}}, {{"a", 1}, {"b", 3}}),
              testing::ElementsAre("b is 3, expected 2", "there is no figure c"));
}

}  // namespace
}  // namespace wutong::load
