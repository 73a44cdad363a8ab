#include "load/stream_sender.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

namespace wutong::load {

StreamSender::StreamSender(const CallOptions& calls, Options options)
    : options_(std::move(options)),
      streams_(
          calls,
          {.fill = [this](std::size_t stream,
                          v1::BatchRequest& request) { return fill(pending_[stream], request); },
           .take = [this](std::size_t stream,
                          const v1::BatchReply& reply) { return take(pending_[stream], reply); },
           .ended =
               [this](std::size_t, const grpc::Status& status) {
                 if (trouble_.empty()) {
                   trouble_ = absl::StrCat("a stream ended: ", text_of(status, {}));
                 }
               }}) {
  pending_.resize(streams_.size());
}

void StreamSender::send(Clock::time_point due, v1::BatchItem item) {
  ++under_way_;
  due_.push_back(due);
  *batch_.add_items() = std::move(item);
  if (due_.size() >= options_.batch) hand_over();
}

void StreamSender::hand_over() {
  const std::size_t stream = next_++ % pending_.size();
  for (std::size_t index = 0; index < due_.size(); ++index) {
    pending_[stream].due.emplace(batch_.items(static_cast<int>(index)).number(), due_[index]);
  }
  pending_[stream].waiting.push_back(std::exchange(batch_, {}));
  due_.clear();
  streams_.write(stream);
}

bool StreamSender::fill(Pending& pending, v1::BatchRequest& request) {
  if (pending.waiting.empty()) return false;
  request.Swap(&pending.waiting.front());
  pending.waiting.pop_front();
  return true;
}

bool StreamSender::take(Pending& pending, const v1::BatchReply& reply) {
  for (const v1::BatchItemReply& item : reply.items()) {
    const auto due = pending.due.find(item.number());
    // Answered twice, or never asked.
    if (due == pending.due.end()) {
      trouble_ = absl::StrCat("an answer that nobody waits for, number ", item.number());
      return false;
    }
    const auto at = due->second;
    pending.due.erase(due);
    --under_way_;
    options_.answered(at, item);
  }
  return true;
}

bool StreamSender::wait(std::chrono::system_clock::time_point deadline) {
  if (!due_.empty()) {
    const auto left = due_.front() + options_.batch_wait - Clock::now();
    if (left <= Clock::duration::zero()) {
      hand_over();
    } else {
      deadline = std::min(deadline, std::chrono::system_clock::now() + left);
    }
  }
  return streams_.wait(deadline);
}

}  // namespace wutong::load
