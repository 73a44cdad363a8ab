#include "gateway/order_view.h"

#include <algorithm>
#include <cstddef>

#include "gateway/shape.h"

namespace wutong {
namespace {

LineView line_of(const v1::BasketLine& line) {
  return {.number = line.number(),
          .excluded = line.excluded(),
          .amount_minor = line.amount_minor(),
          .quantity_thousandths = line.quantity_thousandths(),
          .sku = line.sku(),
          .category = line.category(),
          .brand = line.brand(),
          .store = line.store()};
}

TenderView tender_of(const v1::Tender& tender) {
  return {.kind = tender.kind(), .amount_minor = tender.amount_minor()};
}

template <typename Part, typename View, typename ViewOf>
void view_first(std::size_t at_most, const google::protobuf::RepeatedPtrField<Part>& parts,
                std::vector<View>& to, ViewOf view_of_part) {
  const auto count = std::min(static_cast<std::size_t>(parts.size()), at_most);
  to.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    to.push_back(view_of_part(parts.at(static_cast<int>(i))));
  }
}

template <typename Request>
OrderView order_of(const Request& request) {
  OrderView order{.member = view_of(request.has_member(), request.member()),
                  .origin = view_of(request.has_origin(), request.origin()),
                  .amount_minor = std::nullopt,
                  .currency = request.currency(),
                  .points_to_use = request.points_to_use(),
                  .excluded_from_earning_minor = request.excluded_from_earning_minor(),
                  .excluded_from_offset_minor = request.excluded_from_offset_minor(),
                  .tenders = {},
                  .lines = {},
                  .hold_id = request.hold_id()};
  if (request.has_amount_minor()) order.amount_minor = request.amount_minor();
  view_first(shape::tenders_max + 1, request.tenders(), order.tenders, tender_of);
  view_first(shape::lines_max + 1, request.lines(), order.lines, line_of);
  return order;
}

}  // namespace

IdentityView view_of(const v1::Identity& identity) {
  return {.kind = identity.kind(), .value = identity.value()};
}

MemberView view_of(bool is_given, const v1::MemberRef& member) {
  MemberView view{.is_given = is_given, .by = MemberView::By::nothing, .id = {}, .identity = {}};
  switch (member.by_case()) {
    case v1::MemberRef::kId:
      view.by = MemberView::By::id;
      view.id = member.id();
      break;
    case v1::MemberRef::kIdentity:
      view.by = MemberView::By::identity;
      view.identity = view_of(member.identity());
      break;
    case v1::MemberRef::BY_NOT_SET:
      break;
  }
  return view;
}

OriginView view_of(bool is_given, const v1::Origin& origin) {
  return {.is_given = is_given,
          .offline = origin.offline(),
          .channel = origin.channel(),
          .venue = origin.venue(),
          .store = origin.store(),
          .terminal = origin.terminal(),
          .cashier = origin.cashier(),
          .printed_receipt_number = origin.printed_receipt_number(),
          .business_date = origin.business_date()};
}

OrderView view_of(const v1::QuoteRequest& request) { return order_of(request); }

CheckoutView view_of(const v1::CheckoutRequest& request) {
  CheckoutView view{.order = order_of(request),
                    .order_id = request.order_id(),
                    .occurred_at_unix_ms = request.occurred_at_unix_ms(),
                    .tax_minor = request.tax_minor(),
                    .received_at_unix_ms = std::nullopt};
  if (request.has_received_at_unix_ms()) view.received_at_unix_ms = request.received_at_unix_ms();
  return view;
}

}  // namespace wutong
