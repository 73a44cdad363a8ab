#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace wutong::load {

/// The kinds of traffic that a day must have.
enum class Traffic : std::uint8_t {
  whole_refund,
  refund_by_amount,
  refund_by_lines,
  exact_duplicate,
  other_content,
  other_member,
  late_upload,
  paid_with_points,
};
constexpr std::size_t traffic_count = 8;
[[nodiscard]] const char* name_of(Traffic traffic);

/// What was sent and what came of it. Counts what went as it should: a duplicate is counted once it
/// was answered as one.
struct Outcomes {
  std::uint64_t requests = 0;
  std::uint64_t orders_accepted = 0;
  std::uint64_t refunds_accepted = 0;
  std::uint64_t replays = 0;
  /// Orders that were to be paid with points and were not, since the member had too few by then.
  std::uint64_t points_not_taken = 0;
  /// Not sent, since what they follow has no known outcome.
  std::uint64_t skipped = 0;
  /// No answer in all attempts.
  std::uint64_t given_up = 0;
  std::array<std::uint64_t, traffic_count> traffic{};
  /// Refusals and errors that should be, by name.
  std::map<std::string, std::uint64_t> refusals;

  std::int64_t points_given = 0;
  std::int64_t points_used = 0;
  std::int64_t points_given_back = 0;
  std::int64_t points_clawed_back = 0;

  void count(Traffic kind) { ++traffic[static_cast<std::size_t>(kind)]; }
  [[nodiscard]] double share(Traffic kind) const;
  /// The kinds that are not above 1 % of the requests.
  [[nodiscard]] std::string too_rare() const;
};

}  // namespace wutong::load
