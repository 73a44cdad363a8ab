#include "gateway/services.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string_view>
#include <utility>

#include "gateway/arena_messages.h"
#include "gateway/context.h"
#include "gateway/gate.h"
#include "gateway/status.h"
#include "gateway/streams.h"
#include "gateway/translate_reply.h"
#include "gateway/translate_request.h"
#include "wutong/v1/points.grpc.pb.h"

namespace wutong {
namespace {

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
      : gate_(options, engine, ledger, std::move(clocks), std::move(credentials), metrics) {
    SetMessageAllocatorFor_Quote(&quotes_);
    SetMessageAllocatorFor_Checkout(&checkouts_);
    SetMessageAllocatorFor_Refund(&refunds_);
    SetMessageAllocatorFor_Hold(&holds_);
    SetMessageAllocatorFor_Release(&releases_);
  }

  grpc::Service& grpc_service() override { return *this; }

  void set_credentials(std::shared_ptr<const Credentials> credentials) override {
    gate_.set_credentials(std::move(credentials));
  }

  void refuse_calls() override {
    gate_.refuse_calls();
    streams_.end_all();
  }
  [[nodiscard]] std::uint32_t under_way() const override { return gate_.under_way(); }

  grpc::ServerBidiReactor<v1::BatchRequest, v1::BatchReply>* Stream(
      grpc::CallbackServerContext* context) override {
    return streams_.open(gate_, *context, token_of(*context));
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
    const auto arrival = gate_.arrival(remaining_ms_of(context));
    const Visit visit{method, arrival.begun_ns, context.DefaultReactor()};
    gate_.begun(method);
    auto credential = authenticate(context, method);
    if (!credential) return fail(visit, credential.error());
    auto call = gate_.admit(arrival, **credential, in);
    if (!call) return fail(visit, call.error());
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
    gate_.engine().submit(*std::move(call));
    return visit.reactor;
  }

  OrProblem<std::shared_ptr<const Credential>> authenticate(
      const grpc::CallbackServerContext& context, Method method) const {
    auto credential = gate_.credential_of(token_of(context));
    if (!credential) return credential;
    if (auto allowed = Gate::check_may_call(**credential, method); !allowed) {
      return tl::make_unexpected(std::move(allowed).error());
    }
    return credential;
  }

  grpc::ServerUnaryReactor* fail(const Visit& visit, const Problem& problem) {
    finish(visit, outcome_of(problem.code), CallTimes{}, status_of(problem));
    return visit.reactor;
  }

  void finish(const Visit& visit, CallOutcome outcome, const CallTimes& times,
              const grpc::Status& status) {
    gate_.finished(visit.method, outcome, visit.begun_ns, times);
    // Last: the call, its reply and the reactor may be gone when this returns.
    visit.reactor->Finish(status);
  }

  Gate gate_;
  Streams streams_;
  // What tills ask, by the thousand a second.
  ArenaMessages<v1::QuoteRequest, v1::QuoteReply> quotes_;
  ArenaMessages<v1::CheckoutRequest, v1::CheckoutReply> checkouts_;
  ArenaMessages<v1::RefundRequest, v1::RefundReply> refunds_;
  ArenaMessages<v1::HoldRequest, v1::HoldReply> holds_;
  ArenaMessages<v1::ReleaseRequest, v1::ReleaseReply> releases_;
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
