#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "actors/domain/decide.h"
#include "gateway/documents/program_document.h"
#include "gateway/documents/risk_document.h"
#include "tests/gateway/documents_fixture.h"
#include "tests/gateway/may_be_shown.h"
#include "tests/support/fuzz.h"
#include "tests/support/program_p0.h"

/// Documents that somebody slipped in while editing are refused with the places of what is wrong, or the
/// rules can go by them.
namespace wutong {
namespace {

using test::Corpus;
using test::Form;
using test::FuzzRun;
using test::may_be_shown;

/// Bytes of each line of the text.
std::vector<std::size_t> line_sizes(std::string_view text) {
  std::vector<std::size_t> sizes(1);
  for (const char byte : text) {
    if (byte == '\n') {
      sizes.push_back(0);
    } else {
      ++sizes.back();
    }
  }
  return sizes;
}

void expect_told(const DocumentError& error, const std::vector<std::size_t>& lines) {
  EXPECT_NE(error.message, "");
  EXPECT_TRUE(may_be_shown(text_of(error))) << test::literal_of(text_of(error));
  const auto [line, column] = error.place;
  ASSERT_TRUE(line >= 1 && static_cast<std::size_t>(line) <= lines.size()) << text_of(error);
  const auto size = lines[static_cast<std::size_t>(line) - 1];
  EXPECT_TRUE(column >= 1 && static_cast<std::size_t>(column) <= size + 1) << text_of(error);
}

template <typename Value>
bool is_taken(const DocumentResult<Value>& result, std::string_view text) {
  if (result) {
    EXPECT_NE(*result, nullptr);
    return true;
  }
  EXPECT_FALSE(result.error().empty());
  const auto lines = line_sizes(text);
  for (const auto& error : result.error()) expect_told(error, lines);
  return false;
}

/// Sells for `amount` in a venue, to somebody who has points of any party.
domain::Quoted quoted_by(const domain::Program& program, const domain::RiskPolicy& policy,
                         const domain::Venue& venue, domain::Money amount) {
  static const auto now = testing::at("2026-11-20 12:00:00");
  domain::Member member;
  member.id = "alice";
  member.position = {1, 1};
  for (const auto& [id, party] : program.parties) {
    member.lots.push_back({.serial = member.next_lot_serial++,
                           .party = id,
                           .price = party.price,
                           .expires_on = testing::day("2027-12-31"),
                           .points = {1'000'000}});
  }
  const domain::Quote asked{.checkout = {.origin = {.venue = venue.id},
                                         .occurred_at = now,
                                         .currency = program.currency,
                                         .amount = amount}};
  return quote(member, program, policy, asked, now);
}

/// The rules say something of any amount, and never less than nothing.
void expect_to_be_gone_by(const domain::Program& program, const domain::RiskPolicy& policy) {
  for (const auto& [id, venue] : program.venues) {
    for (const std::int64_t amount : {0LL, 1LL, 588'00LL, 1'000'000'000'000LL}) {
      const auto quoted = quoted_by(program, policy, venue, {amount});
      EXPECT_EQ(quoted.program_version, program.version);
      EXPECT_GE(quoted.points_max.count, 0);
      EXPECT_GE(quoted.cash_due.minor_units, 0);
      EXPECT_LE(quoted.offset_money_max.minor_units, amount);
      for (const auto& award : quoted.awards) EXPECT_GE(award.points.count, 0);
    }
  }
}

/// The documents of the repository that are policies, or those that are none.
std::vector<std::string> shipped_documents(bool policies) {
  const std::filesystem::path source_dir = WUTONG_SOURCE_DIR;
  std::vector<std::filesystem::path> files;
  for (const auto* folder : {"ops/program", "tests/data"}) {
    for (const auto& entry : std::filesystem::directory_iterator(source_dir / folder)) {
      if (entry.path().extension() != ".json") continue;
      const bool is_policy = entry.path().filename().string().find("policy") != std::string::npos;
      if (is_policy == policies) files.push_back(entry.path());
    }
  }
  // A folder tells its files in any order, and one seed must give one input.
  std::ranges::sort(files);
  std::vector<std::string> texts;
  for (const auto& file : files) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    texts.push_back(std::move(text).str());
  }
  return texts;
}

const std::vector<std::string> words = {"{",
                                        "}",
                                        "[",
                                        "]",
                                        ",",
                                        ":",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\xef\xbb\xbf",
                                        "\xc2\x85",
                                        "\xff",
                                        "null",
                                        "true",
                                        "[]",
                                        "{}",
                                        "[[[[[[[[[[[[[[[[",
                                        R"({"a":)",
                                        R"("id": "MALL", )",
                                        R"("a": )",
                                        "0.5",
                                        "1e9",
                                        "-",
                                        "-1",
                                        R"("12")",
                                        R"(\u0000)",
                                        R"(\u001b[2J)",
                                        R"(\u0085)",
                                        R"(\ud800)",
                                        R"(\ud83d\ude00)",
                                        "Asia/Shanghai",
                                        "America/New_York",
                                        "2026-02-29",
                                        "T24:00",
                                        "04-01",
                                        "MONDAY",
                                        R"("fixed_bonus": {"points": 1}, )",
                                        R"("perMinorUnits")"};

TEST(DocumentFuzz, Programs) {
  Corpus corpus{.texts = shipped_documents(false), .words = words, .form = Form::digits};
  corpus.texts.emplace_back(testing::good_program);
  ASSERT_GE(corpus.texts.size(), 8U);
  const FuzzRun run{.inputs = 5'000};
  const domain::RiskPolicy policy{.version = 1, .limits = {testing::daily_limit("daily", 1'000)}};

  test::fuzz(corpus, run, [&](std::string_view text) {
    const auto program = compile_program(text);
    if (program) expect_to_be_gone_by(**program, policy);
    return is_taken(program, text);
  });
}

TEST(DocumentFuzz, RiskPolicies) {
  const Corpus corpus{.texts = shipped_documents(true), .words = words, .form = Form::digits};
  ASSERT_GE(corpus.texts.size(), 3U);
  const FuzzRun run{.inputs = 20'000};
  const auto program = testing::program_p0();

  test::fuzz(corpus, run, [&](std::string_view text) {
    const auto policy = compile_risk_policy(text);
    if (policy) expect_to_be_gone_by(program, **policy);
    return is_taken(policy, text);
  });
}

}  // namespace
}  // namespace wutong
