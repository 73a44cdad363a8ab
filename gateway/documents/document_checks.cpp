#include "gateway/documents/document_checks.h"

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace wutong {
namespace {

constexpr std::size_t id_bytes_max = 64;

/// Control characters of ASCII and, in UTF-8, those from U+0080 to U+009F: a receipt or a log that
/// shows an id must not be steered by it.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_shaped_like(std::string_view text, std::string_view model) {
  return std::ranges::equal(text, model, [](char c, char of_model) {
    return of_model == '0' ? absl::ascii_isdigit(static_cast<unsigned char>(c)) : c == of_model;
  });
}

DocumentPath DocumentPath::field(std::string_view name) const {
  return {absl::StrCat(text, text.empty() ? "" : ".", std::string(name)), owner};
}

DocumentPath DocumentPath::element(std::size_t index) const {
  return {absl::StrCat(text, "[", index, "]"), owner};
}

DocumentPath DocumentPath::named(std::string_view what, std::string_view id) const {
  if (id.empty() || has_control_character(id)) return *this;
  return {text, absl::StrCat(owner, owner.empty() ? "" : ", ", std::string(what), " \"",
                             std::string(id), "\"")};
}

void DocumentChecks::add(const DocumentPath& path, std::string message) {
  errors_.push_back({.place = places_.of(path.text),
                     .path = path.text,
                     .owner = path.owner,
                     .message = std::move(message)});
}

std::vector<DocumentError> DocumentChecks::take() {
  std::ranges::stable_sort(errors_, {}, [](const DocumentError& error) {
    return std::tuple(error.place.line, error.place.column);
  });
  return std::move(errors_);
}

void DocumentChecks::check_id(const DocumentPath& path, std::string_view id) {
  if (id.empty()) return add(path, "must be given");
  if (id.size() > id_bytes_max) return add(path, "must be at most 64 bytes");
  if (has_control_character(id)) add(path, "must have no control characters");
}

void DocumentChecks::check_count(const DocumentPath& path, std::size_t count, Range range) {
  const auto signed_count = static_cast<std::int64_t>(count);
  if (signed_count < range.least) return add(path, absl::StrCat("needs at least ", range.least));
  if (signed_count > range.most) add(path, absl::StrCat("has more than ", range.most));
}

std::int64_t DocumentChecks::in_range(const DocumentPath& path, std::int64_t value, Range range) {
  if (value < range.least || value > range.most) {
    add(path, absl::StrCat("must be ", range.least, " to ", range.most));
  }
  return value;
}

std::int64_t DocumentChecks::in_range(const DocumentPath& path, bool given, std::int64_t value,
                                      Range range, std::optional<std::int64_t> otherwise) {
  if (given) return in_range(path, value, range);
  if (!otherwise) add(path, "must be given");
  return otherwise.value_or(range.least);
}

bool UniqueIds::add(const DocumentPath& path, const std::string& id) {
  checks_.check_id(path, id);
  if (id.empty()) return false;
  const auto [before, is_new] = paths_.try_emplace(id, path.text);
  if (!is_new)
    checks_.add(path, absl::StrCat("\"", id, "\" stands at ", before->second, " already"));
  return is_new;
}

void UniqueIds::check_known(const DocumentPath& path, std::string_view what,
                            const std::string& id) const {
  if (id.empty()) return checks_.add(path, "must be given");
  if (!has(id))
    checks_.add(path, absl::StrCat("no ", std::string(what), " has the id \"", id, "\""));
}

}  // namespace wutong
