#include <string>
#include <utility>

#include "gateway/request_parts.h"
#include "gateway/shape.h"
#include "gateway/translate_request.h"

// Requests for points that are not bought: holds, grants, and what undoes them.

namespace wutong {
namespace {

/// What these requests begin with.
struct Beginning {
  MemberName member;
  Place place;
  domain::Instant occurred_at;
  domain::Instant received_at;

  [[nodiscard]] std::string_view venue() const { return place.venue->id.text(); }
};

template <typename Message>
OrProblem<Beginning> beginning_of(const Message& request, const TranslationContext& context) {
  WUTONG_TAKE(member, member_of(view_of(request.has_member(), request.member()), context));
  WUTONG_TAKE(place, place_of(view_of(request.has_origin(), request.origin()), context));
  WUTONG_TAKE(occurred_at, shape::instant(request.occurred_at_unix_ms(), "occurred_at_unix_ms"));
  WUTONG_TAKE(received_at, received_at_of(told_receipt(request), Told::required, context));
  return Beginning{.member = std::move(member),
                   .place = std::move(place),
                   .occurred_at = occurred_at,
                   .received_at = received_at};
}

OrProblem<domain::Points> some_points(std::int64_t count) {
  if (count == 0) return invalid("points", "is missing");
  return shape::points(count, "points");
}

OrProblem<std::string> reason_of(const std::string& text) {
  if (text.empty()) return invalid("reason", "is missing");
  return shape::text(text, "reason", shape::reason_bytes_max).map([](std::string_view reason) {
    return std::string(reason);
  });
}

OrProblem<domain::PartyId> party_of(const std::string& text, const domain::Program& program) {
  WUTONG_TAKE(name, shape::id(text, "party"));
  const auto id = domain::PartyId::find(name);
  if (!id || program.party(*id) == nullptr) {
    return wrong(Code::not_found, "party", "names no party");
  }
  return *id;
}

}  // namespace

OrProblem<std::shared_ptr<Call>> translate(const v1::HoldRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(begin, beginning_of(request, context));
  WUTONG_TAKE(hold_id, shape::id(request.hold_id(), "hold_id"));
  WUTONG_TAKE(points, some_points(request.points()));
  domain::Hold hold{.key = context.keys.hold(begin.venue(), hold_id),
                    .hold_id = std::string(hold_id),
                    .origin = std::move(begin.place.origin),
                    .occurred_at = begin.occurred_at,
                    .points = points};
  return call_of(std::move(begin.member), std::move(hold), begin.received_at, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::ReleaseRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(begin, beginning_of(request, context));
  WUTONG_TAKE(hold_id, shape::id(request.hold_id(), "hold_id"));
  domain::Release release{.key = context.keys.release(begin.venue(), hold_id),
                          .origin = std::move(begin.place.origin),
                          .occurred_at = begin.occurred_at,
                          .hold = context.keys.hold(begin.venue(), hold_id),
                          .hold_id = std::string(hold_id)};
  return call_of(std::move(begin.member), std::move(release), begin.received_at, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::GrantRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(begin, beginning_of(request, context));
  WUTONG_TAKE(grant_id, shape::id(request.grant_id(), "grant_id"));
  WUTONG_TAKE(points, some_points(request.points()));
  WUTONG_TAKE(party, party_of(request.party(), context.program));
  WUTONG_TAKE(expires_on, shape::day(request.expires_on(), "expires_on"));
  WUTONG_TAKE(reason, reason_of(request.reason()));
  domain::Grant grant{.key = context.keys.grant(begin.venue(), grant_id),
                      .grant_id = std::string(grant_id),
                      .origin = std::move(begin.place.origin),
                      .occurred_at = begin.occurred_at,
                      .points = points,
                      .party = party,
                      .expires_on = expires_on,
                      .reason = std::move(reason)};
  return call_of(std::move(begin.member), std::move(grant), begin.received_at, context);
}

OrProblem<std::shared_ptr<Call>> translate(const v1::RevokeGrantRequest& request,
                                           const TranslationContext& context) {
  WUTONG_TAKE(begin, beginning_of(request, context));
  WUTONG_TAKE(revocation_id, shape::id(request.revocation_id(), "revocation_id"));
  WUTONG_TAKE(grant_id, shape::id(request.grant_id(), "grant_id"));
  WUTONG_TAKE(reason, reason_of(request.reason()));
  domain::RevokeGrant revocation{.key = context.keys.revocation(begin.venue(), revocation_id),
                                 .revocation_id = std::string(revocation_id),
                                 .origin = std::move(begin.place.origin),
                                 .occurred_at = begin.occurred_at,
                                 .grant = context.keys.grant(begin.venue(), grant_id),
                                 .grant_id = std::string(grant_id),
                                 .reason = std::move(reason)};
  return call_of(std::move(begin.member), std::move(revocation), begin.received_at, context);
}

}  // namespace wutong
