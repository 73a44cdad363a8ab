#include "gateway/services.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string_view>
#include <utility>

#include "gateway/keys.h"
#include "gateway/status.h"
#include "gateway/translate_reply.h"
#include "gateway/translate_request.h"
#include "wutong/v1/points.grpc.pb.h"

namespace wutong {
namespace {

constexpr std::string_view bearer = "Bearer ";
constexpr std::int64_t ns_per_ms = 1'000'000;
/// Kept free before the caller's deadline, so that our answer arrives and not its own time-out. A shard
/// looks at deadlines every 20 ms; the rest is for machines on which threads wait for a core.
constexpr std::int64_t deadline_margin_max_ms = 100;

/// The token of the call's metadata, or an empty text.
std::string_view token_of(const grpc::CallbackServerContext& context) {
  const auto found = context.client_metadata().find("authorization");
  if (found == context.client_metadata().end()) return {};
  const std::string_view value(found->second.data(), found->second.size());
  return value.starts_with(bearer) ? value.substr(bearer.size()) : std::string_view();
}

CallOutcome outcome_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return CallOutcome::done;
    case Outcome::replayed:
      return CallOutcome::replayed;
    case Outcome::refused:
      return CallOutcome::refused;
    case Outcome::declined:
      return CallOutcome::declined;
  }
  return CallOutcome::internal;
}

template <typename In, typename Out>
OrProblem<Outcome> fill_reply(const Reply& reply, const Credential&, const In&, Out& out) {
  return translate(reply, out);
}
OrProblem<Outcome> fill_reply(const Reply& reply, const Credential& credential,
                              const v1::ListHistoryRequest&, v1::ListHistoryReply& out) {
  return translate(reply, credential, out);
}
/// What was not found is what was asked for: the order, or the refund.
OrProblem<Outcome> fill_reply(const Reply& reply, const Credential&,
                              const v1::GetReceiptRequest& in, v1::GetReceiptReply& out) {
  auto filled = translate(reply, out);
  if (!filled && filled.error().field == "of") {
    return wrong(filled.error().code, in.has_refund() ? "refund.refund_id" : "order.order_id",
                 "names no known receipt");
  }
  return filled;
}

class CallbackPoints final : public PointsService, public v1::Points::CallbackService {
 public:
  CallbackPoints(ServiceOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
                 std::shared_ptr<const Credentials> credentials, CallMetrics& metrics)
      : options_(options),
        engine_(engine),
        keys_(ledger.hash_key, ledger.identity_key),
        clock_(ledger.clock),
        clocks_(std::move(clocks)),
        credentials_(std::move(credentials)),
        metrics_(metrics) {}

  grpc::Service& grpc_service() override { return *this; }

  void set_credentials(std::shared_ptr<const Credentials> credentials) override {
    credentials_.store(std::move(credentials));
  }

  void refuse_calls() override { refusing_.store(true, std::memory_order_release); }
  [[nodiscard]] std::uint32_t under_way() const override {
    return under_way_.load(std::memory_order_acquire);
  }

