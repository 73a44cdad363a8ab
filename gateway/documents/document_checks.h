#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/documents/document_error.h"
#include "gateway/documents/document_parser.h"

/// What compiling a document is written with: where one stands in it, and a list of what is wrong.
namespace wutong {

/// A field of a document, with the ids on the way to it.
struct DocumentPath {
  std::string text;
  std::string owner;

  [[nodiscard]] DocumentPath field(std::string_view name) const;
  [[nodiscard]] DocumentPath element(std::size_t index) const;
  /// `what` is "venue"; an id that is empty or cannot be shown adds nothing.
  [[nodiscard]] DocumentPath named(std::string_view what, std::string_view id) const;
};

struct Range {
  std::int64_t least = 0;
  std::int64_t most = 0;
};
/// Amounts beyond it are no retail; products of what is bounded by it fit into 128 bits. At the highest
/// price a million million points, those of a whole group, are still settled in 64 bits.
inline constexpr Range any_amount{0, 1'000'000'000'000};
inline constexpr Range any_price{0, 9'000'000};
inline constexpr Range any_points{1, 1'000'000'000};

/// Whether `text` has the digits and separators of `model`, in which 0 stands for a digit.
[[nodiscard]] bool is_shaped_like(std::string_view text, std::string_view model);

/// Collects what is wrong, and goes on, so that one look tells everything.
class DocumentChecks {
 public:
  explicit DocumentChecks(const DocumentPlaces& places) : places_(places) {}

  void add(const DocumentPath& path, std::string message);
  /// In the order of the text.
  [[nodiscard]] std::vector<DocumentError> take();

  /// 1 to 64 bytes without control characters.
  void check_id(const DocumentPath& path, std::string_view id);
  void check_count(const DocumentPath& path, std::size_t count, Range range);
  /// `value` as it is; what is wrong with it has been noted.
  std::int64_t in_range(const DocumentPath& path, std::int64_t value, Range range);
  /// The same of a field that may be left out, then `otherwise`; without `otherwise` it must be given.
  std::int64_t in_range(const DocumentPath& path, bool given, std::int64_t value, Range range,
                        std::optional<std::int64_t> otherwise = std::nullopt);

 private:
  const DocumentPlaces& places_;
  std::vector<DocumentError> errors_;
};

/// Ids that must differ, each with the path that it came from.
class UniqueIds {
 public:
  explicit UniqueIds(DocumentChecks& checks) : checks_(checks) {}

  /// Notes an id that is bad or was there before; whether it is good and new.
  bool add(const DocumentPath& path, const std::string& id);
  [[nodiscard]] bool has(const std::string& id) const { return paths_.contains(id); }
  /// Notes a reference to an id that nothing has. `what` is "party".
  void check_known(const DocumentPath& path, std::string_view what, const std::string& id) const;

 private:
  DocumentChecks& checks_;
  absl::flat_hash_map<std::string, std::string> paths_;
};

}  // namespace wutong
