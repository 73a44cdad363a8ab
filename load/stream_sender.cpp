#include "load/stream_sender.h"

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace wutong::load {

struct StreamSender::Connections {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Stream>> streams;
  std::size_t next = 0;

  Stream& next_stream() { return *streams[next++ % streams.size()]; }
};

/// One stream. Reads all the time, writes one batch at a time.
class StreamSender::Stream {
 public:
  Stream(StreamSender& sender, const std::shared_ptr<grpc::Channel>& channel)
      : sender_(sender), stub_(v1::Points::NewStub(channel)) {
    if (!sender.authorization_.empty()) {
      context_.AddMetadata("authorization", sender.authorization_);
    }
    stream_ = stub_->PrepareAsyncStream(&context_, &sender.connections_->queue);
    stream_->StartCall(&opened_);
  }

  void cancel() { context_.TryCancel(); }
  /// gRPC has nothing of it under way.
  [[nodiscard]] bool idle() const { return operations_ == 0; }
  [[nodiscard]] bool broken() const { return broken_; }

  void take(v1::BatchRequest batch, const std::vector<Clock::time_point>& due) {
    for (int index = 0; index < batch.items_size(); ++index) {
      due_.emplace(batch.items(index).number(), due[static_cast<std::size_t>(index)]);
    }
    waiting_.push_back(std::move(batch));
    write_if_possible();
  }

 private:
  friend class StreamSender;

  struct Event {
    Stream& stream;
    void (Stream::*happened)(bool ok);
  };

  void write_if_possible() {
    if (broken_ || writing_ || !open_ || waiting_.empty()) return;
    request_.Swap(&waiting_.front());
    waiting_.pop_front();
    writing_ = true;
    ++operations_;
    stream_->Write(request_, &written_);
  }
  void read() {
    ++operations_;
    stream_->Read(&reply_, &read_);
  }
  void break_off() {
    if (std::exchange(broken_, true)) return;
    ++operations_;
    stream_->Finish(&status_, &finished_);
  }

  void on_opened(bool ok) {
    --operations_;
    open_ = ok;
    if (!ok) return break_off();
    read();
    write_if_possible();
  }
  void on_read(bool ok) {
    --operations_;
    if (!ok) return break_off();
    for (const v1::BatchItemReply& item : reply_.items()) {
      const auto due = due_.find(item.number());
      // Answered twice, or never asked.
      if (due == due_.end()) {
        sender_.trouble_ = absl::StrCat("an answer that nobody waits for, number ", item.number());
        context_.TryCancel();
        break;
      }
      const auto at = due->second;
      due_.erase(due);
      --sender_.under_way_;
      sender_.options_.answered(at, item);
    }
    read();
  }
  void on_written(bool ok) {
    --operations_;
    writing_ = false;
    if (!ok) return break_off();
    write_if_possible();
  }
  void on_finished(bool) {
    --operations_;
    if (sender_.trouble_.empty()) {
      sender_.trouble_ = absl::StrCat("a stream ended: ", status_.error_message());
    }
  }

  StreamSender& sender_;
  std::unique_ptr<v1::Points::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::BatchRequest, v1::BatchReply>> stream_;
  /// gRPC's while it writes.
  v1::BatchRequest request_;
  v1::BatchReply reply_;
  grpc::Status status_;
  std::deque<v1::BatchRequest> waiting_;
  /// Of the unanswered, by number.
  absl::flat_hash_map<std::uint64_t, Clock::time_point> due_;
  bool open_ = false;
  bool writing_ = false;
  bool broken_ = false;
  int operations_ = 1;
  Event opened_{*this, &Stream::on_opened};
  Event read_{*this, &Stream::on_read};
  Event written_{*this, &Stream::on_written};
  Event finished_{*this, &Stream::on_finished};
};

StreamSender::StreamSender(const CallOptions& calls, Options options)
    : options_(std::move(options)), connections_(std::make_unique<Connections>()) {
  if (!calls.token.empty()) authorization_ = absl::StrCat("Bearer ", calls.token);
  for (int number = 0; number < std::max(1, calls.channels); ++number) {
    connections_->streams.push_back(std::make_unique<Stream>(*this, open_channel(calls.target)));
  }
}

StreamSender::~StreamSender() {
  auto& streams = connections_->streams;
  for (auto& stream : streams) stream->cancel();
  while (!std::ranges::all_of(streams, [](const auto& stream) { return stream->idle(); })) {
    static_cast<void>(wait(std::chrono::system_clock::now() + std::chrono::seconds(1)));
  }
  connections_->queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (connections_->queue.Next(&tag, &ok)) {
  }
}

void StreamSender::send(Clock::time_point due, v1::BatchItem item) {
  ++under_way_;
  due_.push_back(due);
  *batch_.add_items() = std::move(item);
  if (due_.size() >= options_.batch) hand_over();
}

void StreamSender::hand_over() {
  connections_->next_stream().take(std::exchange(batch_, {}), due_);
  due_.clear();
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
  void* tag = nullptr;
  bool ok = false;
  if (connections_->queue.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
    const auto& event = *static_cast<Stream::Event*>(tag);
    (event.stream.*event.happened)(ok);
  }
  return std::ranges::none_of(connections_->streams,
                              [](const auto& stream) { return stream->broken(); });
}

}  // namespace wutong::load
