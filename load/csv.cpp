#include "load/csv.h"

#include <absl/strings/str_cat.h>

namespace wutong::load {

tl::expected<std::optional<std::vector<std::string>>, std::string> CsvReader::next() {
  constexpr int end = std::char_traits<char>::eof();
  while (in_.peek() == '\n' || in_.peek() == '\r') {
    if (in_.get() == '\n') ++at_line_;
  }
  if (in_.peek() == end) return std::nullopt;

  row_line_ = at_line_;
  const auto wrong = [&](const char* what) {
    return tl::unexpected(absl::StrCat("line ", at_line_, ": ", what));
  };
  std::vector<std::string> fields(1);
  bool quoted = false;    // between the quotes of a field
  bool finished = false;  // behind the closing quote
  for (;;) {
    const int next = in_.get();
    std::string& field = fields.back();
    if (next == end) {
      if (quoted) return wrong("a quote is not closed");
      return fields;
    }
    const char c = static_cast<char>(next);
    if (c == '\n') ++at_line_;
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (in_.peek() == '"') {
        in_.get();
        field += c;
      } else {
        quoted = false;
        finished = true;
      }
    } else if (c == '\n') {
      return fields;
    } else if (c == '\r' && (in_.peek() == '\n' || in_.peek() == end)) {
      continue;
    } else if (c == ',') {
      fields.emplace_back();
      finished = false;
    } else if (finished) {
      return wrong("text behind a closing quote");
    } else if (c == '"') {
      if (!field.empty()) return wrong("a quote inside a field that does not begin with one");
      quoted = true;
    } else {
      field += c;
    }
  }
}

}  // namespace wutong::load
