#include "tests/gateway/edge.h"

#include "tests/support/program_p0.h"

namespace wutong::test {

std::shared_ptr<const domain::Program> program_p0() {
  auto program = std::make_shared<domain::Program>(testing::program_p0());
  program->version = 7;
  const auto shoes = domain::StoreId::intern("shoes");
  for (auto& [id, venue] : program->venues) {
    venue.stores[shoes] = {.id = shoes, .party = venue.party};
    venue.refunds_orders_of = {domain::VenueId::intern("M1"), domain::VenueId::intern("H1")};
  }
  return program;
}

std::shared_ptr<const domain::RiskPolicy> policy_without_limits() {
  auto policy = std::make_shared<domain::RiskPolicy>();
  policy->version = 3;
  return policy;
}

std::shared_ptr<const domain::RiskPolicy> policy_that_declines() {
  auto policy = std::make_shared<domain::RiskPolicy>();
  policy->version = 4;
  policy->limits = {{.id = domain::LimitId::intern("orders"),
                     .measure = domain::Measure::orders,
                     .window = domain::Window::sliding,
                     .seconds = 600,
                     .effect = domain::LimitEffect::decline,
                     .bound = 5},
                    {.id = domain::LimitId::intern("refunds"),
                     .measure = domain::Measure::refunds,
                     .window = domain::Window::calendar_day,
                     .effect = domain::LimitEffect::decline,
                     .bound = 1}};
  return policy;
}

std::string hash_key() { return "0123456789abcdef"; }
std::string identity_key() { return "0123456789abcdef0123456789abcdef"; }

Credential till_of_m1() {
  Credential credential{.name = "m1", .role = Role::till, .venues = {"M1"}};
  for (std::size_t i = 0; i < method_count; ++i) credential.methods.add(static_cast<Method>(i));
  return credential;
}

}  // namespace wutong::test
