#pragma once

#include <wutong/v1/points.pb.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "load/caller.h"

namespace wutong::load {

/// Sends checkouts over streams of batches, one stream a connection, from one thread: `wait` runs all
/// callbacks. Nothing is tried again. Thread-compatible.
class BatchCaller {
 public:
  struct Options {
    /// Items of a batch.
    std::uint32_t batch = 64;
    /// Batches' worth of items that may be unanswered in each stream.
    std::uint32_t outstanding = 8;
    /// Fills a request that another use has left as it was.
    std::function<void(v1::CheckoutRequest&)> fill;
    /// An answer, how long after its batch was handed to gRPC.
    std::function<void(const v1::BatchItemReply&, std::chrono::steady_clock::duration)> answered;
  };

  BatchCaller(const CallOptions& calls, Options options);
  ~BatchCaller();
  BatchCaller(const BatchCaller&) = delete;
  BatchCaller& operator=(const BatchCaller&) = delete;

  /// Keeps the streams full until `stop`; waits until something happens, at most until `deadline`. False
  /// once a stream has broken.
  bool wait(std::chrono::system_clock::time_point deadline);

  /// Nothing new is sent from now on.
  void stop();
  /// Items that are unanswered.
  [[nodiscard]] std::uint64_t under_way() const;
  /// How the first stream that broke ended.
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  struct Connections;
  class Stream;

  Options options_;
  std::string authorization_;
  std::string trouble_;
  bool stopped_ = false;
  std::unique_ptr<Connections> connections_;
};

}  // namespace wutong::load
