#include "load/findings.h"

#include <absl/strings/str_cat.h>

#include <algorithm>

namespace wutong::load {

const char* name_of(Finding finding) {
  constexpr std::array<const char*, finding_count> names = {
      "lost", "changed", "doubled", "wrong_points", "wrong_balance", "wrong_answer"};
  return names[static_cast<std::size_t>(finding)];
}

void Findings::add(Finding finding, std::string text) {
  std::uint64_t& count = counts_[static_cast<std::size_t>(finding)];
  if (++count <= kept_of_each) {
    examples_.push_back(absl::StrCat(name_of(finding), ": ", text));
  }
}

bool Findings::none() const {
  return std::ranges::all_of(counts_, [](std::uint64_t count) { return count == 0; });
}

}  // namespace wutong::load
