#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <array>
#include <cstddef>
#include <string_view>

#include "proto/wire_writer.h"

/// Messages as gRPC takes and gives them where it is left to us to read and to write them.
namespace wutong {

/// What came, in one piece: what came in several is put together, since messages are small.
[[nodiscard]] inline bool single_slice(const grpc::ByteBuffer& bytes, grpc::Slice& slice) {
  return bytes.TrySingleSlice(&slice).ok() || bytes.DumpToSingleSlice(&slice).ok();
}
/// Lies in the slice.
[[nodiscard]] inline std::string_view text_of(const grpc::Slice& slice) {
  return {static_cast<const char*>(static_cast<const void*>(slice.begin())), slice.size()};
}

/// Reads what came into `in`; false for bytes that are no message of its kind.
template <typename In>
[[nodiscard]] bool parse(std::string_view bytes, In& in) {
  return in.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
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
