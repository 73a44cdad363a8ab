#include <gtest/gtest.h>
#include <sodium.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "persistence/ledger_text.h"
#include "persistence/salvage.h"
#include "persistence/text.h"
#include "tests/support/fuzz.h"

/// The small texts of the ledger, and salvage files.
namespace wutong::persistence {
namespace {

using test::Corpus;
using test::Form;
using test::FuzzRun;

constexpr FuzzRun run{.inputs = 50'000};

/// Scripts compare texts, so what is read must be what would be written.
template <typename Read, typename Write>
bool is_taken(std::string_view text, Read read, Write write) {
  const auto value = read(text);
  if (!value) return false;
  EXPECT_EQ(test::literal_of(write(*value)), test::literal_of(text));
  return true;
}

const std::vector<std::string> blanks = {" ", "-", "+", "0", "00", "\n"};

TEST(LedgerTextFuzz, Positions) {
  const Corpus corpus{.texts = {"0-0", "1-1", "7-1234567", "18446744073709551615-7"},
                      .words = blanks,
                      .form = Form::digits};

  test::fuzz(corpus, run,
             [](std::string_view text) { return is_taken(text, parse_position, position_text); });
}

TEST(LedgerTextFuzz, Heads) {
  const Corpus corpus{.texts = {std::string(fresh_head_text), "1-1 node/1#2",
                                "18446744073709551615-7 node a/boot#3"},
                      .words = blanks,
                      .form = Form::digits};

  test::fuzz(corpus, run,
             [](std::string_view text) { return is_taken(text, parse_head, head_text); });
}

TEST(LedgerTextFuzz, Marks) {
  const Corpus corpus{
      .texts = {std::string(fresh_mark_text), "3-0 12", "7-1234567 18446744073709551615"},
      .words = blanks,
      .form = Form::digits};

  test::fuzz(corpus, run,
             [](std::string_view text) { return is_taken(text, parse_mark, mark_text); });
}

TEST(LedgerTextFuzz, LedgerRecords) {
  Corpus corpus{.texts = {},
                .words = {"\n", "=", "id=", "shards=", "caller", "gateway", "00"},
                .form = Form::digits};
  for (const std::uint32_t shards : {1U, 16U, 1'024U}) {
    corpus.texts.push_back(
        ledger_info_text({.id = "5eed",
                          .shards = shards,
                          .hash_key = std::string("\0\x01\xff", 3) + std::string(13, 'h'),
                          .identity_key = std::string(32, 'i'),
                          .clock = shards == 1 ? LedgerClock::caller : LedgerClock::gateway,
                          .history_days = 800}));
  }

  test::fuzz(corpus, run, [](std::string_view text) {
    const auto info = parse_ledger_info(text);
    if (!info) {
      EXPECT_NE(info.error(), "");
      return false;
    }
    EXPECT_EQ(fault_in(info->shards, info->history_days), std::nullopt);
    EXPECT_EQ(info->hash_key.size(), 16U);
    EXPECT_EQ(info->identity_key.size(), 32U);
    // Its lines may come in another order.
    const auto written = ledger_info_text(*info);
    const auto again = parse_ledger_info(written);
    EXPECT_TRUE(again && ledger_info_text(*again) == written);
    return true;
  });
}

/// The last line of a file, as in `salvage.cpp`: without it every change is found at once.
std::string summed(std::string text) {
  std::array<unsigned char, crypto_generichash_BYTES> sum;
  crypto_generichash(sum.data(), sum.size(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size(), nullptr, 0);
  append_text(text, "sum ", to_hex({reinterpret_cast<const char*>(sum.data()), sum.size()}), "\n");
  return text;
}

std::vector<AppendRequest> requests_of(const Salvage& salvage) {
  std::vector<AppendRequest> requests;
  for (const auto& [expected, next, batch] : salvage.batches) {
    requests.push_back(
        {.expected = expected, .next = next, .batch = std::make_shared<const std::string>(batch)});
  }
  return requests;
}

/// A file in memory: a disk takes most of the time.
class SalvageFuzz : public ::testing::Test {
 protected:
  SalvageFuzz() : file_(memfd_create("salvage", MFD_CLOEXEC)) {}
  ~SalvageFuzz() override { close(file_); }

  [[nodiscard]] tl::expected<Salvage, std::string> read(const std::string& text) const {
    const auto path = join_text("/proc/self/fd/", file_);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return read_salvage(path);
  }

  const int file_;
};

TEST_F(SalvageFuzz, FilesWithARightSum) {
  const Head before{.position = {1, 1}, .writer = "n/1#1"};
  const Head middle{.position = {1, 4}, .writer = "n/1#1"};
  const Head last{.position = {1, 6}, .writer = "n/1#1"};
  const auto batch = std::make_shared<const std::string>("\n\0line\n", 7);
  const auto none = std::make_shared<const std::string>();
  Corpus corpus{.texts = {},
                .words = {"\n", ", shard ", "wutong salvage of ledger ", "sum "},
                .form = Form::digits};
  for (const auto& lost : std::vector<std::vector<AppendRequest>>{
           {{before, middle, batch}}, {{before, middle, batch}, {middle, last, none}}}) {
    const auto text = salvage_text("ledger-a", 2, lost);
    corpus.texts.push_back(text.substr(0, text.size() - summed({}).size()));
    ASSERT_EQ(summed(corpus.texts.back()), text);
  }
  const FuzzRun files{.inputs = 10'000, .piece_bytes_max = 262'144};

  test::fuzz(corpus, files, [&](std::string_view text) {
    const auto salvage = read(summed(std::string(text)));
    if (!salvage) {
      EXPECT_NE(salvage.error(), "");
      return false;
    }
    const auto written = salvage_text(salvage->ledger_id, salvage->shard, requests_of(*salvage));
    const auto again = read(written);
    if (!again) {
      ADD_FAILURE() << "is not read again: " << again.error();
      return true;
    }
    EXPECT_EQ(test::literal_of(salvage_text(again->ledger_id, again->shard, requests_of(*again))),
              test::literal_of(written));
    return true;
  });
}

}  // namespace
}  // namespace wutong::persistence
