#include "persistence/file_safekeeping.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "persistence/salvage.h"

namespace wutong::persistence {
namespace {

namespace fs = std::filesystem;

class FileSafekeepingTest : public ::testing::Test {
 protected:
  FileSafekeepingTest() {
    std::string pattern = (fs::temp_directory_path() / "wutong-witness-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~FileSafekeepingTest() override { fs::remove_all(folder); }

  auto open(const std::string& ledger_id) {
    return FileSafekeeping::open(folder / "witness", folder / "salvage", ledger_id);
  }

  fs::path folder;
};

TEST_F(FileSafekeepingTest, RemembersTheLastHeadOfEveryShardOverARestart) {
  {
    auto keeping = *open("ledger-a");
    EXPECT_FALSE(keeping->witnessed(3));
    keeping->witness(3, {.position = {2, 7}, .writer = "n/1#1"});
    keeping->witness(3, {.position = {2, 9}, .writer = "n/1#1"});
    keeping->witness(5, {.position = {4, 1}, .writer = "n/1#2"});
  }

  auto keeping = *open("ledger-a");

  EXPECT_EQ(keeping->witnessed(3), (Head{.position = {2, 9}, .writer = "n/1#1"}));
  EXPECT_EQ(keeping->witnessed(5), (Head{.position = {4, 1}, .writer = "n/1#2"}));
  EXPECT_FALSE(keeping->witnessed(4));
}

TEST_F(FileSafekeepingTest, RefusesTheWitnessOfAnotherLedger) {
  { (*open("ledger-a"))->witness(0, {.position = {1, 1}, .writer = "n/1#1"}); }

  const auto other = open("ledger-b");

  ASSERT_FALSE(other);
  EXPECT_NE(other.error().find("ledger-b"), std::string::npos) << other.error();
}

TEST_F(FileSafekeepingTest, RefusesABrokenWitness) {
  std::ofstream(folder / "witness") << "wutong witness of ledger ledger-a\n3 nonsense\n";

  EXPECT_FALSE(open("ledger-a"));
}

TEST_F(FileSafekeepingTest, PutsLostBatchesAside) {
  auto keeping = *open("ledger-a");
  const Head before{.position = {1, 1}, .writer = "n/1#1"};
  const Head last{.position = {1, 6}, .writer = "n/1#1"};

  EXPECT_TRUE(keeping->salvage(
      2,
      {{.expected = before, .next = last, .batch = std::make_shared<const std::string>("batch")}}));

  const auto salvage = read_salvage(folder / "salvage" / "salvage-2-1-6");
  ASSERT_TRUE(salvage) << salvage.error();
  EXPECT_EQ(salvage->ledger_id, "ledger-a");
  EXPECT_EQ(salvage->shard, 2U);
  ASSERT_EQ(salvage->batches.size(), 1U);
  EXPECT_EQ(salvage->batches[0].next, last);
  EXPECT_EQ(keeping->salvaged(), 1U);
}

}  // namespace
}  // namespace wutong::persistence
