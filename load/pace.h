#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "load/json.h"
#include "load/plan.h"

namespace wutong::load {

/// The hours of a business day as they are sent: at the peak all calls that may be under way are, in
/// another hour as many of them as it has orders against the peak's. Says what came of each hour.
/// Thread-compatible.
class Pace {
 public:
  struct Hour {
    std::uint32_t orders = 0;
    /// Calls that may be under way; at least 1.
    std::size_t outstanding = 1;
    /// Calls that were, at most.
    std::size_t under_way_max = 0;
    std::chrono::steady_clock::duration took{};
  };

  /// `full` is for the peak. REQUIRES: the plan lives longer.
  Pace(const Plan& plan, std::size_t full);

  /// How many calls may be under way when this step is the next, told that so many are. Keeps the time
  /// from one call of this to the next as time of the step's hour.
  [[nodiscard]] std::size_t outstanding_at(std::size_t step, std::size_t under_way);

  /// Where the day is: "12:35, 199 at once".
  [[nodiscard]] std::string text() const;
  /// The peak and the quietest hour, as a line of the summary.
  [[nodiscard]] std::string summary() const;
  void write(JsonWriter& json) const;

  [[nodiscard]] const std::array<Hour, 24>& hours() const { return hours_; }

 private:
  [[nodiscard]] Hour& hour_now() { return hours_[minute_ / 60U]; }

  const Plan& plan_;
  std::array<Hour, 24> hours_{};
  std::uint16_t minute_ = 0;
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

}  // namespace wutong::load
