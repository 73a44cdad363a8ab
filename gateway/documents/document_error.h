#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wutong {

/// A place in a text, counted from 1; columns are bytes. 0 is unknown.
struct Place {
  int line = 0;
  int column = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// One thing that is wrong with a document, for whoever edits it.
struct DocumentError {
  Place place;
  /// `venues[3].rate.per_minor_units`; empty where the text as a whole is meant.
  std::string path;
  /// The ids of what the path leads through (`venue "M1"`), since people do not count to 3.
  std::string owner;
  std::string message;
};

/// `line 41, column 9: venues[3].rate.per_minor_units: must be positive (venue "M1")`. One line, without
/// control characters.
[[nodiscard]] std::string text_of(const DocumentError& error);

/// One line an error, each after `file: `.
[[nodiscard]] std::string text_of(const std::vector<DocumentError>& errors, std::string_view file);

}  // namespace wutong
