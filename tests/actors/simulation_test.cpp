#include "tests/actors/simulation.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>

#include "actors/domain/ensure.h"

// WUTONG_SIM_SEEDS=17 runs that seed, 1-500 those; WUTONG_SIM_LOG=1 prints what shards log.

namespace wutong::testing {
namespace {

std::uint64_t seed_at_work = 0;

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 300;
};

Seeds seeds_to_run() {
  Seeds seeds;
  const char* asked = std::getenv("WUTONG_SIM_SEEDS");
  if (asked == nullptr) return seeds;
  const std::string text = asked;
  const auto dash = text.find('-');
  seeds.first = std::stoull(text.substr(0, dash));
  seeds.last = dash == std::string::npos ? seeds.first : std::stoull(text.substr(dash + 1));
  return seeds;
}

TEST(Simulation, KeepsEveryPromiseOnBadDays) {
  domain::set_ensure_handler([](const domain::BrokenPromise& broken) {
    std::cerr << "seed " << seed_at_work << ": " << broken.file << ":" << broken.line << ": "
              << broken.detail << std::endl;
  });
  const auto seeds = seeds_to_run();
  Coverage coverage;
  int failures = 0;
  for (auto seed = seeds.first; seed <= seeds.last && failures < 40; ++seed) {
    seed_at_work = seed;
    Simulation simulation(seed);
    const auto complaint = simulation.run();
    simulation.add_to(coverage);
    if (complaint.empty()) continue;
    ++failures;
    ADD_FAILURE() << "WUTONG_SIM_SEEDS=" << seed << ": " << complaint;
  }
  for (const auto& [what, count] : coverage) std::cout << count << '\t' << what << '\n';
  if (seeds.last - seeds.first < 100) return;
  for (const auto* what : {"said: receipt",
                           "said: written ahead",
                           "said: receipt again",
                           "said: history",
                           "said: refused 10",
                           "said: refused 11",
                           "said: refused 11 retryable",
                           "said: refused 74",
                           "gateway crashed",
                           "shard crashed",
                           "gateway paused",
                           "tail mended",
                           "fenced",
                           "resolvings",
                           "passivations",
                           "said: linked",
                           "said: linked already",
                           "said: unlinked",
                           "said: member by an identity",
                           "said: checkout by an identity",
                           "said: nobody by an identity",
                           "said: refused 91",
                           "said: refused 91 retryable",
                           "identity hits",
                           "identity reads",
                           "identity denials",
                           "history reads",
                           "bucket reads",
                           "claims reversed"}) {
    EXPECT_GT(coverage[what], 0U) << what;
  }
}

}  // namespace
}  // namespace wutong::testing
