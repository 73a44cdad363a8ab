#include "load/json.h"

#include <gtest/gtest.h>

namespace wutong::load {
namespace {

TEST(Json, FieldsKeepTheirOrderAndNest) {
  JsonWriter json;
  json.number("z", 9'007'199'254'740'993);
  json.begin_object("a");
  json.truth("ok", true);
  json.end_object();
  json.begin_list("texts");
  json.item("one");
  json.item("two");
  json.end_list();
  json.begin_list("empty");
  json.end_list();

  EXPECT_EQ(json.finish(), R"({
  "z": 9007199254740993,
  "a": {
    "ok": true
  },
  "texts": [
    "one",
    "two"
  ],
  "empty": []
}
)");
}

TEST(Json, TextIsQuoted) {
  JsonWriter json;
  json.text("t", "a \"b\" \\ \n 梧桐");

  EXPECT_EQ(json.finish(), "{\n  \"t\": \"a \\\"b\\\" \\\\ \\u000a 梧桐\"\n}\n");
}

}  // namespace
}  // namespace wutong::load
