#pragma once

#include <memory>

#include "actors/call.h"
#include "actors/domain/program.h"
#include "actors/ledger.h"
#include "gateway/credentials.h"
#include "gateway/keys.h"
#include "gateway/order_view.h"
#include "gateway/problem.h"
#include "wutong/v1/points.pb.h"

/// From the wire to the domain. Checks shapes and names (lengths, counts, signs, oneofs, known
/// venue and store, the credential's venues) and nothing that depends on a member or an order.
namespace wutong {

/// What a translation looks at; all of it outlives the call of `translate`, none of it the reply.
struct TranslationContext {
  const KeyHasher& keys;
  const domain::Program& program;
  const Credential& credential;
  LedgerClock clock = LedgerClock::gateway;
  /// The gateway's clock at arrival.
  domain::Instant now;
};

/// A call without deadline and `done`; or the first thing that is wrong, naming the field:
/// INVALID_ARGUMENT for a shape, NOT_FOUND for an unknown venue, store or party,
/// PERMISSION_DENIED for a venue of the program that the credential does not cover.
///
/// In a ledger with `clock=caller` a read has `received_at` 0: the member's last event's time stands in
/// for it.
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::QuoteRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const CheckoutView& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::CheckoutRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::RefundRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::HoldRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::ReleaseRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::GrantRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::RevokeGrantRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::GetReceiptRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::EnrollRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::LinkIdentityRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::UnlinkIdentityRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::GetMemberRequest& request,
                                                         const TranslationContext& context);
[[nodiscard]] OrProblem<std::shared_ptr<Call>> translate(const v1::ListHistoryRequest& request,
                                                         const TranslationContext& context);

}  // namespace wutong
