#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/message_allocator.h>

#include <array>
#include <cstddef>

namespace wutong {

/// Gives a unary method its requests and replies. Those of a call, with all that is in them, stand in two
/// blocks, one for each thread that fills them: a reply's strings and rows would otherwise be allocated by
/// a shard's thread and freed, one by one, by gRPC's. Thread-safe; outlives the server.
template <typename In, typename Out>
class ArenaMessages final : public grpc::MessageAllocator<In, Out> {
 public:
  grpc::MessageHolder<In, Out>* AllocateMessages() override { return new Holder; }

 private:
  class Holder final : public grpc::MessageHolder<In, Out> {
   public:
    Holder() {
      this->set_request(google::protobuf::Arena::CreateMessage<In>(&arena_));
      this->set_response(google::protobuf::Arena::CreateMessage<Out>(&arena_));
    }
    void Release() override { delete this; }

   private:
    google::protobuf::ArenaOptions options() {
      google::protobuf::ArenaOptions options;
      options.initial_block = block_.data();
      options.initial_block_size = block_.size();
      options.start_block_size = 1'024;
      options.max_block_size = 8'192;
      return options;
    }

    // A checkout of a few lines takes 1,200 bytes, its reply 1,000; what is larger gets more blocks.
    alignas(std::max_align_t) std::array<char, 2'048> block_;
    google::protobuf::Arena arena_{options()};
  };
};

}  // namespace wutong
