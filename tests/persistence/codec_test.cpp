#include "persistence/codec.h"

#include <absl/strings/escaping.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "tests/persistence/arbitrary_events.h"

namespace wutong::persistence {
namespace {

using domain::Day;
using domain::PartyId;
using domain::PromotionId;
using domain::StoreId;
using domain::VenueId;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const StoredCodec codec;

constexpr std::int64_t noon_ms = 1'793'592'000'000;  // 2026-11-02 04:00 UTC

domain::Movement earned(std::uint32_t line, std::int64_t points) {
  return {.reason = domain::Reason::earn,
          .line = line,
          .lot_serial = 12,
          .party = PartyId::intern("MALL"),
          .price = {3'000},
          .expires_on = {21'184},
          .points = {points},
          .counterparty = PartyId::intern("MALL")};
}

domain::Movement used(std::uint32_t line, std::uint32_t serial, std::int64_t points) {
  return {.reason = domain::Reason::use,
          .line = line,
          .lot_serial = serial,
          .party = PartyId::intern("HOTEL"),
          .price = {2'800},
          .expires_on = {20'818},
          .points = {-points},
          .counterparty = PartyId::intern("MALL")};
}

/// An order of 588.00 as a till of a mall sends it.
domain::CheckedOut plain_checkout() {
  domain::CheckedOut event;
  event.header = {{7, 1'234'567}, {noon_ms}, 42, 17};
  event.key = {0x0123456789abcdefULL, 0x89abcdef};
  event.order_id = "T07-20261102-001234";
  event.origin = {.venue = VenueId::intern("mall-riverside"),
                  .store = StoreId::intern("store-0217"),
                  .terminal = "T07",
                  .cashier = "C1031",
                  .channel = domain::Channel::till,
                  .printed_receipt_number = "00123456",
                  .till_business_date = Day{20'759}};
  event.content = {.occurred_at = {noon_ms - 1'700},
                   .currency = "CNY",
                   .amount = {58'800},
                   .tenders_fingerprint = 0xfedcba9876543210ULL,
                   .lines_fingerprint = 0x1122334455667788ULL,
                   .store = StoreId::intern("store-0217")};
  event.tax = {6'764};
  event.eligible = {58'800};
  event.awards = {
      {.kind = domain::AwardKind::base, .party = PartyId::intern("MALL"), .points = {58}}};
  event.cash_due = {58'800};
  event.effects.movements = {earned(0, 58)};
  event.effects.counters = {
      {domain::Measure::points_earned, domain::Window::calendar_day, {20'759}, 58}};
  event.after = {.available = {5'058}};
  return event;
}

domain::CheckedOut checkout_with_two_lots() {
  auto event = plain_checkout();
  event.content.points_to_use = {500};
  event.offset_money = {1'500};
  event.cash_due = {57'300};
  event.eligible = {57'300};
  event.effects.movements = {used(0, 3, 250), used(1, 4, 250), earned(0, 57)};
  return event;
}

domain::CheckedOut checkout_with_promotion() {
  auto event = plain_checkout();
  event.awards.push_back({.kind = domain::AwardKind::multiplier,
                          .promotion = PromotionId::intern("spend-588-888"),
                          .party = PartyId::intern("MALL"),
                          .points = {30},
                          .threshold = {58'800}});
  event.effects.movements.push_back(earned(1, 30));
  return event;
}

std::string bytes_of(const LogEvent& event) {
  std::string batch;
  codec.append_event(batch, event);
  return batch;
}

RC_GTEST_PROP(StoredCodec, BatchesComeBackAsTheyWere, ()) {
  const auto events = testing::several(testing::any_log_event);
  std::string batch;
  for (const auto& event : events) codec.append_event(batch, event);

  const auto read = codec.events_of(batch);

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == events);
}

RC_GTEST_PROP(StoredCodec, EqualEventsGiveEqualBytes, ()) {
  const auto event = testing::any_log_event();
  // What was encoded before must leave no trace in the messages that are used again.
  (void)bytes_of(testing::any_log_event());

  const auto first = bytes_of(event);
  (void)bytes_of(testing::any_log_event());

  RC_ASSERT(bytes_of(event) == first);
  RC_ASSERT(bytes_of(codec.events_of(first)->front()) == first);
}

RC_GTEST_PROP(StoredCodec, RecordsComeBackAsTheyWere, ()) {
  const auto record = testing::any_record();

  const auto packed = codec.pack(record);
  const auto read = codec.unpack(packed);

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == record);
  RC_ASSERT(codec.pack(*read) == packed);
}

RC_GTEST_PROP(StoredCodec, HistoriesComeBackAsTheyWere, ()) {
  const auto records = testing::several(testing::any_packed);
  std::string history;
  for (const auto& record : records) codec.append_record(history, record);

  const auto read = codec.records_of(history);

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == records);
}

RC_GTEST_PROP(StoredCodec, SnapshotsComeBackAsTheyWere, ()) {
  const auto snapshot = testing::any_snapshot();

  const auto bytes = codec.snapshot_bytes(snapshot);
  const auto read = codec.snapshot_of(bytes);

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == snapshot);
  RC_ASSERT(codec.snapshot_bytes(*read) == bytes);
}

TEST(StoredCodec, AClaimOfAnIdentityIsAVersionAndItsMember) {
  const auto bytes = codec.claim_bytes({0x0123456789abcdefULL});

  EXPECT_EQ(bytes, std::string("\x01\xef\xcd\xab\x89\x67\x45\x23\x01", 9));
  EXPECT_EQ(codec.claimant_of(bytes), domain::MemberKey{0x0123456789abcdefULL});
  EXPECT_FALSE(codec.claimant_of(bytes.substr(0, 8)).has_value());
  EXPECT_FALSE(codec.claimant_of("\x02" + bytes.substr(1)).has_value());
  EXPECT_FALSE(codec.claimant_of("").has_value());
}

TEST(StoredCodec, ASnapshotBeginsWithItsVersionAndTheNextDueDay) {
  Snapshot snapshot;
  snapshot.member.id = "m";
  snapshot.member.lots = {
      {.serial = 1, .party = PartyId::intern("MALL"), .expires_on = {0x5150}, .points = {5}}};

  const auto bytes = codec.snapshot_bytes(snapshot);

  EXPECT_EQ(bytes.substr(0, 5), std::string("\x01\x50\x51\x00\x00", 5));
  EXPECT_EQ(codec.next_due_in(bytes.substr(0, 9)), (domain::NextDue{{0x5150}, domain::never}));
}

TEST(StoredCodec, OfAMemberWithHoldsTheFirstLapseFollowsRoundedUpToTheMinute) {
  Snapshot snapshot;
  snapshot.member.id = "m";
  snapshot.member.lots = {{.serial = 1,
                           .party = PartyId::intern("MALL"),
                           .expires_on = {0x5150},
                           .points = {5},
                           .held = {2}}};
  snapshot.member.holds = {{.hold = {1, 2}, .lapses_at = {0x10 * 60'000 + 1}, .points = {2}}};

  const auto bytes = codec.snapshot_bytes(snapshot);

  EXPECT_EQ(bytes.substr(0, 9), std::string("\x02\x50\x51\x00\x00\x11\x00\x00\x00", 9));
  EXPECT_EQ(codec.next_due_in(bytes.substr(0, 9)), (domain::NextDue{{0x5150}, {0x11 * 60'000}}));
  EXPECT_FALSE(codec.next_due_in(bytes.substr(0, 8)).has_value());
  EXPECT_EQ(codec.snapshot_of(bytes), snapshot);
}

/// Written before anything could be held.
TEST(StoredCodec, WhatWasWrittenBeforeIsReadAndWrittenAsItWas) {
  const auto snapshot = absl::HexStringToBytes(
      "01525100007308071087ad4b1a0477616e6720012880fca7d39934300e3a05484f54454c3a044d414c4c420d0803"
      "100118f01520d2a201287d4210080c100218b81720c0a501289702384d4a0808011097a201187458809ce1f79834"
      "621b09efcdab896745230115efcdab891880c48eaa993420012802305b");
  const auto batch = absl::HexStringToBytes(
      "43090b0000000000000010071888ad4b4a320a044d414c4c1080fca7d39934182a20112a1d0a100806180c200128"
      "b81730d2a201389901120408011874189403205b4a00");

  const auto state = codec.snapshot_of(snapshot);
  const auto events = codec.events_of(batch);

  ASSERT_TRUE(state && events);
  EXPECT_EQ(codec.snapshot_bytes(*state), snapshot);
  EXPECT_EQ(state->member.lots.size(), 2U);
  EXPECT_TRUE(state->member.holds.empty());
  ASSERT_EQ(events->size(), 1U);
  EXPECT_EQ(bytes_of(events->front()), batch);
  const auto& passed = std::get<domain::TimePassed>(std::get<MemberEvent>(events->front()).event);
  EXPECT_EQ(passed.effects.movements.at(0).points, domain::Points{-77});
  EXPECT_EQ(passed.after, (domain::Balances{.available = {404}, .debt = {91}}));
}

TEST(StoredCodec, ASnapshotOfAnotherVersionIsRefused) {
  auto bytes = codec.snapshot_bytes(Snapshot{});
  bytes[0] = 3;

  const auto read = codec.snapshot_of(bytes);

  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().detail, HasSubstr("version"));
  EXPECT_FALSE(codec.next_due_in(bytes).has_value());
}

TEST(StoredCodec, AFieldOfALaterVersionIsRefused) {
  auto packed = codec.pack(plain_checkout());
  packed.bytes += std::string("\xc0\x3e\x01", 3);  // field 1000, varint 1

  const auto read = codec.unpack(packed);

  ASSERT_FALSE(read.has_value());
  EXPECT_THAT(read.error().detail, HasSubstr("does not know"));
}

TEST(StoredCodec, ACutBatchIsAnErrorAtEveryByte) {
  const auto first = bytes_of(MemberEvent{{1}, plain_checkout()});
  const auto batch = first + bytes_of(Taken{{}, "node/1#2"});

  for (std::size_t length = 1; length < batch.size(); ++length) {
    const auto read = codec.events_of(std::string_view(batch).substr(0, length));
    EXPECT_EQ(read.has_value(), length == first.size()) << length;
  }
  EXPECT_TRUE(codec.events_of("")->empty());
}

TEST(StoredCodec, ACutSnapshotOrHistoryIsAnErrorAtEveryByte) {
  const auto record = codec.pack(plain_checkout());
  std::string history;
  codec.append_record(history, record);
  Snapshot snapshot;
  snapshot.member.id = "m";
  snapshot.records = {record};
  const auto bytes = codec.snapshot_bytes(snapshot);

  for (std::size_t length = 1; length < history.size(); ++length) {
    EXPECT_FALSE(codec.records_of(std::string_view(history).substr(0, length)).has_value());
  }
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(codec.snapshot_of(std::string_view(bytes).substr(0, length)).has_value());
  }
  EXPECT_FALSE(codec.snapshot_of(bytes + '\0').has_value());
}

/// Reads `bytes` as everything there is; what comes out does not matter, that it comes out does.
void read_as_everything(const std::string& bytes) {
  (void)codec.events_of(bytes);
  (void)codec.unpack({.bytes = bytes});
  (void)codec.records_of(bytes);
  (void)codec.snapshot_of(bytes);
  (void)codec.snapshot_of(std::string("\x01\0\0\0\0", 5) + bytes);
  (void)codec.book_entries_of(bytes);
}

RC_GTEST_PROP(StoredCodec, GarbageIsReadWithoutACrash, (const std::string& bytes)) {
  read_as_everything(bytes);
}

RC_GTEST_PROP(StoredCodec, AnAlteredByteIsReadWithoutACrash, ()) {
  auto batch = bytes_of(testing::any_log_event());
  auto snapshot = codec.snapshot_bytes(testing::any_snapshot());
  for (auto* bytes : {&batch, &snapshot}) {
    const auto at = *rc::gen::inRange<std::size_t>(0, bytes->size());
    (*bytes)[at] = *rc::gen::arbitrary<char>();
    read_as_everything(*bytes);
  }
}

TEST(StoredCodec, AnEnumeratorThatIsNotKnownIsRefused) {
  auto event = plain_checkout();
  event.effects.movements.at(0).reason = static_cast<domain::Reason>(9);

  EXPECT_FALSE(codec.events_of(bytes_of(MemberEvent{{1}, event})).has_value());
}

RC_GTEST_PROP(StoredCodec, BookEntriesComeBackAsTheyWere, ()) {
  const auto entries = testing::several([] {
    return BookEntry{testing::any_key(), {testing::any<std::uint64_t>()}, testing::any_bool()};
  });
  // The book never writes a claim of an order behind another member's: that is freed first.
  const auto reads_as_a_tombstone = [](const BookEntry& claim, const BookEntry& next) {
    return !claim.freed && claim.order == next.order && claim.member.value == ~next.member.value;
  };
  RC_PRE(std::ranges::adjacent_find(entries, reads_as_a_tombstone) == entries.end());
  std::string bucket;
  for (const auto& entry : entries) codec.append_book_entry(bucket, entry);

  const auto read = codec.book_entries_of(bucket);

  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == entries);
}

TEST(StoredCodec, ABookEntryIsTwentyBytesAndATombstoneTwoOfThem) {
  const BookEntry claim{{0x0807060504030201ULL, 0x0c0b0a09}, {0x14131211100f0e0dULL}};
  const BookEntry freed{claim.order, claim.member, true};
  std::string bucket;

  codec.append_book_entry(bucket, claim);
  EXPECT_EQ(bucket,
            "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14");
  codec.append_book_entry(bucket, freed);
  EXPECT_EQ(bucket.size(), 60U);
  codec.append_book_entry(bucket, claim);

  EXPECT_THAT(*codec.book_entries_of(bucket), ElementsAre(claim, freed, claim));
  EXPECT_FALSE(codec.book_entries_of(bucket.substr(1)).has_value());
}

TEST(StoredCodec, OrdinaryCheckoutsAreSmall) {
  const auto plain = bytes_of(MemberEvent{{0xabcdef0123456789ULL}, plain_checkout()});
  const auto two_lots = bytes_of(MemberEvent{{0xabcdef0123456789ULL}, checkout_with_two_lots()});
  const auto promotion = bytes_of(MemberEvent{{0xabcdef0123456789ULL}, checkout_with_promotion()});
  RecordProperty("plain", static_cast<int>(plain.size()));
  RecordProperty("two_lots", static_cast<int>(two_lots.size()));
  RecordProperty("promotion", static_cast<int>(promotion.size()));

  EXPECT_LE(plain.size(), 250U);
  EXPECT_LE(two_lots.size(), 300U);
  EXPECT_LE(promotion.size(), 300U);
}

}  // namespace
}  // namespace wutong::persistence
