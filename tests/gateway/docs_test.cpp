#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/method.h"
#include "tests/gateway/bad_requests.h"

/// Whether the wire's documentation says everything, and whether what it says is tried.
namespace wutong {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptorSet;
using google::protobuf::ServiceDescriptor;

constexpr const char* any_value = "any value is valid";

/// How a field's name ends, and what its documentation calls that unit. The first that fits counts.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> units = {{
    {"_minor", "minor unit"},
    {"_thousandths", "1/1000"},
    {"_unix_ms", "Unix milliseconds"},
    {"_ms", "milliseconds"},
    {"_seconds", "seconds"},
    {"_days", "days"},
    {"_bytes", "bytes"},
}};

/// What the documentation of a request's field should say and does not: who sets it, or its unit.
/// Empty if it says both.
std::string lacking(std::string_view name, std::string_view comment) {
  if (comment.find("Set by the ") == std::string_view::npos) return "who sets it";
  const auto unit = std::ranges::find_if(
      units, [&](const auto& candidate) { return name.ends_with(candidate.first); });
  if (unit == units.end() || comment.find(unit->second) != std::string_view::npos) return {};
  return std::string(unit->second);
}

/// The comments are in a descriptor set only: what is compiled into the program has none.
const DescriptorPool& documented_pool() {
  static const DescriptorPool* pool = [] {
    std::ifstream file(WUTONG_BINARY_DIR "/proto/wire.desc", std::ios::binary);
    FileDescriptorSet set;
    if (!set.ParseFromIstream(&file)) std::abort();
    auto* made = new DescriptorPool;
    for (const auto& proto : set.file()) {
      if (made->BuildFile(proto) == nullptr) std::abort();
    }
    return made;
  }();
  return *pool;
}

const ServiceDescriptor& points() {
  return *documented_pool().FindServiceByName("wutong.v1.Points");
}

/// The comment before a field, on one line.
std::string comment_of(const FieldDescriptor& field) {
  google::protobuf::SourceLocation location;
  if (!field.GetSourceLocation(&location)) return {};
  std::string text;
  for (const char c : location.leading_comments) {
    const bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!space) {
      text.push_back(c);
    } else if (!text.empty() && text.back() != ' ') {
      text.push_back(' ');
    }
  }
  return text;
}

void collect(const Descriptor& message, std::set<const FieldDescriptor*>& fields) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor* field = message.field(i);
    if (!fields.insert(field).second) continue;
    if (field->message_type() != nullptr) collect(*field->message_type(), fields);
  }
}

std::set<const FieldDescriptor*> fields_of(bool requests) {
  std::set<const FieldDescriptor*> fields;
  for (int i = 0; i < points().method_count(); ++i) {
    const auto& method = *points().method(i);
    collect(requests ? *method.input_type() : *method.output_type(), fields);
  }
  return fields;
}

/// The fields on a path like `lines[0].sku`: `lines` and `sku`.
void follow(const Descriptor& message, std::string_view path,
            std::set<const FieldDescriptor*>& fields) {
  const auto dot = path.find('.');
  std::string_view name = path.substr(0, dot);
  name = name.substr(0, name.find('['));
  const FieldDescriptor* field = message.FindFieldByName(std::string(name));
  if (field == nullptr) {
    EXPECT_NE(message.FindOneofByName(std::string(name)), nullptr)
        << message.full_name() << " has no " << name;
    return;
  }
  fields.insert(field);
  if (dot != std::string_view::npos) follow(*field->message_type(), path.substr(dot + 1), fields);
}

std::set<const FieldDescriptor*> fields_with_a_bad_value() {
  std::set<const FieldDescriptor*> fields;
  for (const test::BadRequest& bad : test::bad_requests()) {
    const auto* method = points().FindMethodByName(std::string(name_of(bad.method)));
    follow(*method->input_type(), bad.field, fields);
  }
  return fields;
}

TEST(Docs, EveryMethodOfTheServiceIsOneOfOurs) {
  // `Stream` is none by itself: each of its items goes by the method of its kind.
  ASSERT_EQ(points().method_count(), static_cast<int>(method_count) + 1);
  for (int i = 0; i < points().method_count(); ++i) {
    const auto& name = points().method(i)->name();
    EXPECT_TRUE(name == "Stream" || method_named(name)) << name;
  }
}

TEST(Docs, EveryFieldIsDocumented) {
  for (const bool requests : {true, false}) {
    for (const FieldDescriptor* field : fields_of(requests)) {
      if (field->file()->package() != "wutong.v1") continue;
      EXPECT_GE(comment_of(*field).size(), 4U) << field->full_name() << " has no documentation";
    }
  }
}

TEST(Docs, EveryFieldOfARequestSaysWhoSetsItAndInWhichUnit) {
  for (const FieldDescriptor* field : fields_of(true)) {
    const std::string missing = lacking(field->name(), comment_of(*field));
    EXPECT_EQ(missing, "") << field->full_name() << " does not say \"" << missing << '"';
  }
}

TEST(Docs, WhatIsNotSaidIsFound) {
  EXPECT_EQ(lacking("amount_minor", "Minor."), "who sets it");
  EXPECT_EQ(lacking("amount_minor", "Goods value. Set by the caller."), "minor unit");
  EXPECT_EQ(lacking("amount_minor", "Goods value, minor units. Set by the caller."), "");
  EXPECT_EQ(lacking("price_thousandths", "Set by the caller; minor units."), "1/1000");
  EXPECT_EQ(lacking("paid_at_unix_ms", "Milliseconds. Set by the caller."), "Unix milliseconds");
  EXPECT_EQ(lacking("paid_at_unix_ms", "Set by the caller, Unix milliseconds."), "");
  EXPECT_EQ(lacking("timeout_ms", "How long. Set by the caller."), "milliseconds");
  EXPECT_EQ(lacking("hold_seconds", "How long. Set by the caller."), "seconds");
  EXPECT_EQ(lacking("grace_days", "How long. Set by the caller."), "days");
  EXPECT_EQ(lacking("size_bytes", "How much. Set by the caller."), "bytes");
  EXPECT_EQ(lacking("order_id", "The order. Set by the caller."), "");
  EXPECT_EQ(lacking("order_id", "The order."), "who sets it");
}

TEST(Docs, EveryFieldOfARequestHasABadValueOrTakesAny) {
  const auto tried = fields_with_a_bad_value();

  for (const FieldDescriptor* field : fields_of(true)) {
    // What is wrong with a batch itself, stream_test.cpp tries.
    const auto& message = field->containing_type()->name();
    if (message == "BatchRequest" || message == "BatchItem") continue;
    const bool takes_any = comment_of(*field).find(any_value) != std::string::npos;
    EXPECT_TRUE(takes_any || tried.contains(field))
        << field->full_name()
        << " has neither a row in tests/gateway/bad_requests.cpp nor the words \"" << any_value
        << "\"";
    EXPECT_FALSE(takes_any && tried.contains(field))
        << field->full_name() << " is said to take any value, and does not";
  }
}

}  // namespace
}  // namespace wutong
