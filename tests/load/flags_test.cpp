#include "load/flags.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>

#include "load/command_line.h"

namespace wutong::load {
namespace {

TEST(Target, IsThisMachineOnly) {
  for (const char* near : {"127.0.0.1:7700", "127.1.2.3:1", "localhost:7700", "[::1]:7700"}) {
    EXPECT_TRUE(is_loopback(near)) << near;
  }
  for (const char* far : {"10.0.0.1:7700", "example.org:7700", "127.0.0.1", "127.0.0.1:0",
                          "127.0.0.1.example.org:80", "127.0.0:80", "0.0.0.0:7700", "[::]:7700",
                          "localhost.example.org:7700", "dns:///127.0.0.1:7700", ""}) {
    EXPECT_FALSE(is_loopback(far)) << far;
  }
}

TEST(Target, BeyondThisMachineIsRefused) {
  EXPECT_FALSE(call_options({.target = "192.168.1.1:7700"}));
  EXPECT_TRUE(call_options({.target = "127.0.0.1:7700"}));
}

TEST(TokenFile, MustBeReadable) {
  EXPECT_FALSE(call_options({.token_file = "/nonexistent/token"}));
}

PlanOptions asked_for(const std::string& arguments) {
  CLI::App app;
  DayFlags flags;
  add_day_flags(app, flags);
  app.parse("--program p.json " + arguments);
  return plan_options(flags);
}

TEST(DayFlags, ADayIs200000OrdersOf50000MembersUnlessAskedOtherwise) {
  EXPECT_EQ(asked_for("").orders, 200'000U);
  EXPECT_EQ(asked_for("").members, 50'000U);
  EXPECT_EQ(asked_for("").day, 1U);
  EXPECT_EQ(asked_for("").seed, 1U);

  EXPECT_EQ(asked_for("--orders 300000").members, 50'000U);
  EXPECT_EQ(asked_for("--orders 6000").members, 1'500U);
  EXPECT_EQ(asked_for("--orders 2").members, 1U);
  EXPECT_EQ(asked_for("--orders 6000 --members 70000").members, 70'000U);
}

}  // namespace
}  // namespace wutong::load
