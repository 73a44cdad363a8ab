#include "gateway/heap.h"

#include <sys/mman.h>

#include <cstddef>
#include <new>

#ifdef WUTONG_TCMALLOC
#include <gperftools/malloc_extension.h>
#endif

namespace wutong {
namespace {

constexpr std::size_t page_bytes = 4'096;
constexpr std::size_t huge_page_bytes = 2 * 1'024 * 1'024;

std::size_t property([[maybe_unused]] const char* name) {
  std::size_t value = 0;
#ifdef WUTONG_TCMALLOC
  MallocExtension::instance()->GetNumericProperty(name, &value);
#endif
  return value;
}

}  // namespace

bool reserve_heap(std::uint64_t bytes) {
  if (bytes == 0) return true;
#ifdef WUTONG_TCMALLOC
  // A block that is free would go back to the kernel sooner or later.
  MallocExtension::instance()->SetMemoryReleaseRate(0);
#endif
  auto* const block =
      static_cast<char*>(operator new (bytes, std::align_val_t{huge_page_bytes}, std::nothrow));
  if (block == nullptr) return false;
  // Without huge pages it is as good, if slower: the kernel may have none, or not want to.
  static_cast<void>(madvise(block, bytes, MADV_HUGEPAGE));
  // Not in one go by `MADV_POPULATE_WRITE`, which older kernels do not know.
  for (std::size_t at = 0; at < bytes; at += page_bytes) {
    static_cast<volatile char*>(block)[at] = 0;
  }
  operator delete (block, std::align_val_t{huge_page_bytes});
  return true;
}

void give_back_free_heap() {
#ifdef WUTONG_TCMALLOC
  MallocExtension::instance()->ReleaseFreeMemory();
#endif
}

std::uint64_t heap_free_bytes() { return property("tcmalloc.pageheap_free_bytes"); }

std::uint64_t heap_allocated_bytes() { return property("generic.current_allocated_bytes"); }

}  // namespace wutong
