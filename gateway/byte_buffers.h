#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <array>
#include <cstddef>

#include "proto/wire_writer.h"

/// Messages as gRPC takes and gives them where it is left to us to read and to write them.
namespace wutong {

/// Reads what came into `in`; false for bytes that are no message of its kind.
template <typename In>
[[nodiscard]] bool parse(const grpc::ByteBuffer& bytes, In& in) {
  grpc::Slice slice;
  // What came in several pieces is put together first: messages are small.
  const bool read = bytes.TrySingleSlice(&slice).ok() || bytes.DumpToSingleSlice(&slice).ok();
  return read && in.ParseFromArray(slice.begin(), static_cast<int>(slice.size()));
}

/// A copy of what was written.
[[nodiscard]] inline grpc::ByteBuffer buffer_of(const WireWriter& written) {
  const auto bytes = written.all();
  const grpc::Slice slice(bytes.data(), bytes.size());
  return {&slice, 1};
}

/// A request for as long as it is being translated, with all that is in it in one block on the stack.
template <typename In>
class ShortLived {
 public:
  ShortLived() = default;
  ShortLived(const ShortLived&) = delete;
  ShortLived& operator=(const ShortLived&) = delete;

  [[nodiscard]] In& operator*() { return *message_; }

 private:
  google::protobuf::ArenaOptions options() {
    google::protobuf::ArenaOptions options;
    options.initial_block = block_.data();
    options.initial_block_size = block_.size();
    return options;
  }

  // A checkout of a few lines takes 1,200 bytes; what is larger gets more from the heap.
  alignas(std::max_align_t) std::array<char, 2'048> block_;
  google::protobuf::Arena arena_{options()};
  In* message_ = google::protobuf::Arena::CreateMessage<In>(&arena_);
};

}  // namespace wutong
