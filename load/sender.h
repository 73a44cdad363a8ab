#pragma once

#include <wutong/v1/points.pb.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "load/caller.h"

namespace wutong::load {

/// Takes requests as they come due, however many are unanswered, and tells of their answers. Nothing is sent
/// twice. Thread-compatible: `wait` runs all callbacks.
class Sender {
 public:
  using Clock = std::chrono::steady_clock;

  struct Options {
    /// Items of a message on one stream a connection; 0: each is a call of its own, the connections in turn.
    std::uint32_t batch = 0;
    /// A batch that is not full goes out when its first item was due so long ago.
    Clock::duration batch_wait = std::chrono::milliseconds(1);
    /// The answer to the item of its number, which was due at `due`. Whatever answered it, a status that is
    /// not OK is an `ItemError`.
    std::function<void(Clock::time_point due, const v1::BatchItemReply&)> answered;
  };

  virtual ~Sender() = default;

  /// REQUIRES: the item's number is unique among those that are unanswered; it is a checkout or a refund.
  virtual void send(Clock::time_point due, v1::BatchItem item) = 0;
  /// Waits until something happens, at most until `deadline`. False once a stream has broken, and `trouble`
  /// tells how: what is under way in it stays unanswered.
  virtual bool wait(std::chrono::system_clock::time_point deadline) = 0;
  /// What has been sent, or waits to be, and is unanswered.
  [[nodiscard]] virtual std::size_t under_way() const = 0;
  /// How the first stream that broke ended.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

/// What a unary call was answered with, as it would stand in a batch.
[[nodiscard]] v1::BatchItemReply item_reply(std::uint64_t number, Answer<v1::CheckoutReply> answer);
[[nodiscard]] v1::BatchItemReply item_reply(std::uint64_t number, Answer<v1::RefundReply> answer);

/// Unary calls, or streams where `options` say so.
[[nodiscard]] std::unique_ptr<Sender> make_sender(const CallOptions& calls,
                                                  Sender::Options options);

}  // namespace wutong::load
