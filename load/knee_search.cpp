#include "load/knee_search.h"

#include <algorithm>

namespace wutong::load {
namespace {

std::uint32_t share_of(std::uint32_t rate, std::uint64_t percent) {
  return static_cast<std::uint32_t>(rate * percent / 100);
}

}  // namespace

std::optional<std::uint32_t> KneeSearch::next() const {
  if (held_ && broke_) {
    const std::uint32_t enough =
        std::max<std::uint32_t>(1, share_of(*held_, options_.precision_percent));
    if (*broke_ - *held_ <= enough) return std::nullopt;
    return *held_ + (*broke_ - *held_) / 2;
  }
  if (held_) {
    if (*held_ >= options_.to) return std::nullopt;
    const std::uint64_t raised = std::max<std::uint64_t>(
        *held_ + 1, std::uint64_t{*held_} * (100 + options_.raise_percent) / 100);
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(raised, options_.to));
  }
  if (!broke_) return options_.from;
  if (*broke_ == 1) return std::nullopt;
  return std::clamp<std::uint32_t>(
      static_cast<std::uint32_t>(std::uint64_t{*broke_} * 100 / (100 + options_.raise_percent)), 1,
      *broke_ - 1);
}

void KneeSearch::tried(bool held) {
  const std::optional<std::uint32_t> rate = next();
  if (held) {
    failures_ = 0;
    held_ = rate;
  } else if (++failures_ == options_.tries) {
    failures_ = 0;
    broke_ = rate;
  }
}

}  // namespace wutong::load
