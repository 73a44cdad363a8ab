#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace wutong::test {

/// From WUTONG_SEED, or a new one; printed, so that a failure can be tried again.
inline std::uint64_t seed_of_test() {
  const char* const given = std::getenv("WUTONG_SEED");
  const auto seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::uint64_t{std::random_device{}()};
  std::printf("WUTONG_SEED=%llu\n", static_cast<unsigned long long>(seed));
  // A test that crashes loses what is not written yet.
  std::fflush(stdout);
  return seed;
}

}  // namespace wutong::test
