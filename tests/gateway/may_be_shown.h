#pragma once

#include <cstddef>
#include <string_view>

namespace wutong::test {

/// Whether `text`, in UTF-8, has no control character: what is shown on a terminal and in logs must not
/// steer them.
[[nodiscard]] inline bool may_be_shown(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return false;
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0xffU;
    if (byte == 0xc2 && next < 0xa0) return false;
  }
  return true;
}

}  // namespace wutong::test
