#include "load/caller.h"

#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <algorithm>
#include <vector>

namespace wutong::load {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t microseconds_since(Clock::time_point start) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, passed.count()));
}

v1::ErrorDetail detail_of(const grpc::Status& status) {
  v1::StatusDetails details;
  v1::ErrorDetail detail;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    for (const auto& any : details.details()) {
      if (any.UnpackTo(&detail)) break;
    }
  }
  return detail;
}

/// Whether the same request may be tried again. gRPC 1.51 tells a connection that breaks under a
/// call now as UNAVAILABLE and now as UNKNOWN or INTERNAL, without the gateway's detail.
bool worth_retrying(const grpc::Status& status, const v1::ErrorDetail& detail) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return absl::StrContains(status.error_message(), "Stream removed") ||
             absl::StrContains(status.error_message(), "RST_STREAM");
    default:
      return detail.retryable();
  }
}

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const std::string& target, Window window) {
  grpc::ChannelArguments arguments;
  // Channels to one target would share a connection otherwise.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A gateway that restarts is found again at once, not after gRPC's seconds.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 250);
  // Our own retries are counted, gRPC's are not.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  if (window == Window::fixed) arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments);
}

const char* name_of(grpc::StatusCode code) {
  constexpr std::array<const char*, 17> names = {"OK",
                                                 "CANCELLED",
                                                 "UNKNOWN",
                                                 "INVALID_ARGUMENT",
                                                 "DEADLINE_EXCEEDED",
                                                 "NOT_FOUND",
                                                 "ALREADY_EXISTS",
                                                 "PERMISSION_DENIED",
                                                 "RESOURCE_EXHAUSTED",
                                                 "FAILED_PRECONDITION",
                                                 "ABORTED",
                                                 "OUT_OF_RANGE",
                                                 "UNIMPLEMENTED",
                                                 "INTERNAL",
                                                 "UNAVAILABLE",
                                                 "DATA_LOSS",
                                                 "UNAUTHENTICATED"};
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : "UNKNOWN";
}

const char* name_of(Method method) {
  constexpr std::array<const char*, method_count> names = {"Checkout",   "Refund", "Quote",
                                                           "GetReceipt", "Enroll", "GetMember"};
  return names[static_cast<std::size_t>(method)];
}

std::string text_of(const grpc::Status& status, const v1::ErrorDetail& detail) {
  const std::string field = detail.field().empty() ? "" : absl::StrCat(" (", detail.field(), ")");
  const std::string name = absl::StrCat(name_of(status.error_code()), field);
  if (status.error_message().empty()) return name;
  return absl::StrCat(name, ": ", status.error_message());
}

std::string text_of(const v1::Refusal& refusal) {
  const std::string field = refusal.field().empty() ? "" : absl::StrCat(" (", refusal.field(), ")");
  return absl::StrCat(v1::RefusalCode_Name(refusal.code()), field, ": ", refusal.text());
}

struct Caller::Connections {
  std::vector<std::unique_ptr<v1::Points::Stub>> stubs;
  std::size_t next = 0;
  grpc::CompletionQueue queue;

  v1::Points::Stub& next_stub() { return *stubs[next++ % stubs.size()]; }
};

/// A request on its way to its answer. Lives until then; its address is the queue's tag.
class Caller::Operation {
 public:
  virtual ~Operation() = default;
  /// The attempt or the pause is over; false if the pause was cut short.
  virtual void proceed(bool ok) = 0;
  virtual void wake() = 0;
};

template <typename Request, typename Reply>
class Caller::Exchange final : public Operation {
 public:
  using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Reply>>;
  using Prepare = std::function<Reader(v1::Points::Stub&, grpc::ClientContext*, const Request&,
                                       grpc::CompletionQueue*)>;

  Exchange(Caller& caller, Method method, Prepare prepare, Request request, Done<Reply> done)
      : caller_(caller),
        method_(method),
        prepare_(std::move(prepare)),
        request_(std::move(request)),
        done_(std::move(done)) {}

  void attempt() {
    ++attempts_;
    pausing_ = false;
    context_.emplace();
    if (!caller_.authorization_.empty()) {
      context_->AddMetadata("authorization", caller_.authorization_);
    }
    context_->set_deadline(std::chrono::system_clock::now() + caller_.options_.timeout);
    attempt_start_ = Clock::now();
    auto& connections = *caller_.connections_;
    reader_ = prepare_(connections.next_stub(), &*context_, request_, &connections.queue);
    reader_->StartCall();
    reader_->Finish(&answer_.reply, &answer_.status, this);
  }

