#include "gateway/read_checkout.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/shape.h"
#include "tests/gateway/bad_requests.h"

/// What is read without generated code is what that reads; whatever is not plain is left to it.
namespace wutong {
namespace {

using test::merge_text;

v1::CheckoutRequest request_of(std::string_view text_format) {
  v1::CheckoutRequest request;
  merge_text(text_format, request);
  return request;
}

/// Every field of every message in it, as a caller may set it.
v1::CheckoutRequest full_request() {
  return request_of(
      "member { identity { kind: IDENTITY_KIND_CARD value: '99-1234-567' } } "
      "origin { venue: 'M1' store: 'shoes' terminal: 'T1' cashier: 'C-007' channel: CHANNEL_WEB "
      "offline: true printed_receipt_number: '000123' business_date: '2026-01-05' } "
      "order_id: 'T1-20260105-0001' occurred_at_unix_ms: 1767585590000 amount_minor: 58800 "
      "currency: 'CNY' points_to_use: 300 excluded_from_earning_minor: 128 "
      "excluded_from_offset_minor: 127 "
      "tenders { kind: 'cash' amount_minor: 50000 } tenders { kind: 'card' amount_minor: 8800 } "
      "tenders { } "
      "lines { number: 1 amount_minor: 50000 excluded: true quantity_thousandths: 1500 sku: "
      "'boots' "
      "category: 'footwear' brand: 'Yak' store: 'shoes' } lines { number: 300 amount_minor: -1 } "
      "tax_minor: 9223372036854775807 hold_id: 'H1' received_at_unix_ms: -9223372036854775808 ");
}

bool is_plain(std::string_view bytes) {
  CheckoutView view;
  return read_plain(bytes, view);
}
/// Whether it is plain; then it is a message, and generated code reads the same.
bool is_read_alike(std::string_view bytes) {
  CheckoutView view;
  if (!read_plain(bytes, view)) return false;
  v1::CheckoutRequest request;
  EXPECT_TRUE(request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  EXPECT_TRUE(view == view_of(request)) << request.ShortDebugString();
  return true;
}

TEST(ReadCheckout, ReadsEveryFieldAsGeneratedCodeDoes) {
  const auto full = full_request().SerializeAsString();
  EXPECT_TRUE(is_read_alike(full));
  EXPECT_TRUE(is_read_alike(""));
  EXPECT_TRUE(is_read_alike(request_of("member { } origin { }").SerializeAsString()));
  EXPECT_TRUE(is_read_alike(request_of("member { id: '' }").SerializeAsString()));
  EXPECT_TRUE(is_read_alike(request_of("member { id: 'alice' }").SerializeAsString()));
  EXPECT_TRUE(is_read_alike(request_of("member { identity { } }").SerializeAsString()));
  EXPECT_TRUE(is_read_alike(request_of("amount_minor: 0").SerializeAsString()));
  // Of fields that come twice the last counts, and those of lists are added.
  EXPECT_TRUE(is_read_alike(
      request_of("order_id: 'A' amount_minor: 1 lines { number: 1 }")
          .SerializeAsString()
          .append(request_of("order_id: 'B' amount_minor: 2 lines { }").SerializeAsString())));
}

TEST(ReadCheckout, ReadsEachPartOfAMessageAsGeneratedCodeDoes) {
  const auto full = full_request().SerializeAsString();
  int messages = 0;
  for (std::size_t size = 0; size <= full.size(); ++size) {
    const auto part = std::string_view(full).substr(0, size);
    // In a place of its own, so that a byte behind it would be noticed.
    const std::vector<char> bytes(part.begin(), part.end());
    v1::CheckoutRequest request;
    const bool is_message = request.ParseFromArray(bytes.data(), static_cast<int>(size));
    EXPECT_EQ(is_read_alike({bytes.data(), size}), is_message) << size;
    messages += is_message ? 1 : 0;
  }
  // One behind each field of the outermost, and the empty one.
  EXPECT_EQ(messages, 18);
}

TEST(ReadCheckout, ReadsNumbersAsGeneratedCodeDoes) {
  // Of the channel, of whether the till was offline, of a line and of an amount: too long, or not the
  // shortest way to write them.
  for (const std::string_view varint :
       {std::string_view("\x00", 1), std::string_view("\x80\x00", 2),
        std::string_view("\x81\x80\x80\x80\x10", 5),
        std::string_view("\x80\x80\x80\x80\x80\x01", 6),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10),
        std::string_view("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 10)}) {
    const auto field = [&](char tag) { return std::string(1, tag).append(varint); };
    const auto message = [](char tag, const std::string& content) {
      return std::string(1, tag).append(1, static_cast<char>(content.size())).append(content);
    };
    EXPECT_TRUE(is_read_alike(message('\x12', field('\x28'))));
    EXPECT_TRUE(is_read_alike(message('\x12', field('\x30'))));
    EXPECT_TRUE(is_read_alike(message('\x5a', field('\x08'))));
    EXPECT_TRUE(is_read_alike(field('\x28')));
  }
}

/// `length`, in as many bytes.
std::string length_in(std::size_t bytes, std::uint8_t length) {
  std::string varint(1, static_cast<char>(length));
  if (bytes == 1) return varint;
  varint[0] = static_cast<char>(length | 0x80);
  return varint.append(bytes - 2, '\x80').append(1, '\0');
}

TEST(ReadCheckout, ReadsLengthsAsGeneratedCodeDoes) {
  // Of a text, and of a message; not the shortest way to write them, which generated code takes in five
  // bytes at most.
  for (const std::size_t bytes : {1, 2, 3, 4, 5, 6, 9, 10, 11}) {
    for (const auto& message :
         {"\x1a" + length_in(bytes, 1) + "A", "\x12" + length_in(bytes, 3) + "\x0a\x01M"}) {
      EXPECT_EQ(is_read_alike(message), bytes <= 4) << bytes;
      v1::CheckoutRequest request;
      EXPECT_EQ(request.ParseFromString(message), bytes <= 5) << bytes;
    }
  }
  // What is left of it in 64 bits would fit.
  EXPECT_FALSE(
      is_plain("\x1a\x81\x80\x80\x80\x80\x80\x80\x80\x80\x02"
               "A"));
}

/// So that a new field is not left out of the request that sets them all.
void expect_all_set(const google::protobuf::Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto& field = *descriptor.field(i);
    if (field.is_repeated()) {
      ASSERT_GT(reflection.FieldSize(message, &field), 0) << field.full_name();
      if (field.message_type() != nullptr) {
        expect_all_set(reflection.GetRepeatedMessage(message, &field, 0));
      }
    } else if (field.real_containing_oneof() != nullptr) {
      EXPECT_TRUE(reflection.HasOneof(message, field.real_containing_oneof())) << field.full_name();
    } else {
      EXPECT_TRUE(reflection.HasField(message, &field)) << field.full_name();
    }
    if (!field.is_repeated() && field.message_type() != nullptr &&
        reflection.HasField(message, &field)) {
      expect_all_set(reflection.GetMessage(message, &field));
    }
  }
}

TEST(ReadCheckout, IsTestedWithEveryFieldThatThereIs) { expect_all_set(full_request()); }

TEST(ReadCheckout, LeavesTheRestToGeneratedCode) {
  const auto full = full_request().SerializeAsString();
  ASSERT_TRUE(is_plain(full));
  // Text beyond ASCII; an unknown field; a known one of another type; a tag of two bytes; a group; a part
  // that comes twice; a member named twice.
  EXPECT_FALSE(is_plain(request_of("order_id: '\\344\\270\\200'").SerializeAsString()));
  EXPECT_FALSE(is_plain(request_of("order_id: '12345678\\303\\244'").SerializeAsString()));
  EXPECT_FALSE(is_plain(full + std::string("\x78\x01", 2)));
  EXPECT_FALSE(is_plain(full + std::string("\x18\x01", 2)));
  EXPECT_FALSE(is_plain(full + std::string("\xa8\x00\x01", 3)));
  EXPECT_FALSE(is_plain(full + std::string("\x7b\x7c", 2)));
  EXPECT_FALSE(is_plain(full + std::string("\x0a\x00", 2)));
  EXPECT_FALSE(is_plain(full + std::string("\x12\x00", 2)));
  EXPECT_FALSE(is_plain(std::string("\x0a\x06\x0a\x01\x61\x0a\x01\x62", 8)));
  EXPECT_FALSE(is_plain(std::string("\x0a\x05\x0a\x01\x61\x12\x00", 7)));
  // No message, in any way: field 0, an end without a group, a number or a length that does not end.
  EXPECT_FALSE(is_plain(std::string("\x00\x00", 2)));
  EXPECT_FALSE(is_plain("\x0c"));
  EXPECT_FALSE(is_plain("\x20\x80\x80"));
  EXPECT_FALSE(is_plain("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
  EXPECT_FALSE(is_plain("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(ReadCheckout, ReadsIntoAViewThatWasUsedBefore) {
  const auto full = full_request().SerializeAsString();
  CheckoutView view;
  ASSERT_TRUE(read_plain(full, view));
  clear(view);
  EXPECT_TRUE(view == CheckoutView());
  const auto next = request_of("order_id: 'B' lines { } tenders { amount_minor: 1 }");
  const auto bytes = next.SerializeAsString();
  ASSERT_TRUE(read_plain(bytes, view));
  EXPECT_TRUE(view == view_of(next));
}

TEST(ReadCheckout, LooksAtNoMoreTendersAndLinesThanOneMayHave) {
  v1::CheckoutRequest request;
  for (std::size_t i = 0; i < shape::lines_max; ++i) request.add_lines();
  for (std::size_t i = 0; i < shape::tenders_max; ++i) request.add_tenders();
  EXPECT_TRUE(is_read_alike(request.SerializeAsString()));
  auto more_lines = request;
  auto more_tenders = request;
  for (std::size_t i = 0; i < 1'000; ++i) {
    more_lines.add_lines();
    more_tenders.add_tenders();
  }
  EXPECT_FALSE(is_plain(more_lines.SerializeAsString()));
  EXPECT_FALSE(is_plain(more_tenders.SerializeAsString()));
  // One is enough to see that there are too many.
  EXPECT_EQ(view_of(more_lines).order.lines.size(), shape::lines_max + 1);
  EXPECT_EQ(view_of(more_tenders).order.tenders.size(), shape::tenders_max + 1);
}

}  // namespace
}  // namespace wutong
