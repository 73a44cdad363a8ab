#include "load/outcomes.h"

#include <gtest/gtest.h>

#include <string>

namespace wutong::load {
namespace {

/// Each kind far above the bound, of 10,000 requests.
Outcomes common_outcomes() {
  Outcomes outcomes{.requests = 10'000};
  outcomes.traffic.fill(500);
  return outcomes;
}

TEST(Outcomes, OnePercentOfAnyKindIsTooRareAndOneMoreIsEnough) {
  for (std::size_t i = 0; i < traffic_count; ++i) {
    const std::string name = name_of(static_cast<Traffic>(i));
    Outcomes outcomes = common_outcomes();
    ASSERT_EQ(outcomes.too_rare(), "");

    outcomes.traffic[i] = 100;
    EXPECT_EQ(outcomes.too_rare(), name + " 1.00 %");

    outcomes.traffic[i] = 101;
    EXPECT_EQ(outcomes.too_rare(), "") << name;
  }
}

TEST(Outcomes, AllKindsThatAreTooRareAreTold) {
  Outcomes outcomes = common_outcomes();
  outcomes.traffic.fill(0);

  const std::string rare = outcomes.too_rare();

  for (std::size_t i = 0; i < traffic_count; ++i) {
    EXPECT_NE(rare.find(name_of(static_cast<Traffic>(i))), std::string::npos) << rare;
  }
}

TEST(Outcomes, NothingSentIsTooRare) { EXPECT_NE(Outcomes{}.too_rare(), ""); }

}  // namespace
}  // namespace wutong::load
