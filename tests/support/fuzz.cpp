#include "tests/support/fuzz.h"

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <new>

// Of the sanitizers' runtime, where the test is built with one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace {

std::atomic<std::uint64_t> pieces;
std::atomic<std::size_t> largest_bytes;
std::atomic<std::uint64_t> seed_at_work;

void tell_seed() {
  char line[64];
  const int size = std::snprintf(line, sizeof line, "WUTONG_SEED=%llu WUTONG_FUZZ_INPUTS=1\n",
                                 static_cast<unsigned long long>(seed_at_work.load()));
  if (write(STDERR_FILENO, line, static_cast<std::size_t>(size)) < 0) return;
}

void tell_seed_and_die(int signal) {
  tell_seed();
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

#ifndef __SANITIZE_ADDRESS__
void* operator new(std::size_t size) {
  // No thread waits for another here; a test that fuzzes has only one.
  pieces.fetch_add(1, std::memory_order_relaxed);
  if (size > largest_bytes.load(std::memory_order_relaxed)) largest_bytes = size;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace wutong::test {

std::uint64_t inputs_of(const FuzzRun& run) {
  const char* const asked = std::getenv("WUTONG_FUZZ_INPUTS");
  return asked == nullptr ? run.inputs : std::strtoull(asked, nullptr, 10);
}

void set_seed_at_work(std::uint64_t seed) {
  static const bool told_on_death = [] {
    for (const int end : {SIGABRT, SIGILL, SIGTRAP}) std::signal(end, tell_seed_and_die);
    if (__sanitizer_set_death_callback != nullptr) {
      __sanitizer_set_death_callback(tell_seed);
    } else {
      for (const int fault : {SIGSEGV, SIGBUS, SIGFPE}) std::signal(fault, tell_seed_and_die);
    }
    return true;
  }();
  (void)told_on_death;
  seed_at_work = seed;
}

MemoryAskedFor take_memory_asked_for() {
  return {.pieces = pieces.exchange(0), .largest_bytes = largest_bytes.exchange(0)};
}

std::string literal_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\"";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    if (value >= 0x20 && value < 0x7f) {
      if (byte == '"' || byte == '\\') text += '\\';
      text += byte;
    } else {
      text += "\\x";
      text += digits[value >> 4U];
      text += digits[value & 15U];
      // So that a digit behind it is one of its own.
      text += "\"\"";
    }
  }
  return text + '"';
}

}  // namespace wutong::test
