#include "gateway/read_checkout.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "actors/ledger.h"
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
}

}  // namespace
}  // namespace wutong
