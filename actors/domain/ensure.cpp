#include "actors/domain/ensure.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace wutong::domain {
namespace {

void print(const BrokenPromise& broken) {
  std::fprintf(stderr, "%s:%d: broken: %s: %.*s\n", broken.file, broken.line, broken.condition,
               static_cast<int>(broken.detail.size()), broken.detail.data());
}

constinit std::atomic<EnsureHandler> current_handler{&print};

}  // namespace

EnsureHandler set_ensure_handler(EnsureHandler handler) {
  return current_handler.exchange(handler);
}

void ensure_failed(const BrokenPromise& broken) {
  current_handler.load()(broken);
  std::abort();
}

}  // namespace wutong::domain
