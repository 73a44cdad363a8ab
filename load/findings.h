#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace wutong::load {

/// What must not be.
enum class Finding : std::uint8_t {
  lost,           ///< acknowledged, and not there any more
  changed,        ///< there, but not what was acknowledged
  doubled,        ///< took effect twice, or was acknowledged as two different things
  wrong_points,   ///< not what the rules give
  wrong_balance,  ///< a member has not what its receipts add up to
  wrong_answer,   ///< a refusal or an error that should not be, or none that should
};
constexpr std::size_t finding_count = 6;
[[nodiscard]] const char* name_of(Finding finding);

/// Counts what was found and keeps the first few of each kind for people.
class Findings {
 public:
  void add(Finding finding, std::string text);

  [[nodiscard]] std::uint64_t count(Finding finding) const {
    return counts_[static_cast<std::size_t>(finding)];
  }
  [[nodiscard]] bool none() const;
  /// Each with its kind in front.
  [[nodiscard]] const std::vector<std::string>& examples() const { return examples_; }

 private:
  static constexpr std::uint64_t kept_of_each = 5;

  std::array<std::uint64_t, finding_count> counts_{};
  std::vector<std::string> examples_;
};

}  // namespace wutong::load
