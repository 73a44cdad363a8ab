#include <utility>

#include "gateway/request_parts.h"
#include "gateway/translate_request.h"

// Requests that change what a member is known by.

namespace wutong {
namespace {

template <typename Command, typename Message>
OrProblem<std::shared_ptr<Call>> change_of(const Message& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(member, member_of(view_of(request.has_member(), request.member()), context));
  if (!request.has_identity()) return invalid("identity", "is missing");
  WUTONG_TAKE(identity, identity_of(view_of(request.identity()), "identity", context));
  WUTONG_TAKE(received_at, received_at_of(told_receipt(request), Told::required, context));
  return call_of(std::move(member), Command{.kind = identity.kind, .identity = identity.key},
                 received_at, context);
}

}  // namespace

OrProblem<std::shared_ptr<Call>> translate(const v1::LinkIdentityRequest& request,
                                           const TranslationContext& context) {
  return change_of<domain::LinkIdentity>(request, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::UnlinkIdentityRequest& request,
                                           const TranslationContext& context) {
  return change_of<domain::UnlinkIdentity>(request, context);
}

}  // namespace wutong
