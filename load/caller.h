#pragma once

#include <grpcpp/support/status.h>
#include <wutong/v1/points.pb.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "load/histogram.h"

namespace grpc {
class Channel;
}

namespace wutong::load {

/// How much of a stream its reader's side takes unread.
enum class Window : std::uint8_t {
  /// More and more on a fast connection, megabytes in the end.
  growing,
  /// 64 KiB, and then the writer is held back.
  fixed,
};

/// A channel with a connection of its own, which finds a gateway again soon after its restart.
[[nodiscard]] std::shared_ptr<grpc::Channel> open_channel(const std::string& target,
                                                          Window window = Window::growing);

struct CallOptions {
  std::string target;
  /// Sent as `authorization: Bearer TOKEN`; empty sends nothing.
  std::string token;
  /// Connections; each is one HTTP/2 connection of its own.
  int channels = 4;
  /// Deadline of one attempt.
  std::chrono::milliseconds timeout{5'000};
  /// A request is tried again, the same each time, until this long after its first attempt.
  std::chrono::milliseconds give_up_after{60'000};
};

enum class Method : std::uint8_t { checkout, refund, quote, get_receipt, enroll, get_member };
constexpr std::size_t method_count = 6;
[[nodiscard]] const char* name_of(Method method);

/// As gRPC writes it: "RESOURCE_EXHAUSTED".
[[nodiscard]] const char* name_of(grpc::StatusCode code);

struct MethodStats {
  /// Of attempts that got a reply, in microseconds.
  Histogram latency;
  std::uint64_t requests = 0;
};

struct CallStats {
  std::array<MethodStats, method_count> methods;
  /// Attempts that were tried again, by what they failed with.
  std::map<std::string, std::uint64_t> retried;
  /// Requests that got no answer within `give_up_after`.
  std::uint64_t given_up = 0;
  /// The longest from a request's first attempt to its answer, in microseconds.
  std::uint64_t longest = 0;
};

/// How a request ended, after all attempts.
template <typename Reply>
struct Answer {
  grpc::Status status;
  Reply reply;
  /// What the gateway says about a status that is not OK.
  v1::ErrorDetail detail;
  /// No answer: whether the request took effect is not known.
  bool unknown = false;
  /// An earlier attempt may have taken effect.
  bool tried_before = false;
};

/// For people: "INVALID_ARGUMENT (amount_minor): is negative"; of a status without a message its name alone.
[[nodiscard]] std::string text_of(const grpc::Status& status, const v1::ErrorDetail& detail);
[[nodiscard]] std::string text_of(const v1::Refusal& refusal);
template <typename Reply>
[[nodiscard]] std::string text_of(const Answer<Reply>& answer) {
  return answer.status.ok() ? text_of(answer.reply.refusal())
                            : text_of(answer.status, answer.detail);
}

/// Calls the gateway, many calls at a time, from one thread: `wait` runs all callbacks, and nothing
/// else does. UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED and what the gateway calls worth
/// retrying are tried again with growing pauses. Thread-compatible.
class Caller {
 public:
  template <typename Reply>
  using Done = std::function<void(Answer<Reply>)>;

  explicit Caller(CallOptions options);
  /// REQUIRES: no call is under way.
  ~Caller();
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  void checkout(v1::CheckoutRequest request, Done<v1::CheckoutReply> done);
  void refund(v1::RefundRequest request, Done<v1::RefundReply> done);
  void quote(v1::QuoteRequest request, Done<v1::QuoteReply> done);
  void get_receipt(v1::GetReceiptRequest request, Done<v1::GetReceiptReply> done);
  void enroll(v1::EnrollRequest request, Done<v1::EnrollReply> done);
  void get_member(v1::GetMemberRequest request, Done<v1::GetMemberReply> done);

  /// Waits until something happens, at most until `deadline`, and runs what is due.
  void wait(std::chrono::system_clock::time_point deadline);

  /// From now on nothing is tried again; pauses end at once.
  void stop_retrying();

  /// A request was given up, and for as long nothing else was answered either.
  [[nodiscard]] bool lost_touch() const;

  [[nodiscard]] std::size_t under_way() const { return under_way_; }
  [[nodiscard]] const CallStats& stats() const { return stats_; }
  /// Latency of all methods since the last call of this.
  [[nodiscard]] Histogram take_recent();

 private:
  /// What takes gRPC's header, which is heavy.
  struct Connections;
  class Operation;
  template <typename Request, typename Reply>
  class Exchange;

  template <typename Request, typename Reply, typename Prepare>
  void start(Method method, Prepare prepare, Request request, Done<Reply> done);

  CallOptions options_;
  std::string authorization_;
  std::unique_ptr<Connections> connections_;
  std::size_t under_way_ = 0;
  bool retrying_ = true;
  /// Those that pause before another attempt, to be woken by `stop_retrying`.
  std::map<Operation*, bool> pausing_;
  std::chrono::steady_clock::time_point last_answer_ = std::chrono::steady_clock::now();
  CallStats stats_;
  Histogram recent_;
};

}  // namespace wutong::load
