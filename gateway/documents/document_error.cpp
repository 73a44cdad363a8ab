#include "gateway/documents/document_error.h"

#include <absl/strings/str_cat.h>

namespace wutong {

std::string text_of(const DocumentError& error) {
  std::string text;
  if (error.place.line > 0) {
    absl::StrAppend(&text, "line ", error.place.line, ", column ", error.place.column, ": ");
  }
  if (!error.path.empty()) absl::StrAppend(&text, error.path, ": ");
  absl::StrAppend(&text, error.message);
  if (!error.owner.empty()) absl::StrAppend(&text, " (", error.owner, ")");
  return text;
}

std::string text_of(const std::vector<DocumentError>& errors, std::string_view file) {
  std::string text;
  for (const auto& error : errors) {
    absl::StrAppend(&text, std::string(file), ": ", text_of(error), "\n");
  }
  return text;
}

}  // namespace wutong
