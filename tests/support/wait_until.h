#pragma once

#include <poll.h>

#include <chrono>

namespace wutong::test {

/// Asks `holds` again and again, with pauses of a few milliseconds, until it says yes or `limit` is
/// over. Answers whether it said yes. For what other processes do, and nothing else can tell.
template <typename Condition>
[[nodiscard]] bool wait_until(std::chrono::milliseconds limit, Condition holds) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

}  // namespace wutong::test
