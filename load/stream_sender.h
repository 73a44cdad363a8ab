#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "load/batch_streams.h"
#include "load/sender.h"

namespace wutong::load {

/// Streams of batches, one a connection. A batch is of those that came one after another; batches go to the
/// streams in turn. While gRPC holds a stream back, what is due waits here, and its time goes on.
class StreamSender final : public Sender {
 public:
  /// REQUIRES: `options.batch` > 0.
  StreamSender(const CallOptions& calls, Options options);
  /// Breaks the streams off.
  ~StreamSender() override = default;
  StreamSender(const StreamSender&) = delete;
  StreamSender& operator=(const StreamSender&) = delete;

  void send(Clock::time_point due, v1::BatchItem item) override;
  bool wait(std::chrono::system_clock::time_point deadline) override;
  [[nodiscard]] std::size_t under_way() const override { return under_way_; }
  [[nodiscard]] std::string trouble() const override { return trouble_; }

 private:
  /// What one stream has yet to send, and to be told.
  struct Pending {
    std::deque<v1::BatchRequest> waiting;
    /// Of the unanswered, by number.
    absl::flat_hash_map<std::uint64_t, Clock::time_point> due;
  };

  void hand_over();
  [[nodiscard]] static bool fill(Pending& pending, v1::BatchRequest& request);
  [[nodiscard]] bool take(Pending& pending, const v1::BatchReply& reply);

  const Options options_;
  std::string trouble_;
  std::size_t under_way_ = 0;
  /// The batch that fills, and when each of its items was due.
  v1::BatchRequest batch_;
  std::vector<Clock::time_point> due_;
  /// By the stream's number.
  std::vector<Pending> pending_;
  std::size_t next_ = 0;
  /// Ends first: until then it tells the others.
  BatchStreams streams_;
};

}  // namespace wutong::load
