#include "load/sender.h"

#include <utility>

#include "load/stream_sender.h"

namespace wutong::load {
namespace {

/// False if the status is OK, and there is something else to fill in.
template <typename Reply>
bool fill_error(const Answer<Reply>& answer, v1::BatchItemReply& reply) {
  if (answer.status.ok()) return false;
  v1::ItemError& error = *reply.mutable_error();
  error.set_code(answer.status.error_code());
  *error.mutable_detail() = answer.detail;
  // A status of gRPC's own has no detail.
  if (error.detail().text().empty()) {
    error.mutable_detail()->set_text(answer.status.error_message());
  }
  return true;
}

class UnarySender final : public Sender {
 public:
  UnarySender(const CallOptions& calls, Options options)
      : options_(std::move(options)), caller_(calls) {}

  ~UnarySender() override {
    caller_.stop_retrying();
    // Each call has a deadline, so this ends.
    while (caller_.under_way() > 0) {
      caller_.wait(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
    }
  }

  void send(Clock::time_point due, v1::BatchItem item) override {
    const std::uint64_t number = item.number();
    if (item.has_refund()) {
      caller_.refund(std::move(*item.mutable_refund()), [=, this](Answer<v1::RefundReply> answer) {
        options_.answered(due, item_reply(number, std::move(answer)));
      });
    } else {
      caller_.checkout(std::move(*item.mutable_checkout()),
                       [=, this](Answer<v1::CheckoutReply> answer) {
                         options_.answered(due, item_reply(number, std::move(answer)));
                       });
    }
  }

  bool wait(std::chrono::system_clock::time_point deadline) override {
    caller_.wait(deadline);
    return true;
  }
  [[nodiscard]] std::size_t under_way() const override { return caller_.under_way(); }
  [[nodiscard]] std::string trouble() const override { return ""; }

 private:
  const Options options_;
  Caller caller_;
};

}  // namespace

v1::BatchItemReply item_reply(std::uint64_t number, Answer<v1::CheckoutReply> answer) {
  v1::BatchItemReply reply;
  reply.set_number(number);
  if (!fill_error(answer, reply)) reply.mutable_checkout()->Swap(&answer.reply);
  return reply;
}

v1::BatchItemReply item_reply(std::uint64_t number, Answer<v1::RefundReply> answer) {
  v1::BatchItemReply reply;
  reply.set_number(number);
  if (!fill_error(answer, reply)) reply.mutable_refund()->Swap(&answer.reply);
  return reply;
}

std::unique_ptr<Sender> make_sender(const CallOptions& calls, Sender::Options options) {
  if (options.batch > 0) return std::make_unique<StreamSender>(calls, std::move(options));
  return std::make_unique<UnarySender>(calls, std::move(options));
}

}  // namespace wutong::load
