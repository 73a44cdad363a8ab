#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "tests/support/mutator.h"
#include "tests/support/seed.h"

/// Short runs of a reader over what is nearly right. Input n of a run has the seed WUTONG_SEED + n, so
/// WUTONG_SEED=… WUTONG_FUZZ_INPUTS=1 tries one of them again; a larger WUTONG_FUZZ_INPUTS makes a run
/// longer.
namespace wutong::test {

struct FuzzRun {
  /// Unless WUTONG_FUZZ_INPUTS says otherwise.
  std::uint64_t inputs = 0;
  /// The largest piece of memory that may be asked for, beyond what grows with the input: a length that
  /// an input claims must not be believed.
  std::size_t piece_bytes_max = 65'536;
};

/// What may grow with the input: a value takes more than the few bytes that it can be written in.
inline constexpr std::size_t piece_bytes_per_byte = 500;
/// How many pieces stands for the time, which does not give the same answer twice.
inline constexpr std::uint64_t pieces_max = 5'000;
inline constexpr std::uint64_t pieces_per_byte = 5;

/// protobuf believes a string that claims up to 50,000,000 bytes, and finds out when it has read them.
inline constexpr std::size_t protobuf_piece_bytes_max = 51'000'000;

[[nodiscard]] std::uint64_t inputs_of(const FuzzRun& run);

/// Said before the process ends, should an input crash it.
void set_seed_at_work(std::uint64_t seed);

/// What the process asked for with `new`; nothing where the address sanitizer looks after that.
struct MemoryAskedFor {
  std::uint64_t pieces = 0;
  std::size_t largest_bytes = 0;
};
/// Since it was last asked.
[[nodiscard]] MemoryAskedFor take_memory_asked_for();

/// As a literal of C++.
[[nodiscard]] std::string literal_of(std::string_view bytes);

/// What `takes` says; what it throws fails the test. Nothing follows the bytes that it gets, not even a
/// zero, so that a sanitizer sees who reads on.
template <typename Takes>
bool is_taken_by(Takes& takes, std::string_view input) {
  const std::unique_ptr<char[]> bytes(new char[input.size()]);
  std::ranges::copy(input, bytes.get());
  try {
    return takes(std::string_view(bytes.get(), input.size()));
  } catch (const std::exception& thrown) {
    ADD_FAILURE() << "throws: " << thrown.what();
    return false;
  }
}

/// Hands each input to `takes`, which says whether the reader took it, until one has failed the test.
/// A long run in which every input is taken, or none, tries nothing, and fails too.
template <typename Takes>
void fuzz(const Corpus& corpus, const FuzzRun& run, Takes takes) {
  const auto first = seed_of_test();
  const auto inputs = inputs_of(run);
  std::uint64_t taken = 0;
  for (std::uint64_t i = 0; i < inputs; ++i) {
    const auto seed = first + i;
    set_seed_at_work(seed);
    const auto input = Mutator(corpus, seed).text();
    (void)take_memory_asked_for();
    taken += is_taken_by(takes, input) ? 1 : 0;
    const auto memory = take_memory_asked_for();
    EXPECT_LE(memory.largest_bytes, run.piece_bytes_max + piece_bytes_per_byte * input.size());
    EXPECT_LE(memory.pieces, pieces_max + pieces_per_byte * input.size());
    if (::testing::Test::HasFailure()) {
      FAIL() << "WUTONG_SEED=" << seed << " WUTONG_FUZZ_INPUTS=1, " << input.size()
             << " bytes: " << literal_of(input);
    }
  }
  std::printf("%llu of %llu inputs taken\n", static_cast<unsigned long long>(taken),
              static_cast<unsigned long long>(inputs));
  if (inputs < 1'000) return;
  EXPECT_GT(taken, inputs / 100);
  EXPECT_LT(taken, inputs);
}

}  // namespace wutong::test
