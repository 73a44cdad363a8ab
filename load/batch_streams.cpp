#include "load/batch_streams.h"

#include <absl/strings/str_cat.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace wutong::load {

struct BatchStreams::Connections {
  grpc::CompletionQueue queue;
  std::vector<std::unique_ptr<Stream>> streams;
};

class BatchStreams::Stream {
 public:
  /// What gRPC tells of: one step of a stream.
  struct Event {
    Stream& stream;
    void (Stream::*happened)(bool ok);
  };

  Stream(BatchStreams& streams, const CallOptions& calls)
      : streams_(streams),
        number_(streams.size()),
        stub_(v1::Points::NewStub(open_channel(calls.target))) {
    if (!calls.token.empty()) {
      context_.AddMetadata("authorization", absl::StrCat("Bearer ", calls.token));
    }
    stream_ = stub_->PrepareAsyncStream(&context_, &streams_.connections_->queue);
    stream_->StartCall(begun(opened_));
  }

  static void run(void* tag, bool ok) {
    const Event& event = *static_cast<Event*>(tag);
    --event.stream.pending_;
    (event.stream.*event.happened)(ok);
  }

  void write_if_possible() {
    if (!open_ || writing_ || cancelled_ || finishing_) return;
    if (!streams_.handlers_.fill(number_, request_)) return;
    writing_ = true;
    stream_->Write(request_, begun(written_));
  }
  void cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }
  /// gRPC has nothing of it under way.
  [[nodiscard]] bool idle() const { return pending_ == 0; }

 private:
  Event* begun(Event& event) {
    ++pending_;
    return &event;
  }
  void read() { stream_->Read(&reply_, begun(read_)); }
  /// Reading goes on meanwhile: gRPC tells the status only when all replies before it are read.
  void finish() {
    if (!std::exchange(finishing_, true)) stream_->Finish(&status_, begun(finished_));
  }

  void on_opened(bool ok) {
    if (!ok) return finish();
    open_ = true;
    read();
    write_if_possible();
  }
  void on_read(bool ok) {
    if (!ok) return finish();
    if (!streams_.handlers_.take(number_, reply_)) cancel();
    read();
    write_if_possible();
  }
  void on_written(bool ok) {
    writing_ = false;
    if (!ok) return finish();
    write_if_possible();
  }
  void on_finished(bool) {
    streams_.whole_ = false;
    streams_.handlers_.ended(number_, status_);
  }

  BatchStreams& streams_;
  const std::size_t number_;
  std::unique_ptr<v1::Points::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::BatchRequest, v1::BatchReply>> stream_;
  /// gRPC's while it writes.
  v1::BatchRequest request_;
  v1::BatchReply reply_;
  grpc::Status status_;
  bool open_ = false;
  bool writing_ = false;
  bool cancelled_ = false;
  bool finishing_ = false;
  int pending_ = 0;
  Event opened_{*this, &Stream::on_opened};
  Event read_{*this, &Stream::on_read};
  Event written_{*this, &Stream::on_written};
  Event finished_{*this, &Stream::on_finished};
};

BatchStreams::BatchStreams(const CallOptions& calls, Handlers handlers)
    : handlers_(std::move(handlers)), connections_(std::make_unique<Connections>()) {
  for (int number = 0; number < std::max(1, calls.channels); ++number) {
    connections_->streams.push_back(std::make_unique<Stream>(*this, calls));
  }
}

BatchStreams::~BatchStreams() {
  auto& streams = connections_->streams;
  for (const auto& stream : streams) stream->cancel();
  while (!std::ranges::all_of(streams, [](const auto& stream) { return stream->idle(); })) {
    static_cast<void>(wait(std::chrono::system_clock::now() + std::chrono::seconds(1)));
  }
  connections_->queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (connections_->queue.Next(&tag, &ok)) {
  }
}

std::size_t BatchStreams::size() const { return connections_->streams.size(); }

void BatchStreams::write(std::size_t stream) { connections_->streams[stream]->write_if_possible(); }

bool BatchStreams::wait(std::chrono::system_clock::time_point deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (connections_->queue.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
    Stream::run(tag, ok);
  }
  return whole_;
}

}  // namespace wutong::load
