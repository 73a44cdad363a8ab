#include "tests/gateway/edge.h"

#include <absl/time/time.h>

namespace wutong::test {
namespace {

domain::Venue venue(const char* id, const char* party, std::int64_t minor_units_a_point) {
  domain::Venue made;
  made.id = domain::VenueId::intern(id);
  made.format = domain::FormatId::intern("mall");
  made.party = domain::PartyId::intern(party);
  made.rate = {.points = {1}, .per = {minor_units_a_point}};
  made.refunds_orders_of = {domain::VenueId::intern("M1"), domain::VenueId::intern("H1")};
  const auto shoes = domain::StoreId::intern("shoes");
  made.stores[shoes] = {.id = shoes, .party = made.party};
  return made;
}

domain::Party party(const char* id, std::int64_t price) {
  const auto made = domain::PartyId::intern(id);
  return {.id = made, .price = {price}, .breakage = made};
}

}  // namespace

std::shared_ptr<const domain::Program> program_p0() {
  auto program = std::make_shared<domain::Program>();
  program->version = 7;
  program->currency = "CNY";
  absl::LoadTimeZone("Asia/Shanghai", &program->zone);
  program->offset = {
      .threshold = {5'000}, .share = {1'500}, .step_points = {100}, .step_value = {300}};
  for (const auto& made : {party("MALL", 3'000), party("HOTEL", 2'800)}) {
    program->parties[made.id] = made;
  }
  for (const auto& made : {venue("M1", "MALL", 1'000), venue("H1", "HOTEL", 500)}) {
    program->venues[made.id] = made;
  }
  return program;
}

std::shared_ptr<const domain::RiskPolicy> policy_without_limits() {
  auto policy = std::make_shared<domain::RiskPolicy>();
  policy->version = 3;
  return policy;
}

std::string hash_key() { return "0123456789abcdef"; }

Credential till_of_m1() {
  Credential credential{.name = "m1", .role = Role::till, .venues = {"M1"}};
  for (std::size_t i = 0; i < method_count; ++i) credential.methods.add(static_cast<Method>(i));
  return credential;
}

}  // namespace wutong::test
