#pragma once

#include <cstdint>

namespace wutong {

/// Has the kernel give the process `bytes` of memory now, in huge pages where it has them, and keeps them: what
/// is allocated later comes from there, whatever is given back stays. Else the kernel clears each new page when
/// a call first needs it, which took up to a fifth of the engine's time while memory grew. Takes about a second
/// a gibibyte. To be called once, before threads start. False, and nothing is kept, if the kernel refuses; one
/// that promises more than it has ends the process here, and not at some call. Without tcmalloc, as under
/// sanitizers, nothing is kept.
[[nodiscard]] bool reserve_heap(std::uint64_t bytes);

/// What is free goes back to the kernel, which takes some milliseconds, and whoever needs it again waits for its
/// pages. Nothing without tcmalloc.
void give_back_free_heap();

/// Bytes that are free and could go back to the kernel. 0 without tcmalloc.
[[nodiscard]] std::uint64_t heap_free_bytes();

/// Bytes that were allocated and not freed. What the resident set has beyond them and those that are
/// free is kept for blocks of some size, or lost between blocks. 0 without tcmalloc.
[[nodiscard]] std::uint64_t heap_allocated_bytes();

}  // namespace wutong
