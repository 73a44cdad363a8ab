#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/actors/domain/oracle/duel.h"
#include "tests/support/seed.h"

/// The domain against the oracle, over random sequences from a seed. WUTONG_ORACLE_STEPS says how many
/// steps there are in all, WUTONG_SEED where they begin.
namespace wutong::oracle {
namespace {

std::int64_t steps_in_all() {
  const char* const given = std::getenv("WUTONG_ORACLE_STEPS");
  return given == nullptr ? 1'000'000 : std::strtoll(given, nullptr, 10);
}

std::string report(std::uint64_t seed, const Sequence& sequence) {
  const Sequence shortest = shrunk(sequence);
  std::string story;
  const Verdict verdict = duel(shortest, nullptr, &story);
  return "sequence of seed " + std::to_string(seed) + ", shortest found:\n" +
         text_of(shortest.documents) + "\n" + story + "differs in:\n" + verdict.difference;
}

/// What a run of this length must have met, or it tested less than it says.
const char* const must_be_met[] = {"checkout accepted",
                                   "checkout declined",
                                   "checkout replayed",
                                   "checkout late",
                                   "refund accepted",
                                   "refund declined",
                                   "refund replayed",
                                   "refund late",
                                   "hold accepted",
                                   "hold replayed",
                                   "release accepted",
                                   "release replayed",
                                   "grant accepted",
                                   "grant replayed",
                                   "revocation accepted",
                                   "revocation replayed",
                                   "checkout with other content",
                                   "refund with other content",
                                   "hold with other content",
                                   "grant with other content",
                                   "revocation with other content",
                                   "losses booked of a refund",
                                   "losses booked of a revocation",
                                   "limits that would decline and flag what is late",
                                   "captures",
                                   "time passed",
                                   "points expired",
                                   "points cut",
                                   "points counted as expired",
                                   "points used",
                                   "points given back",
                                   "points clawed back",
                                   "points revoked",
                                   "debts incurred",
                                   "debts repaid",
                                   "limits exceeded and let through",
                                   "refusal 1",
                                   "refusal 2",
                                   "refusal 10",
                                   "refusal 30",
                                   "refusal 31",
                                   "refusal 40",
                                   "refusal 41",
                                   "refusal 42",
                                   "refusal 43",
                                   "refusal 44",
                                   "refusal 50",
                                   "refusal 51",
                                   "refusal 60",
                                   "refusal 61",
                                   "refusal 62",
                                   "refusal 63",
                                   "refusal 70",
                                   "refusal 71",
                                   "refusal 72",
                                   "refusal 73",
                                   "refusal 74",
                                   "refusal 75",
                                   "refusal 76",
                                   "refusal 77",
                                   "refusal 80",
                                   "refusal 81",
                                   "refusal 82",
                                   "refusal 83"};

TEST(Oracle, AgreesWithTheDomainOnRandomSequences) {
  const std::uint64_t first = test::seed_of_test();
  constexpr std::size_t steps_a_world = 300;
  Tally tally;
  const std::int64_t all = steps_in_all();
  std::int64_t done = 0;
  for (std::uint64_t stream = 0; done < all; ++stream) {
    const std::uint64_t seed = load::seed_of(first, stream);
    const Sequence sequence = random_sequence(seed, steps_a_world);
    const Verdict verdict = duel(sequence, &tally, nullptr);
    done += static_cast<std::int64_t>(verdict.steps);
    ASSERT_TRUE(verdict.difference.empty()) << report(seed, sequence);
  }

  for (const auto& [what, times] : tally) {
    std::printf("%12lld %s\n", static_cast<long long>(times), what.c_str());
  }
  if (all < 100'000) return;
  for (const char* what : must_be_met) EXPECT_GT(tally[what], 0) << what;
}

}  // namespace
}  // namespace wutong::oracle
