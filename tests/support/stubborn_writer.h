#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "actors/ledger.h"
#include "tests/support/journal_calls.h"

namespace wutong::test {

/// Appends to one shard on a thread of its own, as an owner does: one append on its way, the same
/// bytes again until their fate is known. Stops by itself at an answer that nothing explains.
class StubbornWriter {
 public:
  /// Begins after `head`. `journal` outlives it.
  StubbornWriter(Journal& journal, Head head, std::string name)
      : calls_(journal),
        head_(std::move(head)),
        name_(std::move(name)),
        thread_([this] { run(); }) {}
  ~StubbornWriter() { stop(); }

  StubbornWriter(const StubbornWriter&) = delete;
  StubbornWriter& operator=(const StubbornWriter&) = delete;

  /// Lets the append on its way end, then joins. What follows may be read afterwards only.
  void stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t sent_again() const { return sent_again_; }

  /// Batches whose append was answered with its own head, in order.
  [[nodiscard]] const std::vector<std::string>& batches() const { return batches_; }
  [[nodiscard]] const Head& head() const { return head_; }
  /// What it stopped at; empty if all went as it should.
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  void run() {
    while (!stopping_ && complaint_.empty()) {
      Head next{.position = {.epoch = head_.position.epoch + (head_.writer == "none" ? 1 : 0),
                             .sequence = head_.position.sequence + 1},
                .writer = name_};
      const std::string batch = name_ + " " + std::to_string(next.position.sequence);
      if (append(append_request(head_, next, batch))) {
        head_ = next;
        batches_.push_back(batch);
        ++acknowledged_;
      }
    }
  }

  [[nodiscard]] bool append(const AppendRequest& request) {
    for (int attempt = 0; attempt < 10'000; ++attempt) {
      const auto reply = calls_.append(request);
      if (reply && reply->head == request.next) return true;
      if (!reply && reply.error().fault == LedgerFault::broken) {
        complaint_ = reply.error().detail;
        return false;
      }
      if (reply && reply->head != request.expected) {
        complaint_ = "another head stands: " + reply->head.writer;
        return false;
      }
      ++sent_again_;
    }
    complaint_ = "no answer after many attempts";
    return false;
  }

  JournalCalls calls_;
  Head head_;
  const std::string name_;
  std::vector<std::string> batches_;
  std::string complaint_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::atomic<std::uint64_t> sent_again_ = 0;
  /// Last: it uses all of the above.
  std::thread thread_;
};

}  // namespace wutong::test
