#include "load/unruly_clients.h"

#include <absl/container/flat_hash_set.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "load/caller.h"

namespace wutong::load {

/// Something that a client does on a connection. Lives as long as gRPC has anything of it under way.
class UnrulyClients::Operation {
 public:
  explicit Operation(UnrulyClients& clients, std::shared_ptr<grpc::Channel> channel)
      : clients_(clients), channel_(std::move(channel)), stub_(v1::Points::NewStub(channel_)) {
    // With so many connections at once some take long to be made.
    context_.set_wait_for_ready(true);
    if (!clients_.authorization_.empty()) {
      context_.AddMetadata("authorization", clients_.authorization_);
    }
  }
  virtual ~Operation() = default;

  virtual void break_off() { context_.TryCancel(); }
  [[nodiscard]] bool idle() const { return pending_ == 0; }

 protected:
  friend class UnrulyClients;

  /// What gRPC tells of: one step of an operation.
  struct Event {
    Operation& operation;
    std::function<void(bool ok)> happened;
  };
  Event* begun(Event& event) {
    ++pending_;
    return &event;
  }

  UnrulyClients& clients_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Points::Stub> stub_;
  grpc::ClientContext context_;
  grpc::Status status_;
  int pending_ = 0;
};

struct UnrulyClients::Connections {
  grpc::CompletionQueue queue;
  std::deque<std::shared_ptr<grpc::Channel>> channels;
  std::size_t next = 0;
  absl::flat_hash_set<std::unique_ptr<Operation>> operations;

  std::shared_ptr<grpc::Channel> next_channel() { return channels[next++ % channels.size()]; }
};

class UnrulyClients::UnaryCall final : public Operation {
 public:
  UnaryCall(UnrulyClients& clients, std::shared_ptr<grpc::Channel> channel)
      : Operation(clients, std::move(channel)) {
    context_.set_deadline(std::chrono::system_clock::now() + clients_.options_.timeout);
    clients_.checkouts_.make(request_);
    reader_ = stub_->PrepareAsyncCheckout(&context_, request_, &clients_.connections_->queue);
    reader_->StartCall();
    reader_->Finish(&reply_, &status_, begun(answered_));
  }

 private:
  v1::CheckoutRequest request_;
  v1::CheckoutReply reply_;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::CheckoutReply>> reader_;
  Event answered_{*this, [this](bool) { clients_.counts_.calls_answered += status_.ok() ? 1 : 0; }};
};

class UnrulyClients::Stream : public Operation {
 public:
  Stream(UnrulyClients& clients, std::shared_ptr<grpc::Channel> channel)
      : Operation(clients, std::move(channel)) {
    stream_ = stub_->PrepareAsyncStream(&context_, &clients_.connections_->queue);
    stream_->StartCall(begun(opened_));
  }

 protected:
  virtual void on_opened() = 0;
  virtual void on_written() = 0;
  virtual void on_finished() {}

  void write() {
    while (request_.items_size() < static_cast<int>(clients_.options_.batch)) {
      request_.add_items();
    }
    std::uint64_t number = 0;
    for (v1::BatchItem& item : *request_.mutable_items()) {
      item.set_number(number++);
      clients_.checkouts_.make(*item.mutable_checkout());
    }
    stream_->Write(request_, begun(written_));
  }
  void finish() {
    if (!std::exchange(finishing_, true)) stream_->Finish(&status_, begun(finished_));
  }

  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::BatchRequest, v1::BatchReply>> stream_;
  v1::BatchRequest request_;
  bool finishing_ = false;

 private:
  Event opened_{*this, [this](bool ok) { ok ? on_opened() : finish(); }};
  Event written_{*this, [this](bool ok) { ok ? on_written() : finish(); }};
  Event finished_{*this, [this](bool) { on_finished(); }};
};

class UnrulyClients::BrokenStream final : public Stream {
 public:
  using Stream::Stream;

 private:
  void on_opened() override { write(); }
  void on_written() override {
    ++clients_.counts_.streams_broken;
    context_.TryCancel();
    finish();
  }
};

class UnrulyClients::SlowReader final : public Stream {
 public:
  using Stream::Stream;

  void break_off() override {
    Stream::break_off();
    alarm_.Cancel();
  }

 private:
  void on_opened() override {
    write();
    pause();
  }
  void on_written() override {
    clients_.counts_.slow_sent += clients_.options_.batch;
    write();
  }
  void on_finished() override { clients_.counts_.slow_ended += clients_.ending_ ? 0 : 1; }
  void pause() {
    if (finishing_) return;
    alarm_.Set(&clients_.connections_->queue,
               std::chrono::system_clock::now() + clients_.options_.read_every, begun(rested_));
  }
  void on_read(bool ok) {
    if (!ok) return finish();
    clients_.counts_.slow_read += static_cast<std::uint64_t>(reply_.items_size());
    pause();
  }

  v1::BatchReply reply_;
  grpc::Alarm alarm_;
  Event rested_{*this, [this](bool) {
                  if (!finishing_) stream_->Read(&reply_, begun(read_));
                }};
  Event read_{*this, [this](bool ok) { on_read(ok); }};
};

UnrulyClients::UnrulyClients(Options options, PlainCheckouts& checkouts)
    : options_(std::move(options)),
      checkouts_(checkouts),
      connections_(std::make_unique<Connections>()) {
  if (!options_.token.empty()) authorization_ = absl::StrCat("Bearer ", options_.token);
}

UnrulyClients::~UnrulyClients() {
  ending_ = true;
  for (const auto& operation : connections_->operations) operation->break_off();
  while (!connections_->operations.empty()) {
    wait(std::chrono::system_clock::now() + std::chrono::seconds(1));
  }
  connections_->queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (connections_->queue.Next(&tag, &ok)) {
  }
}

void UnrulyClients::connect() {
  ++counts_.connections_opened;
  connections_->channels.push_back(open_channel(options_.target));
  // At once, and not with its first call.
  static_cast<void>(connections_->channels.back()->GetState(true));
}

std::size_t UnrulyClients::connected() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_->channels,
      [](const auto& channel) { return channel->GetState(true) == GRPC_CHANNEL_READY; }));
}

void UnrulyClients::reconnect() {
  connections_->channels.pop_front();
  connect();
}

void UnrulyClients::call() {
  ++counts_.calls;
  connections_->operations.insert(std::make_unique<UnaryCall>(*this, connections_->next_channel()));
}

void UnrulyClients::break_a_stream() {
  connections_->operations.insert(
      std::make_unique<BrokenStream>(*this, connections_->next_channel()));
}

void UnrulyClients::read_slowly() {
  connections_->operations.insert(
      std::make_unique<SlowReader>(*this, open_channel(options_.target, Window::fixed)));
}

void UnrulyClients::wait(std::chrono::system_clock::time_point deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (connections_->queue.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) {
    return;
  }
  const auto& event = *static_cast<Operation::Event*>(tag);
  Operation& operation = event.operation;
  --operation.pending_;
  event.happened(ok);
  if (!operation.idle()) return;
  connections_->operations.erase(connections_->operations.find(&operation));
}

}  // namespace wutong::load
