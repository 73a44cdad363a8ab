#include "actors/recent_records.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "persistence/record_press.h"

namespace wutong {
namespace {

PackedRecord record(std::uint64_t number) {
  const domain::RecordKey key{.high = number * 0x9e3779b97f4a7c15ULL,
                              .low = static_cast<std::uint32_t>(number)};
  return {.key = key,
          .order = key,
          .position = {.epoch = 3, .sequence = 1'000 + number},
          .filed_at = {1'760'000'000'000 + static_cast<std::int64_t>(number)},
          .bytes = "what is stored of the record " + std::to_string(number)};
}

PackedRecord beside(PackedRecord made, std::uint64_t order) {
  made.order = record(order).key;
  return made;
}

class RecentRecordsOfAMember : public testing::Test {
 protected:
  [[nodiscard]] std::vector<PackedRecord> all() const {
    std::vector<PackedRecord> all;
    for (const auto entry : records_) all.push_back(entry.packed(press_));
    return all;
  }
  [[nodiscard]] std::vector<PackedRecord> of(domain::RecordKey order, domain::RecordKey key) const {
    std::vector<PackedRecord> found;
    records_.for_each_of(order, key,
                         [&](const auto& entry) { found.push_back(entry.packed(press_)); });
    return found;
  }

  persistence::Lz4RecordPress press_;
  RecentRecords records_;
};

TEST_F(RecentRecordsOfAMember, AreNoneAtFirst) {
  EXPECT_TRUE(records_.empty());
  EXPECT_FALSE(records_.find(record(1).key));
  EXPECT_TRUE(all().empty());
  records_.press_before(std::nullopt, press_);
  EXPECT_TRUE(records_.empty());
}

TEST_F(RecentRecordsOfAMember, ComeOutAsTheyWentInPressedOrNot) {
  auto early = record(3);
  early.filed_at = {-5};
  auto declined = record(4);
  declined.declined = true;
  auto long_one = record(5);
  long_one.bytes.assign(100'000, 'x');
  auto empty_one = record(6);
  empty_one.bytes.clear();
  const std::vector<PackedRecord> given{
      record(1), beside(record(2), 1), early, declined, long_one, empty_one, record(7)};
  for (const auto& one : given) records_.add(one);

  EXPECT_EQ(records_.size(), given.size());
  EXPECT_EQ(all(), given);

  records_.press_before(given[4].position, press_);
  EXPECT_EQ(all(), given);
  std::vector<bool> pressed;
  for (const auto entry : records_) pressed.push_back(entry.pressed);
  EXPECT_EQ(pressed, (std::vector<bool>{true, true, true, true, false, false, false}));

  records_.press_before(std::nullopt, press_);
  EXPECT_EQ(all(), given);
  for (const auto entry : records_) EXPECT_TRUE(entry.pressed);
}

TEST_F(RecentRecordsOfAMember, AreFoundByTheirKeyUnlessTheyWereDeclined) {
  auto declined = record(2);
  declined.declined = true;
  for (const auto& one : {record(1), declined, beside(record(3), 1)}) records_.add(one);

  ASSERT_TRUE(records_.find(record(1).key));
  EXPECT_EQ(records_.find(record(1).key)->packed(press_), record(1));
  EXPECT_FALSE(records_.find(record(2).key));
  EXPECT_EQ(records_.find(record(3).key)->order, record(1).key);
  EXPECT_FALSE(records_.find(record(4).key));
}

TEST_F(RecentRecordsOfAMember, WhoseKeysDifferInOneBitAreTwo) {
  auto lowest = record(2);
  lowest.key.low ^= 1;
  lowest.order = lowest.key;
  auto highest = record(2);
  highest.key.high ^= std::uint64_t{1} << 63;
  highest.order = highest.key;
  const auto absent = domain::RecordKey{.high = record(2).key.high ^ 1, .low = record(2).key.low};
  for (const auto& one : {record(2), lowest, highest}) records_.add(one);

  EXPECT_EQ(records_.find(record(2).key)->packed(press_), record(2));
  EXPECT_EQ(records_.find(lowest.key)->packed(press_), lowest);
  EXPECT_EQ(records_.find(highest.key)->packed(press_), highest);
  EXPECT_FALSE(records_.find(absent));
  EXPECT_EQ(of(lowest.key, lowest.key), std::vector<PackedRecord>{lowest});
}

TEST_F(RecentRecordsOfAMember, AreVisitedWithWhatBelongsToThem) {
  auto declined = record(4);
  declined.declined = true;
  for (const auto& one : {record(1), record(2), beside(record(3), 1), declined}) records_.add(one);

  EXPECT_EQ(of(record(1).key, record(1).key),
            (std::vector<PackedRecord>{record(1), beside(record(3), 1)}));
  EXPECT_EQ(of(record(2).key, record(3).key),
            (std::vector<PackedRecord>{record(2), beside(record(3), 1)}));
  EXPECT_EQ(of(record(4).key, record(4).key), std::vector<PackedRecord>{declined});
  EXPECT_TRUE(of(record(9).key, record(9).key).empty());
}

TEST_F(RecentRecordsOfAMember, LeaveFromTheOldestOn) {
  for (std::uint64_t number = 1; number <= 5; ++number) records_.add(record(number));
  records_.press_before(record(4).position, press_);

  records_.drop_first(0);
  EXPECT_EQ(records_.size(), 5U);
  records_.drop_first(2);
  EXPECT_EQ(all(), (std::vector<PackedRecord>{record(3), record(4), record(5)}));
  records_.add(record(6));
  records_.drop_first(4);
  EXPECT_TRUE(records_.empty());
  EXPECT_FALSE(records_.find(record(6).key));
  records_.add(record(7));
  EXPECT_EQ(all(), std::vector<PackedRecord>{record(7)});
}

TEST_F(RecentRecordsOfAMember, AreTheSameInABlockThatHasRoomForMore) {
  std::vector<PackedRecord> given;
  for (std::uint64_t number = 1; number <= 300; ++number) {
    auto one = number % 7 == 0 ? beside(record(number), number - 1) : record(number);
    one.bytes.append(number * 37 % 500, 'y');
    given.push_back(one);
    records_.add(one);
    if (number % 50 == 0) records_.press_before(record(number - 10).position, press_);
    if (number % 40 != 0) continue;
    records_.drop_first(25);
    given.erase(given.begin(), given.begin() + 25);
    ASSERT_EQ(all(), given);
  }

  EXPECT_EQ(all(), given);
  for (const auto& one : given) {
    ASSERT_TRUE(records_.find(one.key));
    EXPECT_EQ(records_.find(one.key)->packed(press_), one);
  }
}

}  // namespace
}  // namespace wutong
