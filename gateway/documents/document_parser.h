#pragma once

#include <absl/container/flat_hash_map.h>
#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/documents/document_error.h"

namespace wutong {

/// Where the fields of a document stand in its text. Paths are written as `proto/` names the fields,
/// however the document spells them (protobuf JSON knows two spellings).
struct DocumentPlaces {
  absl::flat_hash_map<std::string, Place> places;

  /// Of the path, or, where a field is left out, of what it is left out from.
  [[nodiscard]] Place of(std::string_view path) const;
};

/// Reads `text` (protobuf JSON) into `message`, which must be empty. Tells a syntax error, or else all
/// fields that are not known, given twice, or of the wrong kind. After errors `message` has no meaning.
[[nodiscard]] std::vector<DocumentError> parse_document(std::string_view text,
                                                        google::protobuf::Message& message,
                                                        DocumentPlaces& places);

}  // namespace wutong
