#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/running_gateway.h"

/// Requests that are asked again, the same, until they are answered: as a till does.
namespace wutong::test {

/// What attempts came to. Written by the thread that runs the errands, read by any.
struct Attempts {
  std::atomic<int> under_way = 0;
  std::array<std::atomic<std::uint64_t>, 17> ended_with{};
  /// UNAVAILABLE that the gateway itself said: with a detail, which gRPC's own has not.
  std::atomic<std::uint64_t> told_unavailable = 0;
  /// The most that any attempt ended after its deadline.
  std::atomic<std::int64_t> latest_ms = 0;

  [[nodiscard]] std::uint64_t ended(grpc::StatusCode code) const {
    return ended_with[static_cast<std::size_t>(code)].load();
  }
};

/// Whether a status leaves open if the request took effect, or says that it did not, for now. gRPC 1.51
/// tells a connection that breaks under a call now as UNAVAILABLE and now as UNKNOWN or INTERNAL, and a
/// call that reaches a server in the last moment of its stop as CANCELLED.
[[nodiscard]] inline bool worth_asking_again(const grpc::Status& status) {
  const auto& text = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    case grpc::StatusCode::CANCELLED:
      return status.error_details().empty();
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return text.find("Stream removed") != text.npos || text.find("RST_STREAM") != text.npos;
    default:
      return false;
  }
}

/// Runs many errands at a time on the one thread that calls `wait`. Each attempt goes to the next
/// gateway in turn.
class Errands {
 public:
  /// The gateways outlive this. An attempt has `timeout`; after a pause the next follows.
  Errands(const std::vector<const RunningGateway*>& gateways, std::chrono::milliseconds timeout,
          Attempts& attempts)
      : timeout_(timeout), attempts_(attempts) {
    for (const auto* gateway : gateways) doors_.push_back({gateway, gateway->stub()});
  }
  /// REQUIRES: every errand is done.
  ~Errands() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  /// Asks until there is an answer, then calls `done(status, reply, begun)`, where `begun` is what
  /// `epoch` said when the attempt began that was answered. `done` may say false: asked again.
  template <typename Reply, typename Request, typename Prepare, typename Done>
  void run(Prepare prepare, Request request, Done done) {
    ++open_;
    (new Errand<Reply, Request, Prepare, Done>(*this, prepare, std::move(request), std::move(done)))
        ->attempt();
  }

  /// Waits for the next thing that happens, at most this long, and handles it.
  void wait(std::chrono::milliseconds limit) {
    void* tag = nullptr;
    bool ok = false;
    const auto until = std::chrono::system_clock::now() + limit;
    if (queue_.AsyncNext(&tag, &ok, until) != grpc::CompletionQueue::GOT_EVENT) return;
    static_cast<Step*>(tag)->proceed();
  }

  /// Errands that are not done.
  [[nodiscard]] int open() const { return open_; }

  std::atomic<std::uint32_t> epoch = 1;

 private:
  struct Door {
    const RunningGateway* gateway;
    std::unique_ptr<v1::Points::Stub> stub;
  };
  struct Step {
    virtual ~Step() = default;
    virtual void proceed() = 0;
  };

  template <typename Reply, typename Request, typename Prepare, typename Done>
  class Errand final : public Step {
   public:
    Errand(Errands& errands, Prepare prepare, Request request, Done done)
        : errands_(errands),
          prepare_(prepare),
          request_(std::move(request)),
          done_(std::move(done)) {}

    void attempt() {
      pausing_ = false;
      const auto& door = errands_.doors_[errands_.next_door_++ % errands_.doors_.size()];
      context_ = door.gateway->context(errands_.timeout_);
      begun_ = errands_.epoch.load();
      deadline_ = std::chrono::steady_clock::now() + errands_.timeout_;
      reply_ = Reply();
      ++errands_.attempts_.under_way;
      reader_ = (door.stub.get()->*prepare_)(context_.get(), request_, &errands_.queue_);
      reader_->StartCall();
      reader_->Finish(&reply_, &status_, static_cast<Step*>(this));
    }

    void proceed() override {
      if (pausing_) return attempt();
      note();
      if (worth_asking_again(status_) || !done_(status_, reply_, begun_)) return pause();
      --errands_.open_;
      delete this;
    }

   private:
    void note() {
      using std::chrono::milliseconds;
      const auto late =
          std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - deadline_);
      auto& attempts = errands_.attempts_;
      --attempts.under_way;
      ++attempts.ended_with[static_cast<std::size_t>(status_.error_code())];
      if (status_.error_code() == grpc::StatusCode::UNAVAILABLE &&
          !status_.error_details().empty()) {
        ++attempts.told_unavailable;
      }
      // Only this thread writes it.
      if (late.count() > attempts.latest_ms) attempts.latest_ms = late.count();
    }

    void pause() {
      pausing_ = true;
      alarm_.emplace();
      alarm_->Set(&errands_.queue_,
                  std::chrono::system_clock::now() + std::chrono::milliseconds(30),
                  static_cast<Step*>(this));
    }

    Errands& errands_;
    const Prepare prepare_;
    const Request request_;
    Done done_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>> reader_;
    std::optional<grpc::Alarm> alarm_;
    Reply reply_;
    grpc::Status status_;
    std::chrono::steady_clock::time_point deadline_;
    std::uint32_t begun_ = 0;
    bool pausing_ = false;
  };

  const std::chrono::milliseconds timeout_;
  Attempts& attempts_;
  std::vector<Door> doors_;
  std::size_t next_door_ = 0;
  grpc::CompletionQueue queue_;
  int open_ = 0;
};

}  // namespace wutong::test
