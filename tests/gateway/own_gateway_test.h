#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "tests/gateway/till.h"
#include "tests/support/gateway_process.h"
#include "tests/support/redis_server.h"

namespace wutong::test {

/// A test with a Redis, a gateway and a till of its own. In the end the ledger must hold.
class OwnGatewayTest : public ::testing::Test {
 protected:
  /// Starts the gateway; by default with P0, no limits, and the caller's clock.
  void open(GatewayOptions options = {}) {
    gateway.emplace(redis, std::move(options));
    gateway->start();
    till.emplace(*gateway);
  }

  static std::filesystem::path data(const std::string& file) {
    return std::filesystem::path(WUTONG_SOURCE_DIR) / "tests" / "data" / file;
  }

  void TearDown() override {
    if (!gateway) return;
    const auto audited = gateway->run({"audit"});
    EXPECT_EQ(audited.exit_code, 0) << audited.output;
  }

  RedisServer redis;
  std::optional<RunningGateway> gateway;
  std::optional<Till> till;
};

}  // namespace wutong::test
