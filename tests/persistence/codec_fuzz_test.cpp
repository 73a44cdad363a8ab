#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "persistence/codec.h"
#include "tests/persistence/arbitrary_events.h"
#include "tests/support/fuzz.h"

/// Stored bytes that were altered are refused, or mean something that can be stored again and then
/// means the same.
namespace wutong::persistence {
namespace {

using test::Corpus;
using test::Form;
using test::FuzzRun;

const StoredCodec codec;

constexpr FuzzRun run{.inputs = 5'000, .piece_bytes_max = test::protobuf_piece_bytes_max};

/// The same values in every run, so that a seed of the mutator's is enough to try an input again.
template <typename Make>
auto values(Make make) {
  constexpr int count = 200;
  // With less rapidcheck narrows ranges, and some kinds of events would never come.
  constexpr int size = rc::kNominalSize;
  const auto gen = rc::gen::exec(make);
  rc::Random random(1);
  std::vector<decltype(make())> made;
  for (int i = 0; i < count; ++i) made.push_back(gen(random.split(), size).value());
  return made;
}

/// Without the length in front.
std::string_view inside(std::string_view delimited) {
  while ((static_cast<unsigned char>(delimited.front()) & 0x80U) != 0) delimited.remove_prefix(1);
  return delimited.substr(1);
}

/// With its length in front.
std::string delimited(std::string_view message) {
  std::string bytes;
  auto length = message.size();
  for (; length >= 0x80; length >>= 7U) bytes += static_cast<char>(0x80U | (length & 0x7fU));
  bytes += static_cast<char>(length);
  return bytes.append(message);
}

/// Whether `bytes` are read. What they mean must be the same once it has been written and read again.
template <typename Read, typename Write>
bool is_taken(std::string_view bytes, Read read, Write write) {
  const auto value = read(bytes);
  if (!value) {
    EXPECT_NE(value.error().detail, "");
    return false;
  }
  const std::string written = write(*value);
  const auto again = read(written);
  if (!again) {
    ADD_FAILURE() << "is not read again: " << again.error().detail;
    return true;
  }
  EXPECT_TRUE(*again == *value) << "means something else when it is read again";
  EXPECT_EQ(test::literal_of(write(*again)), test::literal_of(written));
  return true;
}

bool is_taken_as_batch(std::string_view bytes) {
  return is_taken(
      bytes, [](std::string_view batch) { return codec.events_of(batch); },
      [](const std::vector<LogEvent>& events) {
        std::string batch;
        for (const auto& event : events) codec.append_event(batch, event);
        return batch;
      });
}

/// `filed` says what stands beside the bytes.
bool is_taken_as_record(const PackedRecord& filed) {
  PackedRecord packed = filed;
  return is_taken(
      filed.bytes,
      [&](std::string_view bytes) {
        packed.bytes = bytes;
        return codec.unpack(packed);
      },
      [&](const domain::Record& record) {
        packed = codec.pack(record);
        return packed.bytes;
      });
}

void try_records(const std::vector<PackedRecord>& records) {
  for (const auto& record : records) (void)is_taken_as_record(record);
}

bool is_taken_as_history(std::string_view bytes) {
  return is_taken(
      bytes,
      [](std::string_view history) {
        auto records = codec.records_of(history);
        if (records) try_records(*records);
        return records;
      },
      [](const std::vector<PackedRecord>& records) {
        std::string history;
        for (const auto& record : records) codec.append_record(history, record);
        return history;
      });
}

bool is_taken_as_snapshot(std::string_view bytes) {
  return is_taken(
      bytes,
      [](std::string_view stored) {
        auto snapshot = codec.snapshot_of(stored);
        if (snapshot) try_records(snapshot->records);
        return snapshot;
      },
      [](const Snapshot& snapshot) { return codec.snapshot_bytes(snapshot); });
}

bool is_taken_as_bucket(std::string_view bytes) {
  return is_taken(
      bytes, [](std::string_view bucket) { return codec.book_entries_of(bucket); },
      [](const std::vector<BookEntry>& entries) {
        std::string bucket;
        for (const auto& entry : entries) codec.append_book_entry(bucket, entry);
        return bucket;
      });
}

std::string bytes_of(const LogEvent& event) {
  std::string batch;
  codec.append_event(batch, event);
  return batch;
}

PackedRecord filed(std::string_view bytes) {
  return {.key = {7, 8},
          .order = {9, 10},
          .position = {2, 3},
          .filed_at = {1'793'592'000'000},
          .bytes = std::string(bytes)};
}

TEST(CodecFuzz, Batches) {
  Corpus corpus;
  for (const auto& events : values([] { return testing::several(testing::any_log_event); })) {
    auto& batch = corpus.texts.emplace_back(bytes_of(Taken{{}, "node/1#2"}));
    for (const auto& event : events) batch += bytes_of(event);
  }

  test::fuzz(corpus, run, is_taken_as_batch);
}

TEST(CodecFuzz, EventsOfTheRightLength) {
  Corpus corpus{.texts = {}, .words = {}, .form = Form::message};
  for (const auto& event : values(testing::any_log_event)) {
    corpus.texts.emplace_back(inside(bytes_of(event)));
  }

  test::fuzz(corpus, run,
             [](std::string_view event) { return is_taken_as_batch(delimited(event)); });
}

TEST(CodecFuzz, Records) {
  Corpus corpus{.texts = {}, .words = {}, .form = Form::message};
  for (const auto& record : values(testing::any_record)) {
    corpus.texts.push_back(codec.pack(record).bytes);
  }

  test::fuzz(corpus, run,
             [](std::string_view record) { return is_taken_as_record(filed(record)); });
}

TEST(CodecFuzz, Histories) {
  Corpus corpus;
  for (const auto& records : values([] { return testing::several(testing::any_record); })) {
    if (records.empty()) continue;
    auto& history = corpus.texts.emplace_back();
    for (const auto& record : records) codec.append_record(history, codec.pack(record));
  }

  test::fuzz(corpus, run, is_taken_as_history);
}

/// One whose records are records, unlike those of an arbitrary snapshot.
Snapshot any_snapshot_with_records() {
  auto snapshot = testing::any_snapshot();
  snapshot.records.clear();
  for (const auto& record : testing::several(testing::any_record)) {
    snapshot.records.push_back(codec.pack(record));
  }
  return snapshot;
}

TEST(CodecFuzz, Snapshots) {
  Corpus corpus;
  for (const auto& snapshot : values(any_snapshot_with_records)) {
    corpus.texts.push_back(codec.snapshot_bytes(snapshot));
  }

  test::fuzz(corpus, run, is_taken_as_snapshot);
}

TEST(CodecFuzz, SnapshotsOfTheRightLength) {
  Corpus corpus{.texts = {}, .words = {}, .form = Form::message};
  constexpr std::size_t prefix_bytes = 5;
  const auto empty = codec.snapshot_bytes(Snapshot{});
  for (const auto& snapshot : values(any_snapshot_with_records)) {
    const auto bytes = codec.snapshot_bytes(snapshot);
    corpus.texts.emplace_back(inside(std::string_view(bytes).substr(prefix_bytes)));
  }

  test::fuzz(corpus, run, [&](std::string_view snapshot) {
    return is_taken_as_snapshot(empty.substr(0, prefix_bytes) + delimited(snapshot));
  });
}

TEST(CodecFuzz, BucketsOfTheOrderBook) {
  Corpus corpus;
  const auto any_entry = [] {
    return BookEntry{testing::any_key(), {testing::any<std::uint64_t>()}, testing::any_bool()};
  };
  for (const auto& entries : values([&] { return testing::several(any_entry); })) {
    if (entries.empty()) continue;
    auto& bucket = corpus.texts.emplace_back();
    for (const auto& entry : entries) codec.append_book_entry(bucket, entry);
  }

  test::fuzz(corpus, run, is_taken_as_bucket);
}

TEST(CodecFuzz, ClaimsOfIdentities) {
  Corpus corpus;
  for (const auto member : values([] { return testing::any<std::uint64_t>(); })) {
    corpus.texts.push_back(codec.claim_bytes({member}));
  }

  test::fuzz(corpus, run, [](std::string_view bytes) {
    return is_taken(
        bytes, [](std::string_view claim) { return codec.claimant_of(claim); },
        [](domain::MemberKey member) { return codec.claim_bytes(member); });
  });
}

}  // namespace
}  // namespace wutong::persistence
