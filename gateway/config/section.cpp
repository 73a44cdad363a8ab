#include "gateway/config/section.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include <algorithm>

namespace wutong {
namespace {

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

}  // namespace

void ConfigErrors::add(int line, const std::string& key, const std::string& message) {
  auto text = line > 0 ? absl::StrCat("line ", line, ": ") : std::string();
  absl::StrAppend(&text, key, key.empty() ? "" : ": ", message);
  errors_.emplace_back(line, std::move(text));
}

std::vector<std::string> ConfigErrors::take() {
  std::ranges::stable_sort(errors_, {}, &std::pair<int, std::string>::first);
  std::vector<std::string> texts;
  for (auto& [line, text] : errors_) texts.push_back(std::move(text));
  return texts;
}

Section::Section(const toml::table& top, std::string_view name, ConfigErrors& errors)
    : name_(name), errors_(errors) {
  const auto* node = top.get(name);
  if (node == nullptr) return;
  table_ = node->as_table();
  if (table_ == nullptr) errors_.add(line_of(*node), name_, "must be a section, [" + name_ + "]");
}

const toml::node* Section::find(std::string_view key) {
  known_.emplace_back(key);
  return table_ == nullptr ? nullptr : table_->get(key);
}

void Section::fail(std::string_view key, const std::string& message) {
  const auto* node = table_ == nullptr ? nullptr : table_->get(key);
  const int line = node != nullptr ? line_of(*node) : table_ != nullptr ? line_of(*table_) : 0;
  errors_.add(line, name_ + "." + std::string(key), message);
}

std::optional<std::int64_t> Section::read_integer(std::string_view key, KeyRange range) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* integer = node->as_integer();
  if (integer == nullptr || integer->get() < range.least || integer->get() > range.most) {
    fail(key, absl::StrCat("must be a number from ", range.least, " to ", range.most));
    return std::nullopt;
  }
  return integer->get();
}

void Section::flag(std::string_view key, bool& value) {
  const auto* node = find(key);
  if (node == nullptr) return;
  if (const auto* boolean = node->as_boolean()) {
    value = boolean->get();
  } else {
    fail(key, "must be true or false");
  }
}

bool Section::text(std::string_view key, std::string& value) {
  const auto* node = find(key);
  if (node == nullptr) return false;
  const auto* string = node->as_string();
  if (string == nullptr || string->get().empty()) {
    fail(key, "must be a text in quotes, and not empty");
  } else {
    value = string->get();
  }
  return true;
}

std::optional<std::size_t> Section::read_choice(std::string_view key,
                                                const std::vector<std::string>& choices) {
  const auto* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* string = node->as_string();
  const auto found = string == nullptr ? choices.end() : std::ranges::find(choices, string->get());
  if (found == choices.end()) {
    fail(key, absl::StrCat("must be one of \"", absl::StrJoin(choices, "\", \""), "\""));
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - choices.begin());
}

bool Section::path(std::string_view key, const std::filesystem::path& folder,
                   std::filesystem::path& value) {
  std::string read;
  const bool given = text(key, read);
  // An absolute one stays as it is.
  if (!read.empty()) value = (folder / read).lexically_normal();
  return given;
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    const std::string name(key.str());
    if (std::ranges::find(known_, name) != known_.end()) continue;
    errors_.add(static_cast<int>(key.source().begin.line), name_ + "." + name,
                "is not a known key");
  }
}

}  // namespace wutong
