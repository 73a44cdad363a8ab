#include "persistence/record_press.h"

#include <absl/strings/str_cat.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace wutong::persistence {
namespace {

/// As records of one group of malls are: much alike.
std::string record(int number) {
  return absl::StrCat("order ", number * 7'919,
                      " at M1 of the mall MALL, earned-a-day 0 of 1000000, ",
                      "orders-in-ten-minutes ", number % 60, " of 100, CNY ", number * 31 % 1'000,
                      ".00, card; balance ", number % 1'013);
}

std::string released(const Lz4RecordPress& press, const std::string& pressed) {
  std::string bytes = "something from before";
  press.release(pressed, bytes);
  return bytes;
}

TEST(RecordPress, RecordsThatAreMuchAlikeTakeAThird) {
  Lz4RecordPress press;
  for (int number = 0; number < 100; ++number) (void)press.press(record(number));
  std::size_t bytes = 0;
  std::size_t pressed = 0;

  for (int number = 1'000; number < 2'000; ++number) {
    bytes += record(number).size();
    pressed += press.press(record(number)).size();
  }

  EXPECT_LT(pressed * 3, bytes);
}

TEST(RecordPress, WhatWasPressedIsReleasedWhateverDictionaryItWasPressedWith) {
  Lz4RecordPress press;
  std::vector<std::string> records;
  std::vector<std::string> pressed;
  // Each part of the year has other names, so that there are several dictionaries.
  for (int number = 0; number < 30'000; ++number) {
    const auto part = std::to_string(number / 6'000);
    std::string text = record(number);
    for (auto& letter : text) {
      if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter ^ (part[0] & 0x1f));
    }
    records.push_back(text);
    pressed.emplace_back(press.press(text));
  }

  EXPECT_GT(press.dictionaries(), 1U);
  for (std::size_t at = 0; at < records.size(); ++at) {
    ASSERT_EQ(released(press, pressed[at]), records[at]) << at;
  }
}

TEST(RecordPress, ManyKindsOfRecordsMakeNoMoreDictionariesThanThereMayBe) {
  Lz4RecordPress press;
  std::uint32_t random = 1;
  for (std::uint32_t number = 0; number < 2 * 255 * Lz4RecordPress::look_records; ++number) {
    // Worse and worse.
    std::string text(64, 'a');
    const auto noise = number / (8 * Lz4RecordPress::look_records);
    for (std::uint32_t at = 0; at < std::min(noise, 64U); ++at) {
      random = random * 1'664'525U + 1'013'904'223U;
      text[at] = static_cast<char>(random >> 24);
    }
    (void)press.press(text);
  }

  EXPECT_GT(press.dictionaries(), 1U);
  EXPECT_LE(press.dictionaries(), Lz4RecordPress::dictionaries_max);
}

RC_GTEST_PROP(RecordPress, AnyBytesAreReleasedAsTheyWereAndGrowByAByteAtMost,
              (const std::vector<std::string>& texts)) {
  Lz4RecordPress press;
  for (int number = 0; number < 100; ++number) (void)press.press(record(number));

  std::vector<std::string> pressed;
  for (const auto& text : texts) pressed.emplace_back(press.press(text));

  for (std::size_t at = 0; at < texts.size(); ++at) {
    RC_ASSERT(pressed[at].size() <= texts[at].size() + 1);
    RC_ASSERT(released(press, pressed[at]) == texts[at]);
  }
}

}  // namespace
}  // namespace wutong::persistence
