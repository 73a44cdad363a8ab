#include "gateway/documents/risk_scopes.h"

#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/documents/risk_document.h"
#include "tests/gateway/documents_fixture.h"

namespace wutong {
namespace {

using ::testing::ElementsAre;
using testing::errors_of;
using testing::good_program;
using ::testing::IsEmpty;

/// A policy that compiles, whose second limit has these scoped bounds.
std::string policy_with(const std::string& scoped_bounds) {
  return absl::StrCat(R"({"version": 1, "limits": [
{"id": "all", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "FLAG", "bound": 9},
{"id": "a", "measure": "ORDERS", "window": "CALENDAR_DAY", "effect": "DECLINE", "bound": 9, "mode": "OFF", "scoped_bounds": [
)",
                      scoped_bounds, "]}]}");
}

std::vector<std::string> warnings_of(const std::string& policy) {
  const auto program = compile_program(good_program);
  EXPECT_THAT(errors_of(program), IsEmpty());
  EXPECT_THAT(errors_of(compile_risk_policy(policy)), IsEmpty());
  std::vector<std::string> warnings;
  for (const auto& warning : scopes_without_traffic(policy, **program)) {
    warnings.push_back(text_of(warning));
  }
  return warnings;
}

TEST(RiskScopes, ThatTheProgramHasAreNothingToWarnOf) {
  EXPECT_THAT(warnings_of(policy_with(R"(
      {"venue": "M1", "bound": 1}, {"store": {"venue": "M1", "store": "s2"}, "bound": 2},
      {"format": "hotel", "bound": 3}, {"channel": "WEB", "bound": 4},
      {"member": "nobody whom a program would know", "bound": 5})")),
              IsEmpty());
}

TEST(RiskScopes, ThatTheProgramDoesNotHaveAreToldWithTheirPlaces) {
  EXPECT_THAT(
      warnings_of(policy_with(R"({"venue": "M1", "bound": 1},
{"venue": "mall-riversde", "bound": 2},
{"store": {"venue": "M2", "store": "s1"}, "bound": 3},
{"store": {"venue": "M1", "store": "s9"}, "bound": 4},
{"format": "cinema", "bound": 5})")),
      ElementsAre(
          R"(line 5, column 2: limits[1].scoped_bounds[1].venue: the program has no venue "mall-riversde" (limit "a"))",
          R"(line 6, column 12: limits[1].scoped_bounds[2].store.venue: the program has no venue "M2" (limit "a"))",
          R"(line 7, column 27: limits[1].scoped_bounds[3].store.store: the program has no store "s9" in venue "M1" (limit "a"))",
          R"(line 8, column 2: limits[1].scoped_bounds[4].format: the program has no venue of format "cinema" (limit "a"))"));
}

TEST(RiskScopes, OfAStoreNameItInItsVenue) {
  // The store is there, and in another venue.
  EXPECT_THAT(
      warnings_of(policy_with(R"({"store": {"venue": "H1", "store": "s1"}, "bound": 1})")),
      ElementsAre(
          R"(line 4, column 27: limits[1].scoped_bounds[0].store.store: the program has no store "s1" in venue "H1" (limit "a"))"));
}

TEST(RiskScopes, OfADocumentThatNamesNoneAreNothingToWarnOf) {
  EXPECT_THAT(warnings_of(R"({"version": 1})"), IsEmpty());
}

}  // namespace
}  // namespace wutong
