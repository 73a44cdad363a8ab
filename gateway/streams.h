#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include "gateway/gate.h"

namespace wutong {

class PointsStream;

/// The open streams of a service. Thread-safe. Outlives the gRPC server.
class Streams {
 public:
  /// Of a `v1::BatchRequest` and a `v1::BatchReply`, as bytes.
  using Reactor = grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>;

  ~Streams();

  /// The reactor of a new stream, which frees itself; `gate` outlives it.
  Reactor* open(Gate& gate, const grpc::CallbackServerContext& context, std::string_view token);

  /// Each stream ends when what is under way in it is answered; new ones end at once. Any thread.
  void end_all();

 private:
  friend class PointsStream;

  void closed(PointsStream* stream);

  std::mutex mutex_;
  bool ending_ = false;
  std::unordered_set<std::shared_ptr<PointsStream>> open_;
};

}  // namespace wutong
