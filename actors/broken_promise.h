#pragma once

#include <stdexcept>

/// A check failed that always holds: a bug of ours. Whoever runs the member stops there, and the others
/// go on.
namespace wutong {

struct BrokenPromiseError : std::logic_error {
  using std::logic_error::logic_error;
};

}  // namespace wutong
