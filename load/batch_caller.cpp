#include "load/batch_caller.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <algorithm>
#include <vector>

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

struct BatchCaller::Connections {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Stream>> streams;
};

/// One stream. Reads all the time, writes one batch at a time.
class BatchCaller::Stream {
 public:
  Stream(BatchCaller& caller, const std::shared_ptr<grpc::Channel>& channel, std::size_t items)
      : caller_(caller), stub_(v1::Points::NewStub(channel)), sent_(items) {
    free_.reserve(items);
    for (std::size_t slot = items; slot > 0; --slot) free_.push_back(slot - 1);
    if (!caller.authorization_.empty()) {
      context_.AddMetadata("authorization", caller.authorization_);
    }
    auto& queue = caller.connections_->queue;
    stream_ = stub_->PrepareAsyncStream(&context_, &queue);
    stream_->StartCall(&opened_);
  }

  void cancel() { context_.TryCancel(); }
  [[nodiscard]] std::size_t under_way() const { return sent_.size() - free_.size(); }
  /// gRPC has nothing of it under way.
  [[nodiscard]] bool idle() const { return operations_ == 0; }
  [[nodiscard]] bool broken() const { return broken_; }

  void write_if_possible() {
    const auto batch = std::size_t{caller_.options_.batch};
    if (broken_ || writing_ || !open_ || caller_.stopped_ || free_.size() < batch) return;
    const auto now = Clock::now();
    while (request_.items_size() < static_cast<int>(batch)) request_.add_items();
    for (auto& item : *request_.mutable_items()) {
      const auto slot = free_.back();
      free_.pop_back();
      sent_[slot] = now;
      item.set_number(slot);
      caller_.options_.fill(*item.mutable_checkout());
    }
    writing_ = true;
    ++operations_;
    stream_->Write(request_, &written_);
  }

 private:
  friend class BatchCaller;

  struct Event {
    Stream& stream;
    void (Stream::*happened)(bool ok);
  };

  void on_opened(bool ok) {
    --operations_;
    open_ = ok;
    if (!ok) return break_off();
    read();
    write_if_possible();
  }
  void read() {
    ++operations_;
    stream_->Read(&reply_, &read_);
  }
  void on_read(bool ok) {
    --operations_;
    if (!ok) return break_off();
    const auto now = Clock::now();
    for (const auto& item : reply_.items()) {
      const auto slot = static_cast<std::size_t>(item.number());
      caller_.options_.answered(item, now - sent_.at(slot));
      free_.push_back(slot);
    }
    read();
    write_if_possible();
  }
  void on_written(bool ok) {
    --operations_;
    writing_ = false;
    if (!ok) return break_off();
    write_if_possible();
  }
  void break_off() {
    if (std::exchange(broken_, true)) return;
    ++operations_;
    stream_->Finish(&status_, &finished_);
  }
  void on_finished(bool) {
    --operations_;
    if (caller_.trouble_.empty()) {
      caller_.trouble_ = absl::StrCat("a stream ended: ", status_.error_message());
    }
  }

  BatchCaller& caller_;
  std::unique_ptr<v1::Points::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::BatchRequest, v1::BatchReply>> stream_;
  v1::BatchRequest request_;
  v1::BatchReply reply_;
  grpc::Status status_;
  /// By the item's number.
  std::vector<Clock::time_point> sent_;
  std::vector<std::size_t> free_;
  bool open_ = false;
  bool writing_ = false;
  bool broken_ = false;
  int operations_ = 1;
  Event opened_{*this, &Stream::on_opened};
  Event read_{*this, &Stream::on_read};
  Event written_{*this, &Stream::on_written};
  Event finished_{*this, &Stream::on_finished};
};

BatchCaller::BatchCaller(const CallOptions& calls, Options options)
    : options_(std::move(options)), connections_(std::make_unique<Connections>()) {
  if (!calls.token.empty()) authorization_ = absl::StrCat("Bearer ", calls.token);
  const auto items = std::size_t{options_.batch} * options_.outstanding;
  for (int number = 0; number < std::max(1, calls.channels); ++number) {
    connections_->streams.push_back(
        std::make_unique<Stream>(*this, open_channel(calls.target), items));
  }
}

BatchCaller::~BatchCaller() {
  stopped_ = true;
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

bool BatchCaller::wait(std::chrono::system_clock::time_point deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (connections_->queue.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
    const auto& event = *static_cast<Stream::Event*>(tag);
    (event.stream.*event.happened)(ok);
  }
  return std::ranges::none_of(connections_->streams,
                              [](const auto& stream) { return stream->broken(); });
}

void BatchCaller::stop() { stopped_ = true; }

std::uint64_t BatchCaller::under_way() const {
  std::uint64_t sum = 0;
  for (const auto& stream : connections_->streams) sum += stream->under_way();
  return sum;
}

}  // namespace wutong::load
