#pragma once

#include <cstddef>

namespace wutong {

/// Asks the processor for what stands at `address` before it is needed: what lies anywhere in memory then
/// comes for many at once, and not for one after another. A hint; any address will do.
inline void prefetch(const void* address, std::size_t bytes = 1) {
  constexpr std::size_t line = 64;
  if (bytes == 0) return;
  const auto* at = static_cast<const char*>(address);
  for (std::size_t offset = 0; offset < bytes; offset += line) __builtin_prefetch(at + offset);
  // It need not begin where a line does.
  __builtin_prefetch(at + bytes - 1);
}

/// The same by a load that nobody waits for. A hint is dropped where the processor has no translation of the
/// address at hand, as is likely for a single line of a large table: loads of those gained a twelfth of the
/// engine's rate. Where an object has several lines hints did better. REQUIRES: the byte may be read.
inline void prefetch_by_load(const void* address) {
  static_cast<void>(*static_cast<const volatile char*>(address));
}

}  // namespace wutong
