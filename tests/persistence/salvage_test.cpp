#include "persistence/salvage.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace wutong::persistence {
namespace {

namespace fs = std::filesystem;

const Head before{.position = {1, 1}, .writer = "n/1#1"};
const Head middle{.position = {1, 4}, .writer = "n/1#1"};
const Head last{.position = {1, 6}, .writer = "n/1#1"};
const std::string bytes("\n\0line\n", 7);

std::vector<AppendRequest> two_batches() {
  return {{.expected = before, .next = middle, .batch = std::make_shared<const std::string>(bytes)},
          {.expected = middle, .next = last, .batch = std::make_shared<const std::string>()}};
}

class SalvageTest : public ::testing::Test {
 protected:
  SalvageTest() {
    std::string pattern = (fs::temp_directory_path() / "wutong-salvage-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~SalvageTest() override { fs::remove_all(folder_); }

  [[nodiscard]] auto read(const std::string& text) const {
    std::ofstream(folder_ / "salvage", std::ios::binary | std::ios::trunc) << text;
    return read_salvage(folder_ / "salvage");
  }

  fs::path folder_;
};

TEST_F(SalvageTest, IsReadAsItWasWritten) {
  const auto salvage = read(salvage_text("ledger-a", 2, two_batches()));

  ASSERT_TRUE(salvage) << salvage.error();
  EXPECT_EQ(salvage->ledger_id, "ledger-a");
  EXPECT_EQ(salvage->shard, 2U);
  ASSERT_EQ(salvage->batches.size(), 2U);
  EXPECT_EQ(salvage->batches[0].expected, before);
  EXPECT_EQ(salvage->batches[0].next, middle);
  EXPECT_EQ(salvage->batches[0].batch, bytes);
  EXPECT_EQ(salvage->batches[1].next, last);
}

TEST_F(SalvageTest, IsRefusedWhereverItIsCut) {
  const auto text = salvage_text("ledger-a", 2, two_batches());

  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read(text.substr(0, size))) << size;
  }
}

TEST_F(SalvageTest, IsRefusedWhicheverByteWasChanged) {
  const auto text = salvage_text("ledger-a", 2, two_batches());

  for (std::size_t at = 0; at < text.size(); ++at) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    EXPECT_FALSE(read(changed)) << at;
  }
}

TEST_F(SalvageTest, IsRefusedIfItsBatchesDoNotFollowOneAnother) {
  auto batches = two_batches();
  batches[1].expected = before;

  const auto salvage = read(salvage_text("ledger-a", 2, batches));

  ASSERT_FALSE(salvage);
  EXPECT_EQ(salvage.error(), "its batches do not follow one another after 1");
}

TEST_F(SalvageTest, IsRefusedIfItIsEmptyOrNotThere) {
  EXPECT_FALSE(read(salvage_text("ledger-a", 2, {})));
  EXPECT_FALSE(read_salvage(folder_ / "nothing"));
  EXPECT_FALSE(read_salvage(folder_));
}

}  // namespace
}  // namespace wutong::persistence
