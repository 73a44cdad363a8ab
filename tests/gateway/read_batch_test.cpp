#include "gateway/read_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "tests/gateway/bad_requests.h"

/// A batch is read item by item as generated code reads it, whatever is in it.
namespace wutong {
namespace {

v1::BatchRequest batch_of(std::string_view text_format) {
  v1::BatchRequest batch;
  test::merge_text(text_format, batch);
  return batch;
}
grpc::ByteBuffer buffer_of(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}
bool reads(BatchRead& read, const v1::BatchRequest& batch) {
  return read.read(buffer_of(batch.SerializeAsString()));
}

/// How many of them were read without generated code.
std::size_t expect_items(const BatchRead& read, const v1::BatchRequest& batch) {
  std::size_t plain = 0;
  EXPECT_EQ(read.size(), static_cast<std::size_t>(batch.items_size()));
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto& expected = batch.items(static_cast<int>(i));
    const auto item = read.item(i);
    EXPECT_EQ(item.number, expected.number());
    EXPECT_NE(item.checkout == nullptr, item.message == nullptr);
    if (item.checkout != nullptr) {
      ++plain;
      EXPECT_TRUE(expected.has_checkout());
      EXPECT_TRUE(*item.checkout == view_of(expected.checkout())) << expected.ShortDebugString();
    } else {
      EXPECT_EQ(item.message->SerializeAsString(), expected.SerializeAsString());
    }
  }
  return plain;
}

TEST(ReadBatch, HasItsItemsInTheirOrder) {
  BatchRead read;
  const auto batch = batch_of(
      "items { number: 7 checkout { order_id: 'A' hold_id: 'H' lines { number: 1 } } } "
      "items { number: 300 refund { refund_id: 'R' order { venue: 'M1' order_id: 'A' } } } "
      "items { checkout { order_id: 'B' tenders { kind: 'cash' } } } "
      "items { number: 8 checkout { order_id: '\\344\\270\\200' } } "
      "items { number: 9 hold { hold_id: 'H' } } items { number: 10 release { hold_id: 'H' } } "
      "items { number: 11 } items { } items { number: 12 checkout { } } ");
  ASSERT_TRUE(reads(read, batch));
  EXPECT_EQ(expect_items(read, batch), 3U);
}

TEST(ReadBatch, HasNothingOfTheOneBefore) {
  BatchRead read;
  const auto full = batch_of(
      "items { number: 1 checkout { member { id: 'alice' } order_id: 'A' hold_id: 'H' tax_minor: 1 "
      "lines { number: 1 sku: 'S' } tenders { kind: 'cash' } } } items { number: 2 refund { } } ");
  const auto next = batch_of("items { checkout { } } items { checkout { order_id: 'B' } } ");
  ASSERT_TRUE(reads(read, full));
  ASSERT_TRUE(reads(read, next));
  EXPECT_EQ(expect_items(read, next), 2U);
  // As little of one that was no batch.
  ASSERT_FALSE(read.read(buffer_of(full.SerializeAsString() + "\x0c")));
  EXPECT_EQ(read.size(), 0U);
  ASSERT_TRUE(reads(read, next));
  EXPECT_EQ(expect_items(read, next), 2U);
  ASSERT_TRUE(reads(read, {}));
  EXPECT_EQ(read.size(), 0U);
}

TEST(ReadBatch, TakesWhatCameInPieces) {
  const auto batch = batch_of(
      "items { number: 1 checkout { order_id: 'A' } } items { number: 2 checkout { order_id: 'B' } "
      "}");
  const auto bytes = batch.SerializeAsString();
  const std::vector<grpc::Slice> slices = {{bytes.data(), 5}, {bytes.data() + 5, bytes.size() - 5}};
  BatchRead read;
  ASSERT_TRUE(read.read(grpc::ByteBuffer(slices.data(), slices.size())));
  EXPECT_EQ(expect_items(read, batch), 2U);
}

TEST(ReadBatch, MakesOneOfAnItemsPartsAsGeneratedCodeDoes) {
  // Twice the same kind, and one kind after another.
  for (const auto* parts : {"checkout { order_id: 'A' }", "refund { refund_id: 'R' }"}) {
    const auto first = batch_of("items { number: 1 checkout { member { id: 'alice' } } }");
    const auto second = batch_of(std::string("items { ").append(parts).append(" }"));
    const auto item =
        first.items(0).SerializeAsString().append(second.items(0).SerializeAsString());
    const auto bytes = std::string("\x0a").append(1, static_cast<char>(item.size())).append(item);
    v1::BatchRequest expected;
    ASSERT_TRUE(expected.ParseFromString(bytes));
    BatchRead read;
    ASSERT_TRUE(read.read(buffer_of(bytes)));
    EXPECT_EQ(expect_items(read, expected), 0U) << parts;
  }
}

TEST(ReadBatch, IsABatchWhereGeneratedCodeSaysSo) {
  const auto good = batch_of("items { number: 1 checkout { order_id: 'A' } } ").SerializeAsString();
  const std::vector<std::string> others = {
      // An unknown field of the batch, and of an item; a tag of two bytes.
      std::string("\x10\x01", 2), std::string("\x0a\x02\x78\x01", 4),
      std::string("\x8a\x00\x02\x08\x05", 5),
      // No text, an item that ends too soon, one that is none, a field without content, field 0.
      std::string("\x0a\x05\x12\x03\x1a\x01\xff", 7), std::string("\x0a\x05\x08\x01", 4),
      std::string("\x0a\x01\x08", 3), std::string("\x0a\x02\x12\x05", 4), std::string("\x0a"),
      std::string("\x00\x00", 2)};
  int batches = 0;
  for (const auto& other : others) {
    // Before and behind what is plain.
    for (const auto& bytes : {good + other, other + good, good + other + good}) {
      v1::BatchRequest expected;
      const bool is_batch = expected.ParseFromString(bytes);
      BatchRead read;
      ASSERT_EQ(read.read(buffer_of(bytes)), is_batch);
      if (is_batch) {
        ++batches;
        expect_items(read, expected);
      } else {
        EXPECT_EQ(read.size(), 0U);
      }
    }
  }
  EXPECT_GE(batches, 9);
}

TEST(ReadBatch, TakesLengthsAsGeneratedCodeDoes) {
  // Of an item, and of its checkout, in four, five and six bytes.
  for (const std::string_view bytes :
       {std::string_view("\x0a\x84\x80\x80\x00\x08\x05\x12\x00", 9),
        std::string_view("\x0a\x84\x80\x80\x80\x00\x08\x05\x12\x00", 10),
        std::string_view("\x0a\x84\x80\x80\x80\x80\x00\x08\x05\x12\x00", 11),
        std::string_view("\x0a\x07\x08\x05\x12\x80\x80\x80\x00", 9),
        std::string_view("\x0a\x08\x08\x05\x12\x80\x80\x80\x80\x00", 10),
        std::string_view("\x0a\x09\x08\x05\x12\x80\x80\x80\x80\x80\x00", 11)}) {
    v1::BatchRequest expected;
    const bool is_batch = expected.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
    EXPECT_EQ(is_batch, bytes.size() < 11);
    BatchRead read;
    ASSERT_EQ(read.read(buffer_of(bytes)), is_batch);
    if (is_batch) expect_items(read, expected);
  }
}

TEST(ReadBatch, TakesMoreThanItLooksAtOneByOne) {
  v1::BatchRequest batch;
  for (std::uint64_t i = 0; i < BatchRead::plain_items_max; ++i) {
    auto& item = *batch.add_items();
    item.set_number(i);
    item.mutable_checkout()->set_order_id(std::to_string(i));
  }
  BatchRead read;
  ASSERT_TRUE(reads(read, batch));
  EXPECT_EQ(expect_items(read, batch), BatchRead::plain_items_max);
  batch.add_items()->set_number(1);
  ASSERT_TRUE(reads(read, batch));
  EXPECT_EQ(expect_items(read, batch), 0U);
}

}  // namespace
}  // namespace wutong
