#pragma once

#include <grpcpp/grpcpp.h>
#include <wutong/v1/points.grpc.pb.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "load/account.h"
#include "load/rules.h"

namespace wutong::load {

/// A gateway made of the load generator's own model, on a port of its own, that can be told to err:
/// what the generator must notice. Thread-safe.
class NaiveGateway final : public v1::Points::Service {
 public:
  /// What goes wrong, at the n-th checkout of a member who buys often; 0 is never.
  struct Faults {
    int loses_receipt = 0;
    int changes_receipt = 0;
    /// From the n-th on, the first that earns points and uses none: of another it would change nothing.
    int takes_order_twice = 0;
    int awards_too_much = 0;
    int forgets_points = 0;
    int takes_from_other_member = 0;
    /// Every n-th call of any kind is answered UNAVAILABLE, half of them after taking effect.
    int unavailable = 0;
    /// No call is answered any more after so many.
    int dies_after = 0;
    /// No checkout is answered before so many have come.
    int waits_for = 0;
    /// Every n-th checkout is answered RESOURCE_EXHAUSTED, without taking effect.
    int exhausted = 0;
    /// A stream ends, with what is unanswered in it, when so many checkouts have come.
    int breaks_stream_after = 0;
    /// The n-th checkout of streams is answered twice.
    int answers_twice = 0;
    /// The answer to the n-th checkout of streams has a number that none of them has.
    int answers_nobody = 0;
  };

  NaiveGateway(const Rules& rules, Faults faults);
  ~NaiveGateway() override;

  [[nodiscard]] std::string target() const;

  /// From now on nothing goes wrong.
  void recover() { err({}); }
  /// From now on other things do.
  void err(Faults faults);

  /// Checkouts that came, whatever became of them, and refunds that took effect.
  [[nodiscard]] int checkouts_seen();
  [[nodiscard]] std::size_t refunds_taken();

  grpc::Status Quote(grpc::ServerContext*, const v1::QuoteRequest*, v1::QuoteReply*) override;
  grpc::Status Checkout(grpc::ServerContext*, const v1::CheckoutRequest*,
                        v1::CheckoutReply*) override;
  grpc::Status Refund(grpc::ServerContext*, const v1::RefundRequest*, v1::RefundReply*) override;
  grpc::Status GetReceipt(grpc::ServerContext*, const v1::GetReceiptRequest*,
                          v1::GetReceiptReply*) override;
  grpc::Status Enroll(grpc::ServerContext*, const v1::EnrollRequest*, v1::EnrollReply*) override;
  grpc::Status Stream(grpc::ServerContext*,
                      grpc::ServerReaderWriter<v1::BatchReply, v1::BatchRequest>* stream) override;
  grpc::Status GetMember(grpc::ServerContext*, const v1::GetMemberRequest*,
                         v1::GetMemberReply*) override;

 private:
  struct Member {
    Account account;
    std::int64_t last_event_at_unix_ms = 0;
  };
  struct Known {
    v1::CheckoutRequest request;
    v1::ReceiptRecord record;
  };

  /// Before a call: what it is answered with instead, and whether it takes effect all the same.
  struct Trouble {
    bool before = false;
    bool after = false;
  };
  Trouble trouble();
  /// Waits until checkouts are answered; false if this one is one too many.
  bool let_in(std::unique_lock<std::mutex>& lock);
  void answer(const v1::CheckoutRequest& request, v1::CheckoutReply* reply);
  v1::ReceiptRecord stamped(std::int64_t received_at_unix_ms);
  void take(const v1::CheckoutRequest& request, v1::CheckoutReply* reply);
  void refund(const v1::RefundRequest& request, v1::RefundReply* reply);

  const Rules& rules_;
  Faults faults_;
  std::mutex mutex_;
  std::map<std::string, Member> members_;
  std::map<std::string, Known> orders_;
  std::map<std::string, v1::ReceiptRecord> refunds_;
  int calls_ = 0;
  int checkouts_ = 0;
  int checkouts_seen_ = 0;
  std::condition_variable came_;
  std::uint64_t sequence_ = 0;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace wutong::load
