#include "load/expectations.h"

#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_split.h>

#include <utility>

namespace wutong::load {

tl::expected<std::map<std::string, std::int64_t>, std::string> expectations_of(
    const std::string& text) {
  std::map<std::string, std::int64_t> expectations;
  for (const auto part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    const std::pair<std::string, std::string> figure =
        absl::StrSplit(part, absl::MaxSplits('=', 1));
    std::int64_t value = 0;
    if (figure.first.empty() || !absl::SimpleAtoi(figure.second, &value)) {
      return tl::unexpected(absl::StrCat("'", part, "' is not NAME=NUMBER"));
    }
    expectations[figure.first] = value;
  }
  return expectations;
}

std::vector<std::string> unmet(const std::map<std::string, std::int64_t>& expectations,
                               const std::map<std::string, std::int64_t>& figures) {
  std::vector<std::string> sentences;
  for (const auto& [name, expected] : expectations) {
    const auto figure = figures.find(name);
    if (figure == figures.end()) {
      sentences.push_back(absl::StrCat("there is no figure ", name));
    } else if (figure->second != expected) {
      sentences.push_back(absl::StrCat(name, " is ", figure->second, ", expected ", expected));
    }
  }
  return sentences;
}

}  // namespace wutong::load
