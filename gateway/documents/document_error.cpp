#include "gateway/documents/document_error.h"

#include <absl/strings/str_cat.h>

namespace wutong {
namespace {

/// Control characters (as in `DocumentChecks`) as JSON escapes them: an error repeats what the document
/// says, and goes to terminals and logs, which must not be steered by it.
std::string shown(std::string_view text) {
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0xffU;
    if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&safe, "\\u", absl::Hex(byte, absl::kZeroPad4));
    } else if (byte == 0xc2 && next < 0xa0) {
      absl::StrAppend(&safe, "\\u", absl::Hex(next, absl::kZeroPad4));
      ++i;
    } else {
      safe += text[i];
    }
  }
  return safe;
}

}  // namespace

std::string text_of(const DocumentError& error) {
  std::string text;
  if (error.place.line > 0) {
    absl::StrAppend(&text, "line ", error.place.line, ", column ", error.place.column, ": ");
  }
  if (!error.path.empty()) absl::StrAppend(&text, error.path, ": ");
  absl::StrAppend(&text, error.message);
  if (!error.owner.empty()) absl::StrAppend(&text, " (", error.owner, ")");
  return shown(text);
}

std::string text_of(const std::vector<DocumentError>& errors, std::string_view file) {
  std::string text;
  for (const auto& error : errors) {
    absl::StrAppend(&text, std::string(file), ": ", text_of(error), "\n");
  }
  return text;
}

}  // namespace wutong
