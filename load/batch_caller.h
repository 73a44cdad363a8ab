#pragma once

#include <wutong/v1/points.pb.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "load/batch_streams.h"
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

  /// Keeps the streams full until `stop`; waits until something happens, at most until `deadline`. False
  /// once a stream has broken, and `trouble` tells how.
  [[nodiscard]] bool wait(std::chrono::system_clock::time_point deadline);

  /// Nothing new is sent from now on.
  void stop() { stopped_ = true; }
  /// Items that are unanswered.
  [[nodiscard]] std::uint64_t under_way() const;
  /// How the first stream that broke ended, "a stream ended: UNAVAILABLE: stopping"; or what it was broken off
  /// for, "an answer that nobody waits for, number 7".
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

 private:
  using Clock = std::chrono::steady_clock;

  /// The items that one stream may have unanswered; their numbers are the slots.
  struct Slots {
    /// By slot; nothing of those that are free.
    std::vector<std::optional<Clock::time_point>> sent;
    std::vector<std::size_t> free;
  };

  [[nodiscard]] bool fill(Slots& slots, v1::BatchRequest& request);
  /// False if it answers what is not asked, or is answered already.
  [[nodiscard]] bool take(Slots& slots, const v1::BatchReply& reply);

  const Options options_;
  std::string trouble_;
  bool stopped_ = false;
  /// By the stream's number.
  std::vector<Slots> slots_;
  /// Ends first: until then it tells the others.
  BatchStreams streams_;
};

}  // namespace wutong::load
