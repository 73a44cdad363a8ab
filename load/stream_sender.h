#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "load/sender.h"

namespace wutong::load {

/// Streams of batches, one a connection. A batch is of those that came one after another; batches go to the
/// streams in turn. While gRPC holds a stream back, what is due waits here, and its time goes on.
class StreamSender final : public Sender {
 public:
  /// REQUIRES: `options.batch` > 0.
  StreamSender(const CallOptions& calls, Options options);
  /// Breaks the streams off.
  ~StreamSender() override;
  StreamSender(const StreamSender&) = delete;
  StreamSender& operator=(const StreamSender&) = delete;

  void send(Clock::time_point due, v1::BatchItem item) override;
  bool wait(std::chrono::system_clock::time_point deadline) override;
  [[nodiscard]] std::size_t under_way() const override { return under_way_; }
  [[nodiscard]] std::string trouble() const override { return trouble_; }

 private:
  /// What takes gRPC's header, which is heavy.
  struct Connections;
  class Stream;

  void hand_over();

  const Options options_;
  std::string authorization_;
  std::string trouble_;
  std::size_t under_way_ = 0;
  /// The batch that fills, and when its first item was due.
  v1::BatchRequest batch_;
  std::vector<Clock::time_point> due_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace wutong::load