  void proceed(bool ok) override {
    if (pausing_) {
      caller_.pausing_.erase(this);
      if (ok && caller_.retrying_) return attempt();
      answer_.unknown = true;
      return finish();
    }
    answer_.detail = answer_.status.ok() ? v1::ErrorDetail() : detail_of(answer_.status);
    if (answer_.status.ok() || !worth_retrying(answer_.status, answer_.detail)) {
      const std::uint64_t latency = microseconds_since(attempt_start_);
      caller_.stats_.methods[static_cast<std::size_t>(method_)].latency.record(latency);
      caller_.recent_.record(latency);
      caller_.last_answer_ = Clock::now();
      return finish();
    }
    ++caller_.stats_.retried[name_of(answer_.status.error_code())];
    const auto pause = next_pause();
    if (!caller_.retrying_ ||
        Clock::now() + pause > first_start_ + caller_.options_.give_up_after) {
      answer_.unknown = true;
      return finish();
    }
    pausing_ = true;
    caller_.pausing_.emplace(this, true);
    alarm_.emplace();
    alarm_->Set(&caller_.connections_->queue, std::chrono::system_clock::now() + pause, this);
  }

  void wake() override { alarm_->Cancel(); }

 private:
  void finish() {
    answer_.tried_before = attempts_ > 1;
    if (answer_.unknown) ++caller_.stats_.given_up;
    caller_.stats_.longest = std::max(caller_.stats_.longest, microseconds_since(first_start_));
    --caller_.under_way_;
    const std::unique_ptr<Exchange> self(this);
    done_(std::move(answer_));
  }

  /// Doubles up to half a second: short enough to be back soon after the gateway is.
  std::chrono::milliseconds next_pause() const {
    const int doublings = std::min(attempts_ - 1, 5);
    const std::chrono::milliseconds own{16 << doublings};
    return std::max(own, std::chrono::milliseconds(
                             std::min<std::int64_t>(answer_.detail.retry_after_ms(), 1'000)));
  }

  Caller& caller_;
  Method method_;
  Prepare prepare_;
  Request request_;
  Done<Reply> done_;
  Answer<Reply> answer_;
  std::optional<grpc::ClientContext> context_;
  Reader reader_;
  std::optional<grpc::Alarm> alarm_;
  Clock::time_point first_start_ = Clock::now();
  Clock::time_point attempt_start_;
  int attempts_ = 0;
  bool pausing_ = false;
};

Caller::Caller(CallOptions options)
    : options_(std::move(options)), connections_(std::make_unique<Connections>()) {
  if (!options_.token.empty()) authorization_ = absl::StrCat("Bearer ", options_.token);
  for (int i = 0; i < std::max(1, options_.channels); ++i) {
    connections_->stubs.push_back(v1::Points::NewStub(open_channel(options_.target)));
  }
}

Caller::~Caller() {
  auto& queue = connections_->queue;
  queue.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue.Next(&tag, &ok)) {
  }
}

template <typename Request, typename Reply, typename Prepare>
void Caller::start(Method method, Prepare prepare, Request request, Done<Reply> done) {
  ++under_way_;
  ++stats_.methods[static_cast<std::size_t>(method)].requests;
  auto* exchange = new Exchange<Request, Reply>(*this, method, std::mem_fn(prepare),
                                                std::move(request), std::move(done));
  exchange->attempt();
}

void Caller::checkout(v1::CheckoutRequest request, Done<v1::CheckoutReply> done) {
  start(Method::checkout, &v1::Points::Stub::PrepareAsyncCheckout, std::move(request),
        std::move(done));
}

void Caller::refund(v1::RefundRequest request, Done<v1::RefundReply> done) {
  start(Method::refund, &v1::Points::Stub::PrepareAsyncRefund, std::move(request), std::move(done));
}

void Caller::quote(v1::QuoteRequest request, Done<v1::QuoteReply> done) {
  start(Method::quote, &v1::Points::Stub::PrepareAsyncQuote, std::move(request), std::move(done));
}

void Caller::get_receipt(v1::GetReceiptRequest request, Done<v1::GetReceiptReply> done) {
  start(Method::get_receipt, &v1::Points::Stub::PrepareAsyncGetReceipt, std::move(request),
        std::move(done));
}

void Caller::enroll(v1::EnrollRequest request, Done<v1::EnrollReply> done) {
  start(Method::enroll, &v1::Points::Stub::PrepareAsyncEnroll, std::move(request), std::move(done));
}

void Caller::get_member(v1::GetMemberRequest request, Done<v1::GetMemberReply> done) {
  start(Method::get_member, &v1::Points::Stub::PrepareAsyncGetMember, std::move(request),
        std::move(done));
}

void Caller::wait(std::chrono::system_clock::time_point deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (connections_->queue.AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) {
    return;
  }
  static_cast<Operation*>(tag)->proceed(ok);
}

bool Caller::lost_touch() const {
  return stats_.given_up > 0 && Clock::now() - last_answer_ > options_.give_up_after;
}

void Caller::stop_retrying() {
  retrying_ = false;
  for (const auto& [operation, yes] : pausing_) operation->wake();
}

Histogram Caller::take_recent() {
  Histogram taken = recent_;
  recent_.clear();
  return taken;
}

}  // namespace wutong::load
