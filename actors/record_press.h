#pragma once

#include <string>
#include <string_view>

namespace wutong {

/// Makes stored records small for as long as they lie in memory. Those of one group of malls are much
/// alike, so that little is left of one beside a few that came before it. Owned by one shard; not
/// thread-safe. What it has pressed it alone can release, so nothing pressed is ever stored.
class RecordPress {
 public:
  virtual ~RecordPress() = default;

  /// The pressed form of `bytes`, at most a byte longer than they are. Good until the next call.
  [[nodiscard]] virtual std::string_view press(std::string_view bytes) = 0;

  /// Makes `bytes` what `press` was given. REQUIRES: this object has pressed it.
  virtual void release(std::string_view pressed, std::string& bytes) const = 0;
};

}  // namespace wutong
