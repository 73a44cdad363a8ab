#include "gateway/request_parts.h"

#include "gateway/shape.h"

namespace wutong {

using domain::StoreId;

OrProblem<const domain::Venue*> venue_of(std::string_view text, const shape::Path& path,
                                         const TranslationContext& context) {
  WUTONG_TAKE(name, shape::id(text, path));
  const auto id = domain::VenueId::find(name);
  const domain::Venue* venue = id ? context.program.venue(*id) : nullptr;
  if (venue == nullptr) return wrong(Code::not_found, path.text(), "names no venue");
  if (!context.credential.covers(name)) {
    return wrong(Code::permission_denied, path.text(), "is not one of this token's venues");
  }
  return venue;
}

OrProblem<StoreId> store_of(std::string_view text, const shape::Path& path,
                            const domain::Venue& venue) {
  if (text.empty()) return StoreId();
  WUTONG_TAKE(name, shape::id(text, path));
  const auto id = StoreId::find(name);
  if (!id || !venue.stores.contains(*id)) {
    return wrong(Code::not_found, path.text(), "names no store of the venue");
  }
  return *id;
}

OrProblem<Place> place_of(const OriginView& origin, const TranslationContext& context) {
  if (!origin.is_given) return invalid("origin", "is missing");
  WUTONG_TAKE(venue, venue_of(origin.venue, "origin.venue", context));
  WUTONG_TAKE(store, store_of(origin.store, "origin.store", *venue));
  WUTONG_TAKE(terminal, shape::text(origin.terminal, "origin.terminal"));
  WUTONG_TAKE(cashier, shape::text(origin.cashier, "origin.cashier"));
  if (!v1::Channel_IsValid(origin.channel)) {
    return invalid("origin.channel", "is not a known channel");
  }
  WUTONG_TAKE(number, shape::text(origin.printed_receipt_number, "origin.printed_receipt_number"));
  WUTONG_TAKE(business_date, shape::day(origin.business_date, "origin.business_date"));
  return Place{.origin = {.venue = venue->id,
                          .store = store,
                          .terminal = std::string(terminal),
                          .cashier = std::string(cashier),
                          .channel = static_cast<domain::Channel>(origin.channel),
                          .offline = origin.offline,
                          .printed_receipt_number = std::string(number),
                          .till_business_date = business_date},
               .venue = venue};
}

OrProblem<IdentityName> identity_of(const IdentityView& identity, std::string_view path,
                                    const TranslationContext& context) {
  if (identity.kind == v1::IDENTITY_KIND_UNSPECIFIED || !v1::IdentityKind_IsValid(identity.kind)) {
    return invalid(shape::Path(path, "kind").text(), "is not a known kind");
  }
  const shape::Path value_path(path, "value");
  WUTONG_TAKE(value, identity.kind == v1::IDENTITY_KIND_PHONE
                         ? shape::phone(identity.value, value_path)
                         : shape::id(identity.value, value_path));
  const auto kind = static_cast<domain::IdentityKind>(identity.kind);
  return IdentityName{.kind = kind, .key = context.keys.identity(kind, value)};
}

OrProblem<MemberName> member_of(const MemberView& member, const TranslationContext& context) {
  if (!member.is_given) return invalid("member", "is missing");
  switch (member.by) {
    case MemberView::By::id: {
      WUTONG_TAKE(id, shape::id(member.id, "member.id"));
      return MemberName{.id = std::string(id), .identity = {}};
    }
    case MemberView::By::identity: {
      WUTONG_TAKE(identity, identity_of(member.identity, "member.identity", context));
      return MemberName{.id = {}, .identity = identity.key};
    }
    case MemberView::By::nothing:
      break;
  }
  return invalid("member", "is missing: give an id or an identity");
}

OrProblem<domain::Instant> received_at_of(std::optional<std::int64_t> told, Told wish,
                                          const TranslationContext& context) {
  constexpr std::string_view path = "received_at_unix_ms";
  if (context.clock == LedgerClock::gateway) {
    if (told) return invalid(std::string(path), "is allowed in a ledger with clock=caller only");
    return context.now;
  }
  if (!told && wish == Told::required) {
    return invalid(std::string(path), "is missing: this ledger has clock=caller");
  }
  if (!told) return domain::Instant{};
  return shape::instant(*told, path);
}

std::shared_ptr<Call> call_of(MemberName member, domain::Instant received_at,
                              const TranslationContext& context) {
  auto call = std::make_shared<Call>();
  if (!member.id.empty()) call->member = context.keys.member(member.id);
  call->member_id = std::move(member.id);
  call->identity = member.identity;
  call->received_at = received_at;
  return call;
}

std::shared_ptr<Call> call_of(MemberName member, Request request, domain::Instant received_at,
                              const TranslationContext& context) {
  auto call = call_of(std::move(member), received_at, context);
  call->request = std::move(request);
  return call;
}

}  // namespace wutong
