#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "tests/gateway/till.h"
#include "tests/support/gateway_process.h"
#include "tests/support/redis_server.h"

/// Tests whose members and orders are their own can share a gateway: processes take longer to start
/// than most tests to run.
namespace wutong::test {

/// A gateway over a Redis of its own, with a few tokens. Ends after the last test of the program, and
/// then the ledger must hold.
struct SharedGateway {
  explicit SharedGateway(const GatewayOptions& options);

  /// The one with this program, policy and clock; started at the first call.
  static SharedGateway& with(const GatewayOptions& options);

  RedisServer redis;
  RunningGateway process;
  std::string token_of_m1;
  std::string token_of_finance;
};

class SharedGatewayTest : public ::testing::Test {
 protected:
  /// By default with P0, no limits, and the caller's clock.
  void open(const GatewayOptions& options = {});
  /// A new process over the same ledger, and a till at it.
  void start_again();

  static std::filesystem::path data(const std::string& file) {
    return std::filesystem::path(WUTONG_SOURCE_DIR) / "tests" / "data" / file;
  }
  /// A number that `wutong audit` tells, over all tests so far. It must hold.
  [[nodiscard]] std::int64_t audited(const std::string& name) const;

  SharedGateway* shared = nullptr;
  RunningGateway* gateway = nullptr;
  /// Its ids are this test's own.
  std::optional<Till> till;
};

}  // namespace wutong::test
