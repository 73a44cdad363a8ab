#include "tests/gateway/shared_gateway_test.h"

#include <map>
#include <memory>

namespace wutong::test {
namespace {

/// Owns the gateways; GoogleTest ends it before the program's end.
struct SharedGateways : ::testing::Environment {
  void TearDown() override {
    for (const auto& [name, gateway] : by_name) {
      const auto audited = gateway->process.run({"audit"});
      EXPECT_EQ(audited.exit_code, 0) << name << ": " << audited.output;
    }
    by_name.clear();
  }

  std::map<std::string, std::unique_ptr<SharedGateway>> by_name;
};

SharedGateways& gateways = *new SharedGateways;
/// GoogleTest owns it, and must know it before the first test runs.
[[maybe_unused]] const auto* const registered = ::testing::AddGlobalTestEnvironment(&gateways);

}  // namespace

SharedGateway::SharedGateway(const GatewayOptions& options) : process(redis, options) {
  token_of_m1 = process.add_token("everything at M1", "operator", "M1");
  token_of_finance = process.add_token("finance", "finance", "*");
  process.start();
}

SharedGateway& SharedGateway::with(const GatewayOptions& options) {
  const std::string name =
      options.program.string() + " " + options.risk_policy.string() + " " + options.clock;
  auto& gateway = gateways.by_name[name];
  if (!gateway) gateway = std::make_unique<SharedGateway>(options);
  return *gateway;
}

void SharedGatewayTest::open(const GatewayOptions& options) {
  static int tests = 0;
  shared = &SharedGateway::with(options);
  gateway = &shared->process;
  if (!gateway->running()) gateway->start();
  till.emplace(*gateway);
  till->prefix = "t" + std::to_string(++tests) + ".";
}

void SharedGatewayTest::start_again() {
  gateway->start();
  const auto now = till->now;
  const auto prefix = till->prefix;
  till.emplace(*gateway);
  till->now = now;
  till->prefix = prefix;
}

std::int64_t SharedGatewayTest::audited(const std::string& name) const {
  const auto ran = gateway->run({"audit", "--json"});
  EXPECT_EQ(ran.exit_code, 0) << ran.output;
  const std::string key = "\"" + name + "\":";
  const auto at = ran.output.find(key);
  if (at == std::string::npos) {
    ADD_FAILURE() << name << " is not in " << ran.output;
    return 0;
  }
  return std::stoll(ran.output.substr(at + key.size()));
}

}  // namespace wutong::test