  grpc::ServerUnaryReactor* Quote(grpc::CallbackServerContext* context, const v1::QuoteRequest* in,
                                  v1::QuoteReply* out) override {
    return serve(Method::quote, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Checkout(grpc::CallbackServerContext* context,
                                     const v1::CheckoutRequest* in,
                                     v1::CheckoutReply* out) override {
    return serve(Method::checkout, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Refund(grpc::CallbackServerContext* context,
                                   const v1::RefundRequest* in, v1::RefundReply* out) override {
    return serve(Method::refund, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext* context, const v1::HoldRequest* in,
                                 v1::HoldReply* out) override {
    return serve(Method::hold, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const v1::ReleaseRequest* in, v1::ReleaseReply* out) override {
    return serve(Method::release, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Grant(grpc::CallbackServerContext* context, const v1::GrantRequest* in,
                                  v1::GrantReply* out) override {
    return serve(Method::grant, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* RevokeGrant(grpc::CallbackServerContext* context,
                                        const v1::RevokeGrantRequest* in,
                                        v1::RevokeGrantReply* out) override {
    return serve(Method::revoke_grant, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const v1::GetReceiptRequest* in,
                                       v1::GetReceiptReply* out) override {
    return serve(Method::get_receipt, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context,
                                   const v1::EnrollRequest* in, v1::EnrollReply* out) override {
    return serve(Method::enroll, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* LinkIdentity(grpc::CallbackServerContext* context,
                                         const v1::LinkIdentityRequest* in,
                                         v1::LinkIdentityReply* out) override {
    return serve(Method::link_identity, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* UnlinkIdentity(grpc::CallbackServerContext* context,
                                           const v1::UnlinkIdentityRequest* in,
                                           v1::UnlinkIdentityReply* out) override {
    return serve(Method::unlink_identity, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* GetMember(grpc::CallbackServerContext* context,
                                      const v1::GetMemberRequest* in,
                                      v1::GetMemberReply* out) override {
    return serve(Method::get_member, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* ListHistory(grpc::CallbackServerContext* context,
                                        const v1::ListHistoryRequest* in,
                                        v1::ListHistoryReply* out) override {
    return serve(Method::list_history, *context, *in, *out);
  }

 private:
  /// One call from its request to `Finish`.
  struct Visit {
    Method method;
    std::int64_t begun_ns;
    grpc::ServerUnaryReactor* reactor;
  };

  template <typename In, typename Out>
  grpc::ServerUnaryReactor* serve(Method method, grpc::CallbackServerContext& context, const In& in,
                                  Out& out) {
    const Visit visit{method, clocks_.boot_ns(), context.DefaultReactor()};
    metrics_.begun(method);
    under_way_.fetch_add(1, std::memory_order_relaxed);
    auto credential = authenticate(context, method);
    if (!credential) return fail(visit, credential.error());
    auto call = admit(context, **credential, in);
    if (!call) return fail(visit, call.error());
    (*call)->times.submitted = visit.begun_ns;
    // gRPC keeps request and reply until `Finish`.
    (*call)->done = [this, visit, &in, &out, who = *std::move(credential)](Reply reply,
                                                                           const CallTimes& times) {
      const auto filled = fill_reply(reply, *who, in, out);
      if (filled) {
        finish(visit, outcome_of(*filled), times, grpc::Status::OK);
      } else {
        finish(visit, outcome_of(filled.error().code), times, status_of(filled.error()));
      }
    };
    engine_.submit(*std::move(call));
    return visit.reactor;
  }

  OrProblem<std::shared_ptr<const Credential>> authenticate(
      const grpc::CallbackServerContext& context, Method method) const {
    const std::string_view token = token_of(context);
    auto credential = token.empty() ? nullptr : credentials_.load()->find(token);
    if (credential == nullptr) {
      return wrong(Code::unauthenticated, "authorization", "is not a bearer token known here");
    }
    if (!credential->methods.has(method)) {
      return wrong(Code::permission_denied, "authorization",
                   "is a token that may not call this method");
    }
    return credential;
  }

  /// The call with its deadline, or why it is not taken.
  template <typename In>
  OrProblem<std::unique_ptr<Call>> admit(const grpc::CallbackServerContext& context,
                                         const Credential& credential, const In& in) {
    if (under_way_.load(std::memory_order_relaxed) > options_.calls_under_way_max) {
      return tl::make_unexpected(Problem{.code = Code::resource_exhausted,
                                         .text = "not done, too many calls are under way",
                                         .retryable = true,
                                         .retry_after_ms = 1'000});
    }
    if (refusing_.load(std::memory_order_acquire)) {
      return tl::make_unexpected(Problem{.code = Code::unavailable,
                                         .text = "not done, the gateway is stopping",
                                         .retryable = true,
                                         .retry_after_ms = 500});
    }
    const std::int64_t remaining_ms = remaining_ms_of(context);
    if (remaining_ms <= 0) {
      return tl::make_unexpected(Problem{.code = Code::deadline_exceeded,
                                         .text = "not done, the deadline had passed",
                                         .retryable = true});
    }
    const Rules rules = engine_.rules();
    auto call = translate(in, TranslationContext{.keys = keys_,
                                                 .program = *rules.program,
                                                 .credential = credential,
                                                 .clock = clock_,
                                                 .now = {clocks_.wall_ms()}});
    if (call) {
      const std::int64_t margin_ms = std::min(deadline_margin_max_ms, remaining_ms / 10);
      (*call)->deadline = clocks_.boot_ns() + (remaining_ms - margin_ms) * ns_per_ms;
    }
    return call;
  }

  [[nodiscard]] std::int64_t remaining_ms_of(const grpc::CallbackServerContext& context) const {
    using std::chrono::system_clock;
    const system_clock::time_point deadline = context.deadline();
    const system_clock::time_point now = system_clock::now();
    // A caller without a deadline has one at the end of time: subtracting from that overflows.
    if (deadline > now + std::chrono::milliseconds(options_.deadline_max_ms)) {
      return options_.deadline_max_ms;
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now).count();
  }

  grpc::ServerUnaryReactor* fail(const Visit& visit, const Problem& problem) {
    finish(visit, outcome_of(problem.code), CallTimes{}, status_of(problem));
    return visit.reactor;
  }

  void finish(const Visit& visit, CallOutcome outcome, const CallTimes& times,
              const grpc::Status& status) {
    metrics_.finished(visit.method, outcome, clocks_.boot_ns() - visit.begun_ns, times);
    under_way_.fetch_sub(1, std::memory_order_relaxed);
    // Last: the call, its reply and the reactor may be gone when this returns.
    visit.reactor->Finish(status);
  }

  const ServiceOptions options_;
  Engine& engine_;
  const KeyHasher keys_;
  const LedgerClock clock_;
  const Clocks clocks_;
  std::atomic<std::shared_ptr<const Credentials>> credentials_;
  CallMetrics& metrics_;
  std::atomic<std::uint32_t> under_way_{0};
  std::atomic<bool> refusing_{false};
};

}  // namespace

std::unique_ptr<PointsService> PointsService::make(ServiceOptions options, Engine& engine,
                                                   const LedgerInfo& ledger, Clocks clocks,
                                                   std::shared_ptr<const Credentials> credentials,
                                                   CallMetrics& metrics) {
  return std::make_unique<CallbackPoints>(options, engine, ledger, std::move(clocks),
                                          std::move(credentials), metrics);
}

}  // namespace wutong
