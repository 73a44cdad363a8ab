#include "load/flags.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace wutong::load
