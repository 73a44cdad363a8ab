#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_set>

#include "gateway/gate.h"
#include "wutong/v1/points.pb.h"

namespace wutong {

class PointsStream;

/// The open streams of a service. Thread-safe. Outlives the gRPC server.
class Streams {
 public:
  using Reactor = grpc::ServerBidiReactor<v1::BatchRequest, v1::BatchReply>;

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
