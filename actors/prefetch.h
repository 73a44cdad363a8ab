#pragma once

#include <cstddef>

namespace wutong {

/// Asks the processor for what stands at `address` before it is needed: what lies anywhere in memory then
/// comes for many at once, and not for one after another. A hint; any address will do.
inline void prefetch(const void* address, std::size_t bytes = 1) {
  constexpr std::size_t line = 64;
  const auto* at = static_cast<const char*>(address);
  for (std::size_t offset = 0; offset < bytes; offset += line) __builtin_prefetch(at + offset);
}

}  // namespace wutong
