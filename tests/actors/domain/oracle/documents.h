#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/domain/program.h"
#include "actors/domain/risk_policy.h"
#include "load/random.h"

/// Random documents for the oracle. Choices are plain numbers of which 0 is the simplest, so that
/// shrinking a sequence can shrink the documents too.
namespace wutong::oracle {

struct LimitChoice {
  std::uint32_t measure = 0;
  std::uint32_t window = 0;
  std::uint32_t effect = 0;
  std::uint32_t mode = 0;
  std::uint32_t bound = 0;
  /// A bit for each scope that has a bound.
  std::uint32_t scope = 0;
};

struct Documents {
  enum Choice : std::uint8_t {
    zone,
    base_points,
    funding,
    stores,
    breakage,
    multiplier,
    multiplier_filter,
    multiplier_funding,
    second_multiplier,
    bonus,
    bonus_funding,
    groups,
    lost,
    dates,
    where,
    offset,
    expiry,
    cutoff,
    grace,
    shortfall,
    hold_timeout,
    tenders,
    foreign_refunds,
    start,
    choices,
  };
  std::array<std::uint32_t, choices> of{};
  std::vector<LimitChoice> limits;
};

[[nodiscard]] Documents random_documents(load::Random& random);

/// Version 1 and 2 differ in rates, prices and rules, so that what a receipt pins shows.
[[nodiscard]] domain::Program program_of(const Documents& documents, std::uint32_t version);
[[nodiscard]] domain::RiskPolicy policy_of(const Documents& documents);
[[nodiscard]] domain::Instant start_of(const Documents& documents);

[[nodiscard]] std::string text_of(const Documents& documents);

}  // namespace wutong::oracle
