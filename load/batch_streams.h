#pragma once

#include <grpcpp/support/status.h>
#include <wutong/v1/points.pb.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "load/caller.h"

namespace wutong::load {

/// Streams of batches, one a connection, numbered from 0. Each is read all the time, and written one batch at
/// a time. What is sent, and what an answer means, is its owner's. Thread-compatible: `wait` and `write` run
/// all handlers, and the destructor those of what gRPC still tells.
class BatchStreams {
 public:
  /// Called once a batch or a stream, never once an item.
  struct Handlers {
    /// Puts the next batch of that stream into a request that is otherwise as gRPC was given it last, so that its
    /// memory serves again. False if there is nothing to send; asked again after each reply, and by `write`.
    std::function<bool(std::size_t stream, v1::BatchRequest&)> fill;
    /// A reply of that stream. False if the stream is to be broken off.
    std::function<bool(std::size_t stream, const v1::BatchReply&)> take;
    /// That stream has ended, whoever ended it; nothing more comes of it but replies that were on their way.
    std::function<void(std::size_t stream, const grpc::Status&)> ended;
  };

  /// Opens a stream over each of `calls.channels`, at least one.
  BatchStreams(const CallOptions& calls, Handlers handlers);
  /// Breaks the streams off, and waits until gRPC has nothing of them under way. `fill` is not called.
  ~BatchStreams();
  BatchStreams(const BatchStreams&) = delete;
  BatchStreams& operator=(const BatchStreams&) = delete;

  [[nodiscard]] std::size_t size() const;

  /// There is something to send over that stream: its next batch is filled now, or when gRPC has written the
  /// one before.
  void write(std::size_t stream);

  /// Waits until something happens, at most until `deadline`. False once a stream has ended and `ended` has
  /// told how, which is a little after the first sign that it breaks.
  [[nodiscard]] bool wait(std::chrono::system_clock::time_point deadline);

 private:
  /// What takes gRPC's header, which is heavy.
  struct Connections;
  class Stream;

  const Handlers handlers_;
  bool whole_ = true;
  std::unique_ptr<Connections> connections_;
};

}  // namespace wutong::load
