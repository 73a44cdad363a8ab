#include "persistence/file_safekeeping.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

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

TEST_F(FileSafekeepingTest, SalvagesBatchesSoThatTheyCanBeReadAgain) {
  auto keeping = *open("ledger-a");
  const Head before{.position = {1, 1}, .writer = "n/1#1"};
  const Head middle{.position = {1, 4}, .writer = "n/1#1"};
  const Head last{.position = {1, 6}, .writer = "n/1#1"};
  const std::string bytes("\n\0line\n", 7);

  keeping->salvage(
      2, {{.expected = before, .next = middle, .batch = std::make_shared<const std::string>(bytes)},
          {.expected = middle, .next = last, .batch = std::make_shared<const std::string>()}});

  const auto batches = read_salvage(folder / "salvage" / "salvage-2-1-6");
  ASSERT_TRUE(batches) << batches.error();
  ASSERT_EQ(batches->size(), 2U);
  EXPECT_EQ((*batches)[0].expected, before);
  EXPECT_EQ((*batches)[0].batch, bytes);
  EXPECT_EQ((*batches)[1].next, last);
  EXPECT_EQ(keeping->salvaged(), 1U);
}

}  // namespace
}  // namespace wutong::persistence
