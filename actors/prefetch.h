#pragma once

#include <cstddef>

namespace wutong {

/// Loads what stands at `address` before it is needed, and nobody waits for it: what lies anywhere in memory
/// then comes for many at once, and not for one after another. By loads, since the processor's hints are
/// dropped where it has no translation of the address at hand, as is likely in a large memory: with hints the
/// engine had 0.86 of its rate. Nothing happens for a null pointer. REQUIRES: the bytes may be read.
inline void prefetch(const void* address, std::size_t bytes = 1) {
  constexpr std::size_t line = 64;
  if (address == nullptr || bytes == 0) return;
  const auto load = [at = static_cast<const volatile char*>(address)](std::size_t offset) {
    static_cast<void>(at[offset]);
  };
  for (std::size_t offset = 0; offset < bytes; offset += line) load(offset);
  // It need not begin where a line does.
  load(bytes - 1);
}

}  // namespace wutong
