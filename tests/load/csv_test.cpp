#include "load/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace wutong::load {
namespace {

using Row = std::vector<std::string>;

/// All rows; the error, if there is one, as a last row of one field.
std::vector<Row> rows_of(const std::string& text) {
  std::istringstream in(text);
  CsvReader reader(in);
  std::vector<Row> rows;
  for (;;) {
    auto row = reader.next();
    if (!row) {
      rows.push_back({row.error()});
      return rows;
    }
    if (!*row) return rows;
    rows.push_back(**row);
  }
}

TEST(Csv, FieldsAreSplitAtCommasAndMayBeEmpty) {
  EXPECT_EQ(rows_of("a,b,c\n,,\n1,,3"),
            (std::vector<Row>{{"a", "b", "c"}, {"", "", ""}, {"1", "", "3"}}));
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineEnds) {
  EXPECT_EQ(rows_of("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n\"\",x\n"),
            (std::vector<Row>{{"a,b", "say \"hi\"", "two\nlines"}, {"", "x"}}));
}

TEST(Csv, LinesMayEndInCarriageReturns) {
  EXPECT_EQ(rows_of("a,b\r\n\r\nc,\"d\"\r\n"), (std::vector<Row>{{"a", "b"}, {"c", "d"}}));
}

TEST(Csv, WhatIsWrongIsToldWithItsLine) {
  EXPECT_EQ(rows_of("a\n\"b").back(), Row{"line 2: a quote is not closed"});
  EXPECT_EQ(rows_of("\"b\"c\n").back(), Row{"line 1: text behind a closing quote"});
  EXPECT_EQ(rows_of("a\nb\"c\n").back(),
            Row{"line 2: a quote inside a field that does not begin with one"});
}

TEST(Csv, ARowKnowsTheLineItBeganIn) {
  std::istringstream in("a\n\"b\nc\"\nd\n");
  CsvReader reader(in);
  std::vector<std::size_t> lines;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(reader.next().value());
    lines.push_back(reader.line());
  }

  EXPECT_THAT(lines, testing::ElementsAre(1, 2, 4));
}

}  // namespace
}  // namespace wutong::load
