#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "gateway/documents/document_error.h"

/// A JSON text with the place of everything in it. protobuf's own parser tells no line, forgives
/// trailing commas, and lets the last of two equal keys win: a document of money needs better.
namespace wutong {

struct JsonMember;

struct JsonValue {
  enum class Kind { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  Place place;
  /// Of a string its bytes, unescaped; of a number or boolean its spelling.
  std::string text;
  std::vector<JsonValue> elements;
  std::vector<JsonMember> members;
};

struct JsonMember {
  std::string key;
  Place place;
  JsonValue value;
};

/// The value of `text`, by RFC 8259 to the letter, nested at most 32 deep; or the first thing that is
/// wrong with it.
[[nodiscard]] tl::expected<JsonValue, DocumentError> parse_json(std::string_view text);

}  // namespace wutong
