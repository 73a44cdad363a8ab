#include "gateway/streams.h"

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gateway/byte_buffers.h"
#include "gateway/context.h"
#include "gateway/read_batch.h"
#include "gateway/status.h"
#include "gateway/translate_reply.h"
#include "wutong/v1/points.pb.h"

namespace wutong {
namespace {

constexpr std::size_t batch_items_max = 1024;

/// Where the reply to a request of the kind stands in its item.
template <typename In>
constexpr int reply_field = 0;
template <>
constexpr int reply_field<CheckoutView> = v1::BatchItemReply::kCheckoutFieldNumber;
template <>
constexpr int reply_field<v1::RefundRequest> = v1::BatchItemReply::kRefundFieldNumber;
template <>
constexpr int reply_field<v1::HoldRequest> = v1::BatchItemReply::kHoldFieldNumber;
template <>
constexpr int reply_field<v1::ReleaseRequest> = v1::BatchItemReply::kReleaseFieldNumber;

/// Of an item with its reply: so many bytes take two for their length.
constexpr std::size_t long_message = 2;

}  // namespace

/// One stream. Its calls hold on to it while they are under way, gRPC until `OnDone`.
///
/// All state is under `mutex_`, which is never held in a call to gRPC or to the engine: either may call
/// back at once. Flags make sure that one read, one write and one hand-over to the engine go on at a time.
class PointsStream final : public Streams::Reactor,
                           public ReplyGroup,
                           public std::enable_shared_from_this<PointsStream> {
 public:
  PointsStream(Streams& streams, Gate& gate, const grpc::CallbackServerContext& context,
               std::string_view token)
      : streams_(streams), gate_(gate), context_(context), token_(token) {}

  void begin(bool ending) {
    const auto credential = gate_.credential_of(token_);
    if (!credential) return finish_at_once(status_of(credential.error()));
    if (ending) end();
    step();
  }

  /// What is under way is answered; then the stream ends.
  void end() {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    step();
  }

  void OnReadDone(bool ok) override {
    const bool understood = !ok || request_.read(incoming_);
    incoming_.Clear();
    if (ok && understood) take(request_);
    request_.clear();
    {
      const std::lock_guard lock(mutex_);
      reading_ = false;
      read_all_ = read_all_ || !ok || !understood;
      understood_ = understood_ && understood;
    }
    step();
  }

  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      items_open_ -= writing_items_;
      is_writing_ = false;
      broken_ = broken_ || !ok;
    }
    step();
  }

  void OnCancel() override {
    {
      const std::lock_guard lock(mutex_);
      broken_ = true;
    }
    step();
  }

  /// What was answered together is written together.
  void replies_given() override { step(); }

  // The last of gRPC's calls.
  void OnDone() override {
    gate_.stream_closed();
    streams_.closed(this);
  }

 private:
  /// Does whatever is to be done with gRPC now.
  void step() {
    bool read = false;
    bool write = false;
    bool finish = false;
    {
      const std::lock_guard lock(mutex_);
      if (finished_) return;
      const bool answered = items_open_ == 0;
      if (!is_writing_ && (broken_ || (answered && (read_all_ || ending_)))) {
        finish = finished_ = true;
      } else if (!is_writing_ && ready_items_ > 0) {
        write = is_writing_ = true;
        writing_ = buffer_of(ready_);
        writing_items_ = std::exchange(ready_items_, 0);
        ready_.clear();
      }
      if (!finish && !reading_ && !read_all_ && !ending_ && !broken_ &&
          items_open_ < gate_.options().stream_items_max) {
        read = reading_ = true;
      }
    }
    // Both before the write, whose end may end the stream.
    if (read) StartRead(&incoming_);
    if (write) StartWrite(&writing_);
    if (finish) Finish(how_it_ended());
  }

  grpc::Status how_it_ended() {
    const std::lock_guard lock(mutex_);
    if (broken_) return {grpc::StatusCode::CANCELLED, "the stream broke"};
    if (!understood_) return status_of(not_a_message().value());
    if (read_all_) return grpc::Status::OK;
    return status_of(Problem{.code = Code::unavailable,
                             .text = "the gateway is stopping",
                             .retryable = true,
                             .retry_after_ms = 500});
  }

  void finish_at_once(const grpc::Status& status) {
    {
      const std::lock_guard lock(mutex_);
      finished_ = true;
    }
    Finish(status);
  }

  /// What the items of a batch have in common.
  struct Batch {
    Gate::Arrival arrival;
    OrProblem<std::shared_ptr<const Credential>> credential;
  };

  void take(const BatchRead& request) {
    if (request.size() == 0) return;
    {
      const std::lock_guard lock(mutex_);
      items_open_ += static_cast<std::uint32_t>(request.size());
    }
    const Batch batch{.arrival = gate_.arrival(remaining_ms_of(context_)),
                      .credential = gate_.credential_of(token_)};
    std::vector<std::shared_ptr<Call>> calls;
    calls.reserve(request.size());
    for (std::size_t index = 0; index < request.size(); ++index) {
      if (auto call = call_of(batch, request.item(index), index)) calls.push_back(std::move(call));
    }
    {
      const std::lock_guard lock(mutex_);
      for (auto& call : calls) waiting_.push_back(std::move(call));
    }
    hand_over();
  }

  /// The item's call, or nothing for one that has been answered.
  std::shared_ptr<Call> call_of(const Batch& batch, const BatchRead::Item& item,
                                std::size_t index) {
    if (item.checkout != nullptr) {
      return admit(batch, Method::checkout, item.number, *item.checkout, index);
    }
    const auto& message = *item.message;
    switch (message.request_case()) {
      case v1::BatchItem::kCheckout:
        return admit(batch, Method::checkout, item.number, view_of(message.checkout()), index);
      case v1::BatchItem::kRefund:
        return admit(batch, Method::refund, item.number, message.refund(), index);
      case v1::BatchItem::kHold:
        return admit(batch, Method::hold, item.number, message.hold(), index);
      case v1::BatchItem::kRelease:
        return admit(batch, Method::release, item.number, message.release(), index);
      case v1::BatchItem::REQUEST_NOT_SET:
        break;
    }
    answer(item.number, invalid("request", "is missing").value());
    return nullptr;
  }

  template <typename In>
  std::shared_ptr<Call> admit(const Batch& batch, Method method, std::uint64_t number, const In& in,
                              std::size_t index) {
    gate_.begun(method);
    const auto begun_ns = batch.arrival.begun_ns;
    auto call = admitted(batch, method, in, index);
    if (!call) {
      gate_.finished(method, outcome_of(call.error().code), begun_ns, CallTimes{});
      answer(number, call.error());
      return nullptr;
    }
    (*call)->done = [self = shared_from_this(), method, number, begun_ns](const Reply& reply,
                                                                          const CallTimes& times) {
      const auto outcome = self->answer<reply_field<In>>(number, reply, method);
      self->gate_.finished(method, outcome, begun_ns, times);
      self->answered();
    };
    (*call)->group = shared_from_this();
    return *std::move(call);
  }

  template <typename In>
  OrProblem<std::shared_ptr<Call>> admitted(const Batch& batch, Method method, const In& in,
                                            std::size_t index) const {
    if (index >= batch_items_max) return invalid("items", "has more than 1024 items");
    if (!batch.credential) return tl::make_unexpected(batch.credential.error());
    const auto& credential = **batch.credential;
    if (auto allowed = Gate::check_may_call(credential, method); !allowed) {
      return tl::make_unexpected(std::move(allowed).error());
    }
    return gate_.admit(batch.arrival, credential, in);
  }

  /// An answer more that is ready. `content` writes what its item holds beside the number.
  template <typename Content>
  void answer_with(std::uint64_t number, Content content) {
    const std::lock_guard lock(mutex_);
    ready_.message<v1::BatchReply::kItemsFieldNumber>(
        [&] {
          auto to = ready_.fields(1);
          to.number<v1::BatchItemReply::kNumberFieldNumber>(number);
          ready_.end(to);
          content();
        },
        long_message);
    ++ready_items_;
  }
  void answer(std::uint64_t number, const Problem& problem) {
    answer_with(number, [&] { write_item_error(ready_, problem); });
  }
  template <int ReplyField>
  CallOutcome answer(std::uint64_t number, const Reply& reply, Method method) {
    auto outcome = CallOutcome::internal;
    answer_with(number, [&] {
      const auto begin = ready_.size();
      const auto message = ready_.open_field<ReplyField>(long_message);
      const auto written = write_reply(ready_, reply, method);
      outcome = written ? outcome_of(*written) : outcome_of(written.error().code);
      if (written) return ready_.close(message);
      ready_.take_back(begin);
      write_item_error(ready_, written.error());
    });
    return outcome;
  }

  /// A call more; those that wait for all to be answered go on.
  void answered() {
    bool go_on = false;
    {
      const std::lock_guard lock(mutex_);
      go_on = --calls_under_way_ == 0 && !waiting_.empty();
    }
    if (go_on) hand_over();
  }

  /// Submits what waits, in order, as far as it may go on.
  void hand_over() {
    std::unique_lock lock(mutex_);
    if (handing_over_) return;
    handing_over_ = true;
    while (may_go_on()) {
      std::vector<std::shared_ptr<Call>> calls;
      while (may_go_on()) {
        auto call = std::move(waiting_.front());
        waiting_.pop_front();
        if (call->member_id.empty()) wait_for(*call);
        calls.push_back(std::move(call));
        ++calls_under_way_;
      }
      lock.unlock();
      gate_.engine().submit_all(std::move(calls));
      lock.lock();
    }
    handing_over_ = false;
  }

  /// REQUIRES: the lock is held.
  [[nodiscard]] bool may_go_on() const {
    if (waiting_.empty() || waited_for_) return false;
    const auto& next = *waiting_.front();
    // The order book knows nothing yet of an order that is on its way to its member.
    const bool by_order = next.member_id.empty() && !next.identity;
    return !by_order || calls_under_way_ == 0;
  }

  /// Those behind the call wait until it is in its member's queue, or answered without having got there.
  /// REQUIRES: the lock is held.
  void wait_for(Call& call) {
    waited_for_ = true;
    call.queued = [self = shared_from_this(), number = ++waits_] { self->go_on(number); };
    call.done = [self = shared_from_this(), done = std::move(call.done), number = waits_](
                    Reply reply, const CallTimes& times) mutable {
      done(std::move(reply), times);
      self->go_on(number);
    };
  }
  void go_on(std::uint64_t wait) {
    {
      const std::lock_guard lock(mutex_);
      if (wait == waits_) waited_for_ = false;
    }
    hand_over();
  }

  Streams& streams_;
  Gate& gate_;
  const grpc::CallbackServerContext& context_;
  const std::string token_;

  std::mutex mutex_;
  bool reading_ = false;
  bool read_all_ = false;
  bool is_writing_ = false;
  /// Nobody reads the answers any more.
  bool broken_ = false;
  /// The gateway stops.
  bool ending_ = false;
  bool finished_ = false;
  /// Taken, and their answers not written yet.
  std::uint32_t items_open_ = 0;
  /// Everything that was read was a batch.
  bool understood_ = true;
  /// gRPC's while it reads.
  grpc::ByteBuffer incoming_;
  /// Of the last batch that was read; kept for its memory.
  BatchRead request_;
  /// gRPC's while it writes, and how many items that is.
  grpc::ByteBuffer writing_;
  std::uint32_t writing_items_ = 0;
  /// Answers that wait to be written.
  WireWriter ready_;
  std::uint32_t ready_items_ = 0;

  /// In the stream's order.
  std::deque<std::shared_ptr<Call>> waiting_;
  bool handing_over_ = false;
  /// Submitted and not answered.
  std::uint32_t calls_under_way_ = 0;
  /// A call is on its way to its member's queue, the last of so many.
  bool waited_for_ = false;
  std::uint64_t waits_ = 0;
};

Streams::~Streams() = default;

Streams::Reactor* Streams::open(Gate& gate, const grpc::CallbackServerContext& context,
                                std::string_view token) {
  auto stream = std::make_shared<PointsStream>(*this, gate, context, token);
  bool ending = false;
  {
    const std::lock_guard lock(mutex_);
    open_.insert(stream);
    ending = ending_;
  }
  gate.stream_opened();
  stream->begin(ending);
  return stream.get();
}

void Streams::end_all() {
  std::vector<std::shared_ptr<PointsStream>> streams;
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    streams.assign(open_.begin(), open_.end());
  }
  for (const auto& stream : streams) stream->end();
}

void Streams::closed(PointsStream* stream) {
  // It may go with us, but not under the lock.
  const auto last = stream->shared_from_this();
  const std::lock_guard lock(mutex_);
  open_.erase(last);
}

}  // namespace wutong
