#include "gateway/read_batch.h"

#include <utility>

#include "gateway/byte_buffers.h"
#include "gateway/read_checkout.h"
#include "proto/wire_reader.h"

namespace wutong {
namespace {

constexpr auto tag_of_items = wire::tag<v1::BatchRequest::kItemsFieldNumber, wire::Type::bytes>;
constexpr auto tag_of_number = wire::tag<v1::BatchItem::kNumberFieldNumber, wire::Type::varint>;
constexpr auto tag_of_checkout = wire::tag<v1::BatchItem::kCheckoutFieldNumber, wire::Type::bytes>;

}  // namespace

bool BatchRead::read(const grpc::ByteBuffer& bytes) {
  clear();
  if (!single_slice(bytes, slice_)) return false;
  const auto batch = text_of(slice_);
  if (read_items(batch) || read_whole(batch)) return true;
  clear();
  return false;
}

bool BatchRead::read_items(std::string_view batch) {
  FieldReader from(batch);
  while (from.more()) {
    if (from.tag() != tag_of_items || items_.size() == plain_items_max) return false;
    const auto item = from.bytes();
    if (!from.is_plain() || !read_item(item)) return false;
  }
  return true;
}

bool BatchRead::read_item(std::string_view bytes) {
  const auto index = items_.size();
  auto& place = items_.emplace_back();
  if (checkouts_.size() == index) checkouts_.emplace_back();
  if (read_plain_item(bytes, place.number, checkouts_[index])) return true;
  auto& message = *messages_.add_items();
  place = {.number = 0, .message = &message};
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  place.number = message.number();
  return true;
}

bool BatchRead::read_plain_item(std::string_view bytes, std::uint64_t& number, CheckoutView& to) {
  FieldReader from(bytes);
  bool is_checkout = false;
  while (from.more()) {
    switch (from.tag()) {
      case tag_of_number:
        from.number(number);
        break;
      case tag_of_checkout:
        // One that comes twice is made one of both by generated code.
        if (std::exchange(is_checkout, true) || !read_plain(from.bytes(), to)) return false;
        break;
      default:
        return false;
    }
  }
  return is_checkout && from.is_plain();
}

bool BatchRead::read_whole(std::string_view batch) {
  items_.clear();
  messages_.Clear();
  if (!messages_.ParseFromArray(batch.data(), static_cast<int>(batch.size()))) return false;
  for (const auto& message : messages_.items()) {
    items_.push_back({.number = message.number(), .message = &message});
  }
  return true;
}

BatchRead::Item BatchRead::item(std::size_t index) const {
  const auto& place = items_[index];
  return {.number = place.number,
          .checkout = place.message == nullptr ? &checkouts_[index] : nullptr,
          .message = place.message};
}

void BatchRead::clear() {
  if (checkouts_.size() > kept_items_max) {
    checkouts_ = std::vector<CheckoutView>();
  } else {
    for (auto& checkout : checkouts_) wutong::clear(checkout);
  }
  if (items_.size() > kept_items_max) {
    items_ = std::vector<Place>();
    messages_ = v1::BatchRequest();
  }
  items_.clear();
  messages_.Clear();
  slice_ = grpc::Slice();
}

}  // namespace wutong
