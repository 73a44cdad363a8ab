#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace wutong {

/// The parts one after another. (Debian's abseil has a string_view of its own, so its StrCat does not
/// take the standard's.)
[[nodiscard]] inline std::string concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  std::string text;
  text.reserve(size);
  for (const std::string_view part : parts) text.append(part);
  return text;
}

}  // namespace wutong
