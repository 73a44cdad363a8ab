#pragma once

#include <string_view>

/// Checks that hold unless there is a bug of ours; on in release. A member with a wrong balance must
/// not be served, so it is better to stop here than to go on. Never for what came from outside: that
/// is refused.
namespace wutong::domain {

struct BrokenPromise {
  const char* condition;
  const char* file;
  int line;
  /// What stands in the way, without anything that names a person.
  std::string_view detail;
};

/// Told before the process ends. It may throw instead of returning, so that whoever runs the member
/// can drop it and load it anew; if it returns, the process aborts.
using EnsureHandler = void (*)(const BrokenPromise& broken);

/// Replaces the handler, which prints to standard error at first; any thread. Returns the old one.
EnsureHandler set_ensure_handler(EnsureHandler handler);

[[noreturn]] void ensure_failed(const BrokenPromise& broken);

}  // namespace wutong::domain

/// ENSURE(condition, detail): `detail` is evaluated only when the condition is broken.
#define ENSURE(condition, detail)                                                  \
  do {                                                                             \
    if (!(condition)) [[unlikely]] {                                               \
      ::wutong::domain::ensure_failed({#condition, __FILE__, __LINE__, (detail)}); \
    }                                                                              \
  } while (false)
