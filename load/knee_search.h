#pragma once

#include <cstdint>
#include <optional>

namespace wutong::load {

/// Looks for the knee, the highest rate that holds: raises the rate by steps until it breaks, or lowers it
/// until it holds, and then halves what lies between. Which rate holds, another has to say. A value.
class KneeSearch {
 public:
  struct Options {
    std::uint32_t from = 500;
    std::uint32_t to = 100'000;
    /// Of a step, in a hundred.
    std::uint32_t raise_percent = 25;
    /// It is found when the lowest rate that broke is so much above it, in a hundred.
    std::uint32_t precision_percent = 5;
    /// A rate breaks if it broke so often, without holding once: a disk that stalls says nothing of a rate.
    std::uint32_t tries = 2;
  };

  /// REQUIRES: 0 < `from` <= `to`; `raise_percent`, `precision_percent` and `tries` are above 0.
  explicit KneeSearch(Options options) : options_(options) {}

  /// The rate to try; nothing when there is nothing left to find.
  [[nodiscard]] std::optional<std::uint32_t> next() const;
  /// REQUIRES: `next` told a rate, which was tried.
  void tried(bool held);

  /// The highest rate that held, if one did.
  [[nodiscard]] std::optional<std::uint32_t> knee() const { return held_; }
  /// The lowest rate that broke; nothing if all held up to the last.
  [[nodiscard]] std::optional<std::uint32_t> broke() const { return broke_; }

 private:
  Options options_;
  std::optional<std::uint32_t> held_;
  std::optional<std::uint32_t> broke_;
  /// Times in a row that the rate to try has broken.
  std::uint32_t failures_ = 0;
};

}  // namespace wutong::load
