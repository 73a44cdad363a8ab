#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gateway/order_view.h"

namespace wutong {

/// A batch of a stream, read. One at a time, for a stream each, which keeps some of its memory for the next.
class BatchRead {
 public:
  BatchRead() = default;
  BatchRead(const BatchRead&) = delete;
  BatchRead& operator=(const BatchRead&) = delete;

  /// As many are looked at one by one without generated code; of a batch with more it makes a message.
  static constexpr std::size_t plain_items_max = 1024;

  /// Either a checkout or, for all other items, what generated code has read.
  struct Item {
    std::uint64_t number = 0;
    const CheckoutView* checkout = nullptr;
    const v1::BatchItem* message = nullptr;
  };

  /// False for bytes that are no `BatchRequest`; then there is nothing in it.
  [[nodiscard]] bool read(const grpc::ByteBuffer& bytes);
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  /// What it names lasts until `clear`.
  [[nodiscard]] Item item(std::size_t index) const;
  void clear();

 private:
  static constexpr std::size_t kept_items_max = 128;

  /// What is in an item: the view of that place, or a message.
  struct Place {
    std::uint64_t number = 0;
    const v1::BatchItem* message = nullptr;
  };

  [[nodiscard]] bool read_items(std::string_view batch);
  [[nodiscard]] bool read_item(std::string_view bytes);
  [[nodiscard]] bool read_whole(std::string_view batch);
  /// Whether it is a checkout, and plain.
  [[nodiscard]] static bool read_plain_item(std::string_view bytes, std::uint64_t& number,
                                            CheckoutView& to);

  grpc::Slice slice_;
  std::vector<Place> items_;
  /// At least one for each item that has no message.
  std::vector<CheckoutView> checkouts_;
  v1::BatchRequest messages_;
};

}  // namespace wutong
