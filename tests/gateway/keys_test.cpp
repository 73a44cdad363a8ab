#include "gateway/keys.h"

#include <gtest/gtest.h>

#include <string>

namespace wutong {
namespace {

const KeyHasher keys("0123456789abcdef");

TEST(KeyHasher, KeysNeverChange) {
  // They are in every ledger: another value here means ledgers that nobody finds anything in.
  EXPECT_EQ(keys.member("alice"), (domain::MemberKey{0x4eb5c4267a37fd0c}));
  EXPECT_EQ(keys.order("M1", "A"), (domain::RecordKey{0x6cdbc9413df5447c, 0xaf289e5b}));
  EXPECT_EQ(keys.refund("M1", "A"), (domain::RecordKey{0x431f31d39b823b4a, 0xd97a6ff6}));
}

TEST(KeyHasher, AnotherKeyGivesOtherHashes) {
  const KeyHasher others("0123456789abcdeg");

  EXPECT_NE(keys.member("alice"), others.member("alice"));
  EXPECT_NE(keys.order("M1", "A"), others.order("M1", "A"));
}

TEST(KeyHasher, VenueAndIdDoNotRunTogether) {
  EXPECT_NE(keys.order("M1", "2-7"), keys.order("M12", "-7"));
  EXPECT_NE(keys.order("M1", ""), keys.order("", "M1"));
}

TEST(KeyHasher, AnOrderIsNoRefund) { EXPECT_NE(keys.order("M1", "A"), keys.refund("M1", "A")); }

}  // namespace
}  // namespace wutong
