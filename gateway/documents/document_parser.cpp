#include "gateway/documents/document_parser.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "gateway/documents/json_text.h"

namespace wutong {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using Kind = JsonValue::Kind;

/// By either spelling: as `proto/` has it, or in camel case.
const FieldDescriptor* find_field(const Descriptor& type, const std::string& key) {
  if (const auto* field = type.FindFieldByName(key)) return field;
  for (int i = 0; i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == key) return type.field(i);
  }
  return nullptr;
}

std::string names_of(const EnumDescriptor& type) {
  std::string names;
  for (int i = 1; i < type.value_count(); ++i) {
    absl::StrAppend(&names,
                    i == 1                        ? ""
                    : i + 1 == type.value_count() ? " or "
                                                  : ", ",
                    type.value(i)->name());
  }
  return names;
}

/// Compares a parsed text with what a message can hold. protobuf's parser stops at the first error and
/// tells no line; it still has the last word.
class Checker {
 public:
  explicit Checker(DocumentPlaces& places) : places_(places) {}

  std::vector<DocumentError> take() { return std::move(errors_); }

  void check_message(const JsonValue& value, const Descriptor& type, const std::string& path) {
    places_.places[path] = value.place;
    if (value.kind != Kind::object) return add(value.place, path, "must be an object {...}");
    absl::flat_hash_set<const FieldDescriptor*> seen;
    absl::flat_hash_set<const google::protobuf::OneofDescriptor*> chosen;
    for (const auto& member : value.members) {
      const auto* field = find_field(type, member.key);
      const auto inner = absl::StrCat(path, path.empty() ? "" : ".",
                                      field == nullptr ? member.key : field->name());
      if (field == nullptr) {
        add(member.place, inner, "is not a known field");
        continue;
      }
      if (!seen.insert(field).second) {
        add(member.place, inner, "is given twice");
        continue;
      }
      const auto* oneof = field->real_containing_oneof();
      if (oneof != nullptr && !chosen.insert(oneof).second) {
        add(member.place, inner, "excludes another that is given");
        continue;
      }
      places_.places[inner] = member.place;
      check_field(member.value, *field, inner);
    }
  }

 private:
  void add(Place place, std::string path, std::string message) {
    errors_.push_back({.place = place, .path = std::move(path), .message = std::move(message)});
  }

  void check_field(const JsonValue& value, const FieldDescriptor& field, const std::string& path) {
    if (!field.is_repeated()) return check_single(value, field, path);
    if (value.kind != Kind::array) return add(value.place, path, "must be a list [...]");
    for (std::size_t i = 0; i < value.elements.size(); ++i) {
      const auto inner = absl::StrCat(path, "[", i, "]");
      places_.places[inner] = value.elements[i].place;
      check_single(value.elements[i], field, inner);
    }
  }

  void check_single(const JsonValue& value, const FieldDescriptor& field, const std::string& path) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return check_message(value, *field.message_type(), path);
      case FieldDescriptor::CPPTYPE_STRING:
        if (value.kind != Kind::string) add(value.place, path, "must be a text in double quotes");
        return;
      case FieldDescriptor::CPPTYPE_BOOL:
        if (value.kind != Kind::boolean) add(value.place, path, "must be true or false");
        return;
      case FieldDescriptor::CPPTYPE_ENUM:
        return check_enum(value, *field.enum_type(), path);
      case FieldDescriptor::CPPTYPE_INT32:
        return check_number<std::int32_t>(value, path);
      case FieldDescriptor::CPPTYPE_UINT32:
        return check_number<std::uint32_t>(value, path);
      default:
        return check_number<std::int64_t>(value, path);
    }
  }

  void check_enum(const JsonValue& value, const EnumDescriptor& type, const std::string& path) {
    const auto* named = value.kind == Kind::string ? type.FindValueByName(value.text) : nullptr;
    if (named == nullptr || named->number() == 0) {
      add(value.place, path, absl::StrCat("must be ", names_of(type)));
    }
  }

  template <typename Int>
  void check_number(const JsonValue& value, const std::string& path) {
    // protobuf writes 64-bit numbers in quotes, so it reads them too.
    const bool quotable = sizeof(Int) == 8 && value.kind == Kind::string;
    if (value.kind != Kind::number && !quotable) return add(value.place, path, "must be a number");
    std::int64_t number = 0;
    if (value.text.find_first_not_of("-0123456789") != std::string::npos || value.text.empty()) {
      return add(value.place, path, "must be a whole number, in digits");
    }
    if (!absl::SimpleAtoi(value.text, &number) || number < std::numeric_limits<Int>::min() ||
        number > std::numeric_limits<Int>::max()) {
      add(value.place, path,
          absl::StrCat("must be ", std::numeric_limits<Int>::min(), " to ",
                       std::numeric_limits<Int>::max()));
    }
  }

  DocumentPlaces& places_;
  std::vector<DocumentError> errors_;
};

}  // namespace

Place DocumentPlaces::of(std::string_view path) const {
  for (;;) {
    if (const auto found = places.find(std::string(path)); found != places.end())
      return found->second;
    const auto end = path.find_last_of(".[");
    path = end == std::string_view::npos ? std::string_view() : path.substr(0, end);
    if (path.empty()) break;
  }
  const auto root = places.find("");
  return root == places.end() ? Place{} : root->second;
}

std::vector<DocumentError> parse_document(std::string_view text, google::protobuf::Message& message,
                                          DocumentPlaces& places) {
  // A mark that some editors put at the front; it is no part of the text.
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  const auto json = parse_json(text);
  if (!json) return {json.error()};
  Checker checker(places);
  checker.check_message(*json, *message.GetDescriptor(), "");
  auto errors = checker.take();
  if (!errors.empty()) return errors;

  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &message);
  if (!status.ok()) errors.push_back({.message = std::string(status.message())});
  return errors;
}

}  // namespace wutong
