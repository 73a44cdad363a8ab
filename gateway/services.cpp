#include "gateway/services.h"

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "gateway/byte_buffers.h"
#include "gateway/context.h"
#include "gateway/gate.h"
#include "gateway/read_checkout.h"
#include "gateway/status.h"
#include "gateway/streams.h"
#include "gateway/translate_reply.h"
#include "gateway/translate_request.h"
#include "wutong/v1/points.grpc.pb.h"

namespace wutong {
namespace {

/// Requests and replies are bytes here: a reply is written straight from what was decided, and a request is
/// gone as soon as it is translated.
template <typename Base>
using RawPurchases = v1::Points::WithRawCallbackMethod_Quote<
    v1::Points::WithRawCallbackMethod_Checkout<v1::Points::WithRawCallbackMethod_Refund<
        v1::Points::WithRawCallbackMethod_Hold<v1::Points::WithRawCallbackMethod_Release<
            v1::Points::WithRawCallbackMethod_GetReceipt<Base>>>>>>;
template <typename Base>
using RawMembers = v1::Points::WithRawCallbackMethod_Enroll<
    v1::Points::WithRawCallbackMethod_GetMember<v1::Points::WithRawCallbackMethod_ListHistory<
        v1::Points::WithRawCallbackMethod_LinkIdentity<
            v1::Points::WithRawCallbackMethod_UnlinkIdentity<Base>>>>>;
template <typename Base>
using RawGrants =
    v1::Points::WithRawCallbackMethod_Grant<v1::Points::WithRawCallbackMethod_RevokeGrant<Base>>;
using RawPoints = RawPurchases<
    RawMembers<RawGrants<v1::Points::WithRawCallbackMethod_Stream<v1::Points::Service>>>>;

/// What a receipt is asked for by: its field in the request. Empty for other calls.
std::string_view field_sought(const Call& call) {
  const auto* read = std::get_if<ReadReceipt>(&call.request);
  if (read == nullptr) return {};
  return read->key == read->order ? "order.order_id" : "refund.refund_id";
}

class CallbackPoints final : public PointsService, public RawPoints {
 public:
  CallbackPoints(ServiceOptions options, Engine& engine, const LedgerInfo& ledger, Clocks clocks,
                 std::shared_ptr<const Credentials> credentials, CallMetrics& metrics)
      : gate_(options, engine, ledger, std::move(clocks), std::move(credentials), metrics) {}

  grpc::Service& grpc_service() override { return *this; }

  void set_credentials(std::shared_ptr<const Credentials> credentials) override {
    gate_.set_credentials(std::move(credentials));
  }

  void refuse_calls() override {
    gate_.refuse_calls();
    streams_.end_all();
  }
  [[nodiscard]] std::uint32_t under_way() const override { return gate_.under_way(); }

  Streams::Reactor* Stream(grpc::CallbackServerContext* context) override {
    return streams_.open(gate_, *context, token_of(*context));
  }

  grpc::ServerUnaryReactor* Quote(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                  grpc::ByteBuffer* out) override {
    return serve<v1::QuoteRequest>(Method::quote, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Checkout(grpc::CallbackServerContext* context,
                                     const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    return serve<v1::CheckoutRequest>(Method::checkout, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Refund(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                   grpc::ByteBuffer* out) override {
    return serve<v1::RefundRequest>(Method::refund, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Hold(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                 grpc::ByteBuffer* out) override {
    return serve<v1::HoldRequest>(Method::hold, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Release(grpc::CallbackServerContext* context,
                                    const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    return serve<v1::ReleaseRequest>(Method::release, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Grant(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                  grpc::ByteBuffer* out) override {
    return serve<v1::GrantRequest>(Method::grant, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* RevokeGrant(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* in,
                                        grpc::ByteBuffer* out) override {
    return serve<v1::RevokeGrantRequest>(Method::revoke_grant, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    return serve<v1::GetReceiptRequest>(Method::get_receipt, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context, const grpc::ByteBuffer* in,
                                   grpc::ByteBuffer* out) override {
    return serve<v1::EnrollRequest>(Method::enroll, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* LinkIdentity(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* in,
                                         grpc::ByteBuffer* out) override {
    return serve<v1::LinkIdentityRequest>(Method::link_identity, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* UnlinkIdentity(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* in,
                                           grpc::ByteBuffer* out) override {
    return serve<v1::UnlinkIdentityRequest>(Method::unlink_identity, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* GetMember(grpc::CallbackServerContext* context,
                                      const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    return serve<v1::GetMemberRequest>(Method::get_member, *context, *in, *out);
  }
  grpc::ServerUnaryReactor* ListHistory(grpc::CallbackServerContext* context,
                                        const grpc::ByteBuffer* in,
                                        grpc::ByteBuffer* out) override {
    return serve<v1::ListHistoryRequest>(Method::list_history, *context, *in, *out);
  }

 private:
  /// One call from its request to `Finish`.
  struct Visit {
    Method method;
    std::int64_t begun_ns;
    grpc::ServerUnaryReactor* reactor;
  };

  template <typename In>
  grpc::ServerUnaryReactor* serve(Method method, grpc::CallbackServerContext& context,
                                  const grpc::ByteBuffer& in, grpc::ByteBuffer& out) {
    const auto arrival = gate_.arrival(remaining_ms_of(context));
    const Visit visit{method, arrival.begun_ns, context.DefaultReactor()};
    gate_.begun(method);
    auto credential = authenticate(context, method);
    if (!credential) return fail(visit, credential.error());
    auto call = admit<In>(arrival, **credential, in);
    if (!call) return fail(visit, call.error());
    // gRPC keeps the place of the reply until `Finish`.
    (*call)->done = [this, visit, &out, who = *std::move(credential),
                     sought = field_sought(**call)](const Reply& reply, const CallTimes& times) {
      answer(visit, reply, *who, sought, times, out);
    };
    gate_.engine().submit(*std::move(call));
    return visit.reactor;
  }

  template <typename In>
  OrProblem<std::shared_ptr<Call>> admit(const Gate::Arrival& arrival, const Credential& credential,
                                         const grpc::ByteBuffer& buffer) const {
    grpc::Slice slice;
    if (!single_slice(buffer, slice)) return not_a_message();
    const auto bytes = text_of(slice);
    if constexpr (std::is_same_v<In, v1::CheckoutRequest>) {
      CheckoutView checkout;
      if (read_plain(bytes, checkout)) return gate_.admit(arrival, credential, checkout);
    }
    ShortLived<In> in;
    if (!parse(bytes, *in)) return not_a_message();
    return gate_.admit(arrival, credential, *in);
  }

  void answer(const Visit& visit, const Reply& reply, const Credential& who,
              std::string_view sought, const CallTimes& times, grpc::ByteBuffer& out) {
    WireWriter bytes;
    const auto written = write_reply(bytes, reply, visit.method, &who);
    if (written) {
      out = buffer_of(bytes);
      return finish(visit, outcome_of(*written), times, grpc::Status::OK);
    }
    const Problem& problem = written.error();
    // What was not found is what was asked for: the order, or the refund.
    const bool unknown = problem.field == "of" && !sought.empty();
    finish(visit, outcome_of(problem.code), times,
           status_of(
               unknown ? wrong(problem.code, std::string(sought), "names no known receipt").value()
                       : problem));
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
