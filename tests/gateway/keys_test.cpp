#include "gateway/keys.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace wutong {
namespace {

const std::string identity_key = "0123456789abcdef0123456789abcdef";
const KeyHasher keys("0123456789abcdef", identity_key);

TEST(KeyHasher, KeysNeverChange) {
  // They are in every ledger: another value here means ledgers that nobody finds anything in.
  EXPECT_EQ(keys.member("alice"), (domain::MemberKey{0x4eb5c4267a37fd0c}));
  EXPECT_EQ(keys.order("M1", "A"), (domain::RecordKey{0x6cdbc9413df5447c, 0xaf289e5b}));
  EXPECT_EQ(keys.refund("M1", "A"), (domain::RecordKey{0x431f31d39b823b4a, 0xd97a6ff6}));
  EXPECT_EQ(keys.hold("M1", "A"), (domain::RecordKey{0x19d2b7e77210a526, 0x7d573086}));
  EXPECT_EQ(keys.release("M1", "A"), (domain::RecordKey{0xe2250361c60ff4a4, 0xf79e5fcc}));
  EXPECT_EQ(keys.grant("M1", "A"), (domain::RecordKey{0xc5c99500bee6fd4c, 0x783761aa}));
  EXPECT_EQ(keys.revocation("M1", "A"), (domain::RecordKey{0xda8ca1697af46865, 0x40350eca}));
  // HMAC-SHA256 of "I", the kind's number as a byte, and the value.
  EXPECT_EQ(keys.identity(domain::IdentityKind::phone, "8613800138000"),
            (domain::IdentityKey{0x69202cf3fa0f1a88, 0xfaf495696a177bd1}));
}

TEST(KeyHasher, AnIdentityIsHashedWithItsKindUnderAKeyOfItsOwn) {
  using domain::IdentityKind;
  const KeyHasher other_records("0123456789abcdeg", identity_key);
  const KeyHasher other_identities("0123456789abcdef", std::string(32, 'x'));
  const auto card = keys.identity(IdentityKind::card, "12345");

  EXPECT_EQ(card, other_records.identity(IdentityKind::card, "12345"));
  EXPECT_NE(card, other_identities.identity(IdentityKind::card, "12345"));
  EXPECT_NE(card, keys.identity(IdentityKind::phone, "12345"));
  EXPECT_NE(card, keys.identity(IdentityKind::card, "12345 "));
}

TEST(KeyHasher, AnotherKeyGivesOtherHashes) {
  const KeyHasher others("0123456789abcdeg", identity_key + "g");

  EXPECT_NE(keys.member("alice"), others.member("alice"));
  EXPECT_NE(keys.order("M1", "A"), others.order("M1", "A"));
}

TEST(KeyHasher, VenueAndIdDoNotRunTogether) {
  EXPECT_NE(keys.order("M1", "2-7"), keys.order("M12", "-7"));
  EXPECT_NE(keys.order("M1", ""), keys.order("", "M1"));
}

TEST(KeyHasher, EachKindHasASpaceOfItsOwn) {
  const std::set<domain::RecordKey> kinds = {keys.order("M1", "A"), keys.refund("M1", "A"),
                                             keys.hold("M1", "A"),  keys.release("M1", "A"),
                                             keys.grant("M1", "A"), keys.revocation("M1", "A")};

  EXPECT_EQ(kinds.size(), 6U);
}

}  // namespace
}  // namespace wutong
